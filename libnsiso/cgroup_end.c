/* The end of a cgroup, v1 or v2: kill what is in it, wait until it is empty, remove it. */
#include <dirent.h>
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
#define DEPTH_MAX 16     /* cgroups within each other */

static int signal_pid(pid_t pid, int signal)
{
	AUTO_CLOSE int fd = sys_pidfd_open(pid);

	return fd < 0 ? -errno : sys_pidfd_send_signal(fd, signal);
}

/* A read may be cut in a number: what is behind the last line's end waits for the next. */
static int signal_one(int dir, int signal)
{
	AUTO_CLOSE int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[2048];
	size_t kept = 0;
	int count = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, text + kept, sizeof(text) - 1 - kept);
		char *line = text, *end;

		if (n <= 0) /* threaded: its processes stand in the one above */
			return n < 0 && errno != EOPNOTSUPP ? -errno : count;
		text[kept + (size_t)n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1, count++)
			if (signal)
				(void)signal_pid((pid_t)strtol(line, NULL, 10), signal);
		kept = strlen(line);
		memmove(text, line, kept);
	}
}

/*
 * Those of sessions, and what users have made below them, which the kernel does not let get deeper (see
 * cgroup_delegate()).  Visits the folders below first; the sum of what the visits return, or -errno.
 */
static int walk(int dir, int (*visit)(int above, const char *name, int dir, int signal), int signal,
		unsigned depth)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), sum = 0, r;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!entries) {
		r = -errno;
		close_fd(&fd);
		return r;
	}
	while ((entry = readdir(entries)) && sum >= 0) {
		AUTO_CLOSE int below = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			continue;
		r = depth ? walk(below, visit, signal, depth - 1) : 0;
		if (r >= 0) {
			sum += r;
			r = visit(dir, entry->d_name, below, signal);
		}
		sum = r < 0 && r != -ENOENT && r != -ENODEV ? r : sum + (r > 0 ? r : 0);
	}
	(void)closedir(entries);
	return sum;
}

static int visit_signal(int above, const char *name, int dir, int signal)
{
	(void)above, (void)name;
	return signal_one(dir, signal);
}

static int visit_remove(int above, const char *name, int dir, int signal)
{
	(void)dir, (void)signal;
	(void)unlinkat(above, name, AT_REMOVEDIR);
	return 0;
}

int cgroup_signal(const struct instance_cgroup *cgroup, int signal)
{
	AUTO_CLOSE int dir = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int below, r = dir < 0 ? -errno : signal_one(dir, signal);

	if (r < 0)
		return r;
	below = walk(dir, visit_signal, signal, DEPTH_MAX);
	return below < 0 ? below : r + below;
}

void cgroup_sweep(const struct instance_cgroup *cgroup)
{
	AUTO_CLOSE int fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const size_t len = strlen(CGROUP_SESSION_PREFIX);
	struct dirent *entry;

	if (!entries)
		return;
	/* The kernel refuses where a process is. */
	while ((entry = readdir(entries))) {
		AUTO_CLOSE int below = -1;

		if (strncmp(entry->d_name, CGROUP_SESSION_PREFIX, len) != 0)
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			(void)walk(below, visit_remove, 0, DEPTH_MAX);
		(void)unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	fd = -1; /* the folder's, who closes it */
	(void)closedir(entries);
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

static void remove_below(const struct instance_cgroup *cgroup)
{
	AUTO_CLOSE int dir = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		(void)walk(dir, visit_remove, 0, DEPTH_MAX);
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
		remove_below(cgroup);
		if (rmdir(cgroup->path) == 0)
			return 0;
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
