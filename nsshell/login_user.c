/*
 * Entering the user namespace.  The user owns it, so an unprivileged process may; what it gains there is
 * dropped again at once, unless the policy makes it a virtual root.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "errmsg.h"
#include "login.h"
#include "policy.h"

#define CAPABILITY_SYS_RESOURCE 24

/* sshd's child has entered before it became us. */
static bool is_there(int user_ns)
{
	struct stat here, there;

	return stat("/proc/self/ns/user", &here) == 0 && fstat(user_ns, &there) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* The new tree is a copy of this one: the same path leads to the same folder. */
static int enter_mounts(int mounts, struct errmsg *e)
{
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';

	if (setns(mounts, CLONE_NEWNS) < 0)
		return errmsg_set(e, -errno, "cannot enter the mounts of the user namespace");
	if (has_cwd)
		(void)!chdir(cwd);
	return 0;
}

/* Rootless podman and its kin take an existing namespace for theirs when they are told so. */
static int set_container_variables(uid_t uid, struct errmsg *e)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", (unsigned)uid);
	if (setenv("_CONTAINERS_USERNS_CONFIGURED", "1", 1) < 0 ||
	    setenv("_CONTAINERS_ROOTLESS_UID", text, 1) < 0)
		return errmsg_set(e, -errno, "cannot set the environment");
	return 0;
}

/*
 * Without CAP_SYS_RESOURCE the virtual root can't raise the limit of nested user namespaces again.  It is
 * dropped before the mounts, which are the virtual root's own, are looked at.
 */
static int become_root(const struct wire_welcome *welcome, int mounts, uid_t uid, struct errmsg *e)
{
	int r = welcome->nested ? 0 : caps_drop_one(CAPABILITY_SYS_RESOURCE, e);

	if (r == 0)
		r = enter_mounts(mounts, e);
	if (r == 0)
		r = set_container_variables(uid, e);
	return r;
}

int login_enter(const struct wire_welcome *welcome, struct wire_fds *fds, struct errmsg *e)
{
	const unsigned wanted = welcome->map == MAP_NONE ? 0 : welcome->map == MAP_ROOT ? 2 : 1;
	uid_t uid = getuid();
	int r = 0;

	if (fds->n != wanted)
		return errmsg_setx(e, -EPROTO, "%u namespaces came along instead of %u", fds->n,
				   wanted);
	if (wanted == 0)
		return 0;
	if (!is_there(fds->fd[0]) && setns(fds->fd[0], CLONE_NEWUSER) < 0)
		return errmsg_set(e, -errno, "cannot enter the user namespace");
	if (welcome->map == MAP_ROOT)
		r = become_root(welcome, fds->fd[1], uid, e);
	wire_close_fds(fds);
	return r;
}

/*
 * A virtual root keeps what it has in its own namespace: the bounding set of the policy is the host's.  In
 * an identity map entering has given all of them, and the means to drop them.
 */
int login_give_up(const struct wire_welcome *welcome, struct errmsg *e)
{
	uint64_t keep = welcome->map == MAP_ROOT ? UINT64_MAX : welcome->bounding;
	int r = caps_drop(keep, welcome->no_new_privs, e);

	if (r == 0 && welcome->map == MAP_IDENTITY)
		r = caps_clear(e);
	if (r == 0 && welcome->map == MAP_NONE && getuid() != 0)
		r = caps_check_none(e);
	return r;
}
