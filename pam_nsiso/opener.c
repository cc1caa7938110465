/* Finds or builds the user's instance and joins it; see opener.h. */
#include "opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "limits_live.h"
#include "state.h"
#include "state_uid.h"
#include "sys.h"
#include "unit_bus.h"
#include "wire.h"

#define BUILD_TRIES 3

/* Whether text ends with end. */
static bool has_end(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);

	return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/*
 * systemd opens the session of a unit with PAMName= in the process that becomes the unit's program: it would
 * be in the instance's mount namespace and in the host's pid namespace.  The manager's own image is that
 * process up to version 254, systemd-executor since (src/core/exec-invoke.c).
 */
static int check_executor(struct errmsg *e)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return errmsg_set(e, -errno, "cannot read /proc/self/exe");
	exe[n] = '\0';
	/* What the kernel says of a program that an upgrade has replaced. */
	if (has_end(exe, " (deleted)"))
		exe[n - (ssize_t)strlen(" (deleted)")] = '\0';
	if (has_end(exe, "/systemd/systemd") || has_end(exe, "/systemd/systemd-executor"))
		return errmsg_setx(
			e, -EPERM,
			"systemd itself opens this session (PAMName= of a unit, run0, machinectl) "
			"and cannot be isolated");
	return 0;
}

/* Threads can't be moved into another pid namespace's future (man 2 setns); nlink 3 is one thread. */
int opener_check_caller(struct errmsg *e)
{
	struct stat st;

	if (geteuid() != 0)
		return errmsg_setx(e, -EPERM, "the caller of PAM is not root");
	if (stat("/proc/self/task", &st) < 0)
		return errmsg_set(e, -errno, "cannot examine /proc/self/task");
	if (st.st_nlink > 3)
		return errmsg_setx(e, -EBUSY,
				   "the caller of PAM has %d threads and cannot be moved",
				   (int)st.st_nlink - 2);
	return check_executor(e);
}

