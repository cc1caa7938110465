/* A process by number and start time; see process.h. */
#include "process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "sys.h"

/* The number in the field (from 3 on) of /proc/PID/stat. */
static int read_stat(pid_t pid, int wanted, uint64_t *ret)
{
	char path[32], text[512], *field, *end;
	AUTO_CLOSE int fd = -1;
	ssize_t n;
	int i;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -ESRCH;
	text[n] = '\0';
	/* Field 2 is the name in brackets and may hold anything: count from the last bracket. */
	field = strrchr(text, ')');
	for (i = 2; field && i < wanted; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -EPROTO;
	*ret = strtoull(field + 1, &end, 10);
	return end == field + 1 ? -EPROTO : 0;
}

int process_start(pid_t pid, uint64_t *ret)
{
	return read_stat(pid, 22, ret);
}

int process_open_parent(pid_t pid)
{
	AUTO_CLOSE int child = -1, parent = -1;
	struct pollfd poller = { .events = POLLIN };
	uint64_t before = 0, after = 0;
	int r;

	/* Held: what has its number below is this very process. */
	child = sys_pidfd_open(pid);
	if (child < 0)
		return -errno;
	poller.fd = child;
	r = read_stat(pid, 4, &before);
	if (r < 0)
		return r;
	parent = before ? sys_pidfd_open((pid_t)before) : -1;
	if (parent < 0)
		return before ? -errno : -ESRCH;
	/* The number may have been another's by now, but then the child has a new parent. */
	r = read_stat(pid, 4, &after);
	if (r < 0)
		return r;
	if (after != before || poll(&poller, 1, 0) != 0)
		return -ESRCH;
	return take_fd(&parent);
}

int process_open(const struct process *process)
{
	AUTO_CLOSE int fd = -1;
	uint64_t start = 0;
	int r;

	if (process->pid <= 0)
		return -ESRCH;
	/* First the descriptor, then the time: what is compared is what is held. */
	fd = sys_pidfd_open(process->pid);
	if (fd < 0)
		return -errno;
	r = process_start(process->pid, &start);
	if (r < 0 || start != process->start)
		return -ESRCH;
	return take_fd(&fd);
}

int process_kill(const struct process *process, int timeout)
{
	AUTO_CLOSE int fd = process_open(process);
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return fd == -ESRCH ? 0 : fd;
	if (sys_pidfd_send_signal(fd, SIGKILL) < 0)
		return errno == ESRCH ? 0 : -errno;
	return poll(&poller, 1, timeout) > 0 ? 0 : -ETIMEDOUT;
}

int process_boot(char ret[PROCESS_BOOT_MAX])
{
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, PROCESS_BOOT_MAX - 1);

	if (n <= 0)
		return n < 0 ? -errno : -ENODATA;
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}
