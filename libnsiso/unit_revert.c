/*
 * Taking back what was set of a user's slice.  logind may have let systemd stop it meanwhile, and what is set of
 * a slice that is not active makes systemd create the cgroup for it, forget the unit, and leave the folder
 * (bus_slice_commit_properties() realizes the cgroup in any state).  So a process is put below the slice for
 * that long: the slice is active with it, and systemd stops it, with its cgroup, when nobody needs it any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errmsg.h"
#include "unit_own.h"

#define HOLDER_TIMEOUT 1000 /* ms for it to end when its scope is stopped: it obeys */

/* It ends with us. */
static pid_t fork_holder(void)
{
	const pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	(void)signal(SIGTERM, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		(void)pause();
	_exit(0);
}

static int start_holder(struct unit_change *change, pid_t pid, struct errmsg *e)
{
	char name[UNIT_NAME_MAX], number[NSISO_ID_MAX];
	const struct unit_scope scope = { .name = name,
					  .slice = change->slice,
					  .description = "End of isolated logins",
					  .pids = &pid,
					  .n_pids = 1,
					  .stop_timeout = HOLDER_TIMEOUT };

	(void)snprintf(number, sizeof(number), "end-%d", (int)pid);
	(void)unit_scope(change->user->user, number, name);
	return unit_bus_start_scope(change->bus, &scope, e);
}

static int take_back(struct unit_change *change, struct errmsg *e)
{
	int r = unit_change_set(change, e);

	if (r == 0)
		r = unit_change_write_files(change, e);
	return r < 0 ? r : unit_change_forget(change, e);
}

/*
 * Where systemd does not take the scope, limits that stay are worse than a folder that does.  SIGKILL: the
 * process may be frozen with the slice.
 */
static int take_back_held(struct unit_change *change, struct errmsg *e)
{
	const pid_t holder = fork_holder();
	int r;

	if (holder < 0)
		return errmsg_set(e, -errno, "cannot fork");
	r = start_holder(change, holder, e);
	if (r != -EDEADLK && !unit_bus_is_lost(r))
		r = take_back(change, e);
	(void)kill(holder, SIGKILL);
	(void)waitpid(holder, NULL, 0);
	return r;
}

static int revert_once(const struct unit_user *user,
		       int (*how)(struct unit_change *change, struct errmsg *e), struct errmsg *e)
{
	struct unit_change change;
	int r;

	unit_change_begin(user, &change);
	r = unit_state_read(user->dir, &change.owned, e);
	if (r == 0 && change.owned.n) {
		r = unit_change_open(&change, e);
		if (r == 0)
			r = how(&change, e);
	}
	unit_change_end(&change);
	return r;
}

static int revert(const struct unit_user *user,
		  int (*how)(struct unit_change *change, struct errmsg *e), struct errmsg *e)
{
	int r;

	do
		r = revert_once(user, how, e);
	while (r != -EDEADLK && unit_bus_try_again(r, user->deadline));
	return r;
}

int unit_revert(const struct unit_user *user, struct errmsg *e)
{
	return revert(user, take_back_held, e);
}

int unit_revert_inside(const struct unit_user *user, struct errmsg *e)
{
	char own[4096], slice[NSISO_PATH_MAX];
	int r = unit_own_folder(own, sizeof(own), e);

	if (r < 0 || !unit_is_below(own, unit_slice_folder(user->uid, slice)))
		return r;
	return revert(user, take_back, e);
}
