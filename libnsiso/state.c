/* The folder of all instances; see state.h. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_trust.h"
#include "wire.h"

int state_open(const char *path, struct errmsg *e)
{
	AUTO_CLOSE int trusted = -1;
	int fd;

	/* chmod(2) too: the caller's umask is not ours to change. */
	if (mkdir(path, 0700) == 0 ? chmod(path, 0700) < 0 : errno != EEXIST)
		return errmsg_set(e, -errno, "cannot make %s", path);
	trusted = trust_dir_open(path, e);
	if (trusted < 0)
		return trusted;
	fd = openat(trusted, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open %s", path) : fd;
}

/* flock(2) has no time-out, and a signal handler is not ours to install: ask again, ever more slowly. */
int state_lock(int fd, int64_t deadline)
{
	struct timespec pause = { .tv_nsec = 200000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (wire_now() >= deadline)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 5000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

/* The end of the user's last instance removes the folder, perhaps while we wait for its lock. */
static bool is_in_place(int state, const char *user, int fd)
{
	struct stat there, here;

	return fstat(fd, &here) == 0 && fstatat(state, user, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

int state_lock_user(int state, const char *user, int64_t deadline, struct errmsg *e)
{
	for (;;) {
		AUTO_CLOSE int fd = -1;
		int r;

		if (mkdirat(state, user, 0700) < 0 && errno != EEXIST)
			return errmsg_set(e, -errno, "cannot make the folder of user %s", user);
		fd = openat(state, user, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return errmsg_set(e, -errno, "cannot open the folder of user %s", user);
		r = fd < 0 ? 0 : state_lock(fd, deadline);
		if (r < 0)
			return errmsg_set(e, r, "cannot lock the folder of user %s", user);
		if (fd >= 0 && is_in_place(state, user, fd))
			return take_fd(&fd);
	}
}

bool state_is_alive(int dir)
{
	AUTO_CLOSE int fd = openat(dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno != ENOENT;
	/* Shared: somebody else who asks meanwhile must not be taken for the supervisor. */
	return flock(fd, LOCK_SH | LOCK_NB) < 0;
}
