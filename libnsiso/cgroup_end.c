/* The end of a cgroup, v1 or v2: kill what is in it, wait until it is empty, remove it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "sys.h"
#include "wire.h"

#define END_TIMEOUT 2000 /* ms for killed processes to leave */

static int signal_pid(pid_t pid, int signal)
{
	AUTO_CLOSE int fd = sys_pidfd_open(pid);

	return fd < 0 ? -errno : sys_pidfd_send_signal(fd, signal);
}

/* A read of cgroup.procs may be cut in a number: what is behind the last line's end waits for the next. */
int cgroup_signal(const struct instance_cgroup *cgroup, int signal)
{
	char path[sizeof(cgroup->path) + 16], text[2048];
	AUTO_CLOSE int fd = -1;
	size_t kept = 0;
	int count = 0;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, text + kept, sizeof(text) - 1 - kept);
		char *line = text, *end;

		if (n <= 0)
			return n < 0 ? -errno : count;
		text[kept + (size_t)n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1, count++)
			if (signal)
				(void)signal_pid((pid_t)strtol(line, NULL, 10), signal);
		kept = strlen(line);
		memmove(text, line, kept);
	}
}

/* v2, since Linux 5.14: all at once, forks included.  Elsewhere the caller repeats until none is left. */
static void kill_all(const struct instance_cgroup *cgroup)
{
	char path[sizeof(cgroup->path) + 16];
	AUTO_CLOSE int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup->path);
	fd = cgroup->v2 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd < 0 || write(fd, "1", 1) != 1)
		(void)cgroup_signal(cgroup, SIGKILL);
}

static int remove_folder(const struct instance_cgroup *cgroup)
{
	const int64_t deadline = wire_now() + END_TIMEOUT;
	struct timespec pause = { .tv_nsec = 500000 };

	for (;;) {
		if (rmdir(cgroup->path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || wire_now() > deadline)
			return -errno;
		kill_all(cgroup);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 32000000)
			pause.tv_nsec *= 2;
	}
}

int cgroup_end(const struct instance_cgroup *cgroup, struct errmsg *e)
{
	char user[sizeof(cgroup->path)];
	int r;

	r = remove_folder(cgroup);
	if (r < 0)
		return errmsg_set(e, r, "cannot remove cgroup %s", cgroup->path);
	/* Not empty: another instance of the user's; busy or gone: not ours to mind. */
	memcpy(user, cgroup->path, sizeof(user));
	*strrchr(user, '/') = '\0';
	(void)rmdir(user);
	return 0;
}
