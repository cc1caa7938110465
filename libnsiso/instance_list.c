/* Looking at all instances from outside; see instance_list.h. */
#include "instance_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"
#include "policy_trust.h"

#define SETTLE_TRIES 20 /* looks at a folder without a record, 2 ms apart */

struct walk {
	instance_visit *visit;
	void *ctx;
};

typedef int name_visit(void *ctx, int dir, const char *name, struct errmsg *e);

static bool is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ESTALE;
}

/* Calls visit for each name without a leading dot; a folder that goes away has no more. */
static int each_name(int dir, name_visit *visit, void *ctx, struct errmsg *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!entries) {
		r = fd < 0 && is_gone(errno) ? 0 : errmsg_set(e, -errno, "cannot read a folder");
		close_fd(&fd);
		return r;
	}
	for (errno = 0; r == 0 && (entry = readdir(entries)); errno = 0)
		if (entry->d_name[0] != '.')
			r = visit(ctx, dir, entry->d_name, e);
	if (r == 0 && errno && !is_gone(errno))
		r = errmsg_set(e, -errno, "cannot read a folder");
	(void)closedir(entries);
	return r;
}

/* Whether a login is at work in the user's folder.  A shared lock disturbs no other look. */
static bool is_opening(int user_dir)
{
	AUTO_CLOSE int fd = openat(user_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* On the descriptor that is read, so that it is this record's. */
static bool is_unlocked(int record)
{
	if (flock(record, LOCK_SH | LOCK_NB) < 0)
		return false;
	(void)flock(record, LOCK_UN);
	return true;
}

/* A supervisor removes its record before it ends, and so before it lets go of the lock. */
static bool is_removed(int record)
{
	struct stat st;

	return fstat(record, &st) == 0 && st.st_nlink == 0;
}

/*
 * Asked twice: a login makes the record and locks it then, and by the time that the record is read the
 * supervisor may stand in it.
 */
static int look(const char *user, int user_dir, struct instance_found *found, struct errmsg *e)
{
	AUTO_CLOSE int record = openat(found->dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (record < 0)
		return errno == ENOENT ? 1 : errmsg_set(e, -errno, "cannot open the record");
	found->life = is_unlocked(record) ? INSTANCE_DEAD : INSTANCE_ALIVE;
	r = instance_read_from(record, &found->record, e);
	if (r < 0)
		return errmsg_wrap(e, "instance %s of user %s", found->id, user);
	if (found->life == INSTANCE_DEAD && is_removed(record))
		return 1;
	if (found->life == INSTANCE_DEAD && !is_unlocked(record))
		found->life = INSTANCE_ALIVE;
	if (found->record.supervisor.pid == 0 && is_opening(user_dir))
		found->life = INSTANCE_STARTING;
	return 0;
}

/*
 * A folder without a record is that of an instance that is being made or removed, which takes a moment; one
 * that stays so was left behind by who died just then.
 */
static int settle(const char *user, int user_dir, struct instance_found *found, struct errmsg *e)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int r = 1, tries;

	for (tries = 0; r == 1 && tries < SETTLE_TRIES; tries++) {
		struct stat st;

		/* A removed folder has no links. */
		if (fstat(found->dir, &st) < 0 || st.st_nlink == 0)
			return 1;
		if (tries)
			(void)nanosleep(&pause, NULL);
		r = look(user, user_dir, found, e);
	}
	if (r != 1)
		return r;
	memset(&found->record, 0, sizeof(found->record));
	found->record.uid = (uid_t)-1;
	found->life = is_opening(user_dir) ? INSTANCE_STARTING : INSTANCE_DEAD;
	return 0;
}

struct user_walk {
	const struct walk *walk;
	const char *user;
};

static int visit_id(void *ctx, int user_dir, const char *id, struct errmsg *e)
{
	const struct user_walk *w = ctx;
	AUTO_CLOSE int dir = openat(user_dir, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct instance_found found = { .user = w->user, .id = id, .dir = dir };
	int r;

	if (dir < 0)
		return is_gone(errno) ? 0 : errmsg_set(e, -errno, "cannot open instance %s", id);
	if (strlen(id) >= NSISO_ID_MAX)
		return 0;
	r = settle(w->user, user_dir, &found, e);
	if (r)
		return r < 0 ? r : 0;
	return w->walk->visit(w->walk->ctx, &found, e);
}

static int visit_user(void *ctx, int state, const char *user, struct errmsg *e)
{
	AUTO_CLOSE int dir = openat(state, user, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct user_walk w = { .walk = ctx, .user = user };

	if (dir < 0)
		return is_gone(errno) ?
			       0 :
			       errmsg_set(e, -errno, "cannot open the folder of user %s", user);
	return each_name(dir, visit_id, &w, e);
}

int instance_walk(const char *path, const char *user, instance_visit *visit, void *ctx,
		  struct errmsg *e)
{
	struct walk walk = { .visit = visit, .ctx = ctx };
	AUTO_CLOSE int state = -1;

	if (user && !policy_user_is_safe(user))
		return 0;
	state = trust_dir_open(path, e);
	if (state < 0)
		return state == -ENOENT ? 0 : state;
	return user ? visit_user(&walk, state, user, e) : each_name(state, visit_user, &walk, e);
}
