/* Processes of a user outside of any instance; see outside.h. */
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "sys.h"

/* struct linux_dirent64 of man 2 getdents; no DIR, whose buffer would stay in the supervisor's heap. */
struct entry {
	uint64_t ino;
	int64_t offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

struct walk {
	uid_t uid;
	int proc;           /* /proc */
	pid_t self;         /* in that /proc */
	struct stat mounts; /* the host's mount namespace */
	int signals[2];     /* sent to each; 0: none */
	struct outside *found;
};

static ssize_t read_at(int proc, pid_t pid, const char *name, char *ret, size_t size)
{
	AUTO_CLOSE int fd = -1;
	char path[32];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	ret[n < 0 ? 0 : n] = '\0';
	return n;
}

static bool is_outside(const struct walk *walk, pid_t pid)
{
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "%d", (int)pid);
	/* The folder itself always belongs to the effective user id (fs/proc: task_dump_owner()). */
	if (fstatat(walk->proc, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != walk->uid)
		return false;
	/* Gone, or a zombie: nothing to be afraid of. */
	(void)snprintf(path, sizeof(path), "%d/ns/mnt", (int)pid);
	return fstatat(walk->proc, path, &st, 0) == 0 && st.st_ino == walk->mounts.st_ino &&
	       st.st_dev == walk->mounts.st_dev;
}

static void note(struct outside *found, int proc, pid_t pid)
{
	char *name, *c;

	if (found->n++ >= OUTSIDE_NAMES_MAX)
		return;
	found->first[found->n - 1].pid = pid;
	name = found->first[found->n - 1].name;
	if (read_at(proc, pid, "comm", name, sizeof(found->first[0].name)) < 0)
		return;
	for (c = name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = *c == '\n' && c[1] == '\0' ? '\0' : '?';
}

/* The descriptor first: what is looked at afterwards is what gets the signal, or that is dead. */
static void visit(const struct walk *walk, pid_t pid)
{
	AUTO_CLOSE int pidfd = -1;

	if (pid == walk->self)
		return;
	if (walk->signals[0])
		pidfd = sys_pidfd_open(pid);
	if (!is_outside(walk, pid))
		return;
	note(walk->found, walk->proc, pid);
	if (pidfd >= 0) {
		(void)sys_pidfd_send_signal(pidfd, walk->signals[0]);
		if (walk->signals[1])
			(void)sys_pidfd_send_signal(pidfd, walk->signals[1]);
	}
}

static int walk_all(const struct walk *walk)
{
	char buffer[2048] __attribute__((aligned(8)));
	long n, at;

	while ((n = syscall(SYS_getdents64, walk->proc, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			const struct entry *entry = (const void *)(buffer + at);

			at += entry->len;
			if (entry->name[0] >= '1' && entry->name[0] <= '9')
				visit(walk, (pid_t)strtol(entry->name, NULL, 10));
		}
	}
	return n < 0 ? -errno : 0;
}

static int run(struct walk *walk, struct errmsg *e)
{
	AUTO_CLOSE int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char self[16];
	ssize_t n;
	int r;

	memset(walk->found, 0, sizeof(*walk->found));
	if (proc < 0 || fstatat(proc, "self/ns/mnt", &walk->mounts, 0) < 0)
		return errmsg_set(e, -errno, "cannot look for processes outside");
	n = readlinkat(proc, "self", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	walk->self = (pid_t)strtol(self, NULL, 10);
	walk->proc = proc;
	r = walk_all(walk);
	return r < 0 ? errmsg_set(e, r, "cannot look for processes outside") : 0;
}

int outside_find(uid_t uid, struct outside *ret, struct errmsg *e)
{
	struct walk walk = { .uid = uid, .found = ret };

	return run(&walk, e);
}

int outside_end(uid_t uid, int grace, struct outside *ret, struct errmsg *e)
{
	struct walk walk = { .uid = uid, .signals = { SIGTERM, SIGHUP } };
	struct timespec pause = { .tv_nsec = 1000000 };
	struct outside left;
	int waited = 0, r;

	walk.found = ret;
	r = run(&walk, e);
	walk.found = &left;
	left.n = ret->n;
	while (r == 0 && left.n && waited < 2 * grace) {
		(void)nanosleep(&pause, NULL);
		waited += (int)(pause.tv_nsec / 1000000);
		if (pause.tv_nsec < 50000000)
			pause.tv_nsec *= 2;
		walk.signals[0] = waited < grace ? 0 : SIGKILL;
		walk.signals[1] = 0;
		r = run(&walk, e);
	}
	if (r < 0 || left.n == 0)
		return r;
	return errmsg_setx(e, -EBUSY, "%u processes cannot be ended", left.n);
}

void outside_print(const struct outside *outside, char *ret, size_t size)
{
	size_t used = 0;
	unsigned i;

	ret[0] = '\0';
	for (i = 0; i < outside->n && i < OUTSIDE_NAMES_MAX && used < size; i++) {
		(void)snprintf(ret + used, size - used, "%spid %d (%s)", i ? ", " : "",
			       (int)outside->first[i].pid, outside->first[i].name);
		used = strlen(ret);
	}
	if (outside->n > OUTSIDE_NAMES_MAX)
		(void)snprintf(ret + used, size - used, ", and %u more",
			       outside->n - OUTSIDE_NAMES_MAX);
}
