/* The group of one session below its instance's: version 2, or the v1 hierarchies that have limits for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_files.h"
#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"

#define SESSIONS_MAX 4096 /* folders of sessions that are tried before giving up */

/* What a user may make below: the end of an instance walks through all of it. */
#define DELEGATE_DEPTH "8"
#define DELEGATE_GROUPS "256"
#define SUBGROUP "login" /* where the processes of a session begin that may divide its group */

static bool is_wanted(const struct cgroup_one *one, unsigned controllers)
{
	return one->controller ? controllers & cgroup_controller_bit(one->controller) :
				 one->is_split;
}

/* The first free number. */
static int make_folder(struct cgroup_one *one, struct errmsg *e)
{
	char name[32];
	unsigned n;

	for (n = 1; n <= SESSIONS_MAX; n++) {
		(void)snprintf(name, sizeof(name), CGROUP_SESSION_PREFIX "%u", n);
		if (mkdirat(one->dir, name, 0755) == 0)
			break;
		if (errno != EEXIST)
			return errmsg_set(e, -errno, "cannot make cgroup %s/%s", one->at.path,
					  name);
	}
	/* The last one is somebody's. */
	if (n > SESSIONS_MAX)
		return errmsg_setx(e, -ENOSPC, "cgroup %s has %d groups of sessions", one->at.path,
				   SESSIONS_MAX);
	one->session = openat(one->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return one->session < 0 ?
		       errmsg_set(e, -errno, "cannot open cgroup %s/%s", one->at.path, name) :
		       0;
}

int cgroup_session_make(struct cgroup_set *set, unsigned controllers, struct errmsg *e)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < set->n && r == 0; i++)
		if (is_wanted(&set->one[i], controllers))
			r = make_folder(&set->one[i], e);
	return r;
}

/* As systemd does it (Delegate= in man 5 systemd.resource-control): the folder and these, never a limit. */
static int give_away(int dir, uid_t uid, gid_t gid)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads",
					     "cgroup.subtree_control" };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (fchownat(dir, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	return fchown(dir, uid, gid) < 0 ? -errno : 0;
}

/*
 * Where the session's processes begin: its own group must have none, or the user could not hand controllers
 * down in it, and the opener, which is root's, cannot be moved by him (as DelegateSubgroup= of systemd).
 */
static int make_subgroup(struct cgroup_one *one, uid_t uid, gid_t gid)
{
	AUTO_CLOSE int dir = -1;
	int r;

	if (mkdirat(one->session, SUBGROUP, 0755) < 0)
		return -errno;
	dir = openat(one->session, SUBGROUP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = give_away(dir, uid, gid);
	if (r < 0)
		return r;
	close_fd(&one->session);
	one->session = take_fd(&dir);
	return 0;
}

int cgroup_delegate(struct cgroup_set *set, uid_t uid, gid_t gid, struct errmsg *e)
{
	static const char *const controllers[] = { "cpuset", "cpu", "io", "memory", "pids" };
	unsigned i;
	size_t c;
	int r;

	for (i = 0; i < set->n; i++) {
		struct cgroup_one *one = &set->one[i];

		if (one->controller || one->session < 0)
			continue;
		/* As many as there are. */
		for (c = 0; c < sizeof(controllers) / sizeof(controllers[0]); c++) {
			r = cgroup_hand_down(one->at.path, controllers[c], e);
			if (r < 0 && r != -ENODEV)
				return r;
		}
		r = cgroup_file_write(one->session, "cgroup.max.depth", DELEGATE_DEPTH);
		if (r == 0)
			r = cgroup_file_write(one->session, "cgroup.max.descendants",
					      DELEGATE_GROUPS);
		if (r == 0)
			r = give_away(one->session, uid, gid);
		if (r == 0)
			r = make_subgroup(one, uid, gid);
		if (r < 0)
			return errmsg_set(e, r, "cannot delegate a cgroup below %s", one->at.path);
	}
	return 0;
}