int opener_enter_namespaces(struct opener *o, int init, uint64_t namespaces, struct errmsg *e)
{
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';

	/*
	 * Through all doors, also where no login shell and no setcred hook follow (su -s): a file system that
	 * the host mounts later comes without nosuid.  It costs a process of root's nothing.
	 */
	if (o->policy->caps.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errmsg_set(e, -errno, "cannot set no_new_privs");
	/* Only a process that shares its memory with nobody may join a time namespace (EUSERS, man 2 setns). */
	spawn_finish(&o->spawn);
	if (setns(init, (int)namespaces) < 0)
		return errmsg_set(e, -errno, "cannot join the instance's namespaces");
	/* setns(2) leaves us in the root of the new tree.  A folder that is hidden there stays behind. */
	if (has_cwd)
		(void)!chdir(cwd);
	return 0;
}

/* Cannot fail but by the supervisor's death, which ends the session anyway. */
void opener_commit(const struct opener *o, int conn, uint32_t revision)
{
	const struct facts *facts = &o->facts;
	struct wire_session about = { .service = "" };
	const struct iovec body = { &about, sizeof(about) };

	(void)snprintf(about.service, sizeof(about.service), "%.31s", facts->service);
	(void)snprintf(about.tty, sizeof(about.tty), "%s", facts->tty);
	(void)snprintf(about.rhost, sizeof(about.rhost), "%.63s", facts->rhost);
	/* The first release drops a session that it is told more of. */
	(void)wire_send(conn, WIRE_COMMIT, 0, &body, revision > 0, NULL);
}

void opener_prefetch(struct opener *o)
{
	char folder[NSISO_PATH_MAX];
	struct errmsg ignored;
	struct stat st;

	/* Users with a shell of their own are mostly exempt, and their logins shall cost no process. */
	if (!o->facts.has_nsshell)
		return;
	(void)snprintf(folder, sizeof(folder), "%s/%s", o->statedir, o->facts.user);
	if (lstat(folder, &st) < 0 && errno == ENOENT && opener_check_caller(&ignored) == 0)
		o->conn = spawn_start(&o->spawn, o->facts.user, o->facts.id, &ignored);
}

void opener_cancel(struct opener *o)
{
	close_fd(&o->conn);
	spawn_finish(&o->spawn);
}

/* The host name goes into the plan, the account's ids too: all that can be wrong is known before anything is
 * made. */
int opener_plan(struct opener *o, struct errmsg *e)
{
	int r = facts_kernel(&o->facts, o->policy, e);

	if (r == 0)
		r = facts_maps(&o->facts, o->policy, e);
	if (r == 0)
		r = plan_build(o->limits, &o->facts, &o->plan, e);
	o->plan.trace = o->traced != NULL;
	return r;
}

/* By nsisoctl freeze: an instance whose processes are stopped answers nobody, and is not dead for it. */
static int check_frozen(struct opener *o, struct errmsg *e)
{
	struct stat st;

	if (fstatat(o->user_dir, STATE_FROZEN, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ?
			       0 :
			       errmsg_set(e, -errno, "cannot examine the mark " STATE_FROZEN);
	o->told = OPENER_FROZEN;
	return errmsg_setx(e, -EPERM, "user %s is frozen; nsisoctl thaw %s lets it go on",
			   o->facts.user, o->facts.user);
}

/*
 * A file that is broken is a warning: what root has set for the moment is no reason to keep the user out, and
 * the policy's limits hold.
 */
static int lay_limits(struct opener *o, struct policy **ret, struct errmsg *e)
{
	struct limits_live live;
	int r = limits_live_read(o->user_dir, &live, e);

	o->limits = o->policy;
	if (r < 0 && r != -EINVAL)
		return r;
	if (r < 0)
		o->warn(o, "limits not laid over the policy", e->text);
	(void)limits_live_expire(&live, limits_live_now());
	if (live.n == 0)
		return 0;
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return errmsg_set(e, -ENOMEM, "cannot copy the policy");
	**ret = *o->policy;
	o->limits = *ret;
	return limits_live_lay(&live, *ret, e);
}

static int run_locked(struct opener *o, int state, struct session *ret, struct errmsg *e)
{
	AUTO_FREE struct policy *laid = NULL;
	int r = check_frozen(o, e);

	if (r == 0)
		r = lay_limits(o, &laid, e);
	if (r == 0)
		r = opener_join(o, ret, e);
	if (r == 1)
		r = state_uid_claim(state, o->facts.user, o->facts.uid, e) < 0 ?
			    e->code :
			    opener_build(o, ret, e);
	o->limits = NULL;
	return r;
}

/* Who has the lock may be waiting for systemd, longer than a supervisor that was started ahead waits for us. */
static int lock_user(struct opener *o, int state, struct errmsg *e)
{
	int r = state_lock_user(state, o->facts.user, o->deadline, e);

	if (r != -ETIMEDOUT || !facts_may_have_units(o->policy))
		return r;
	opener_cancel(o);
	r = state_lock_user(state, o->facts.user, wire_now() + UNIT_BUS_PATIENCE, e);
	o->deadline = wire_now() + OPENER_TIMEOUT;
	return r;
}

int opener_run(struct opener *o, struct session *ret, struct errmsg *e)
{
	AUTO_CLOSE int state = -1;
	int r = opener_check_caller(e), tries;

	if (r == 0)
		r = opener_check_outside(o, e);
	if (r < 0)
		return r;
	o->deadline = wire_now() + OPENER_TIMEOUT;
	state = state_open(o->statedir, e);
	if (state < 0)
		return state;
	o->user_ns = -1;
	ret->uid = o->facts.uid;
	ret->gid = o->facts.gid;
	ret->bounding = o->policy->caps.bounding;
	ret->no_new_privs = o->policy->caps.no_new_privs;
	for (r = -EAGAIN, tries = 0; r == -EAGAIN && tries < BUILD_TRIES; tries++) {
		o->user_dir = lock_user(o, state, e);
		r = o->user_dir < 0 ? o->user_dir : run_locked(o, state, ret, e);
		close_fd(&o->user_dir);
	}
	/* The user's folder, unless it holds instances. */
	if (r < 0 && unlinkat(state, o->facts.user, AT_REMOVEDIR) == 0)
		state_uid_forget(state, o->facts.user, o->facts.uid);
	return r;
}
