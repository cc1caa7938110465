/*
 * nsshell-scope: what the supervisor, a static program, has done about units of the host's systemd.  Started by
 * it beside the login's path; of no use by hand.
 *
 *   nsshell-scope start USER ID STOP SUPERVISOR INIT
 *       puts supervisor and init into a scope of their own in nsiso.slice, where neither the end of the login
 *       that made them nor the user's limits reach them; STOP: ms until SIGKILL when the scope is stopped
 *   nsshell-scope revert USER UID
 *       takes back the limits of the user's slice, unless the user has another instance; descriptor 0 is the
 *       folder of all instances
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"
#include "state.h"
#include "unit.h"
#include "wire.h"

#define STATE 0       /* descriptor of the folder of all instances */
#define TIMEOUT 60000 /* ms; nobody waits */
#define STOP_TIMEOUT \
	150000 /* ms for a slice to stop: its sessions have 90 s for that (systemd.scope(5)) */
#define STOP_PAUSE 300000000 /* ns between two looks whether it has */

static int start_scope(const struct unit_scope *scope, int64_t deadline, struct errmsg *e)
{
	AUTO_BUS struct unit_bus *bus = NULL;
	int r = unit_bus_open(deadline, &bus, e);

	return r < 0 ? r : unit_bus_start_scope(bus, scope, e);
}

static int start(char **argv, struct errmsg *e)
{
	char name[UNIT_NAME_MAX], description[UNIT_NAME_MAX];
	const pid_t pids[] = { (pid_t)strtol(argv[4], NULL, 10), (pid_t)strtol(argv[5], NULL, 10) };
	const struct unit_scope scope = { .name = unit_scope(argv[1], argv[2], name),
					  .slice = UNIT_SLICE,
					  .description = description,
					  .pids = pids,
					  .n_pids = 2,
					  .stop_timeout = strtoull(argv[3], NULL, 10) };
	const int64_t deadline = wire_now() + TIMEOUT;
	int r;

	(void)snprintf(description, sizeof(description), "Isolated logins of %s", argv[1]);
	do
		r = start_scope(&scope, deadline, e);
	while (unit_bus_try_again(r, deadline));
	/* They have ended meanwhile (the supervisor's process goes on for the revert). */
	return r < 0 && (kill(pids[0], 0) < 0 || kill(pids[1], 0) < 0) ? 0 : r;
}

static int revert_locked(struct unit_user *user, struct errmsg *e)
{
	AUTO_CLOSE int dir = state_lock_user(STATE, user->user, wire_now() + TIMEOUT, e);
	int r = dir < 0 ? dir : 0;

	user->dir = dir;
	user->deadline = wire_now() + UNIT_BUS_PATIENCE;
	if (r == 0 && !unit_user_has_instances(dir))
		r = unit_revert(user, e);
	/* Also made by the lock; not empty: it has instances. */
	(void)unlinkat(STATE, user->user, AT_REMOVEDIR);
	return r;
}

/* A slice that is being stopped is waited for without the lock: logins must not wait with us. */
static int revert(char **argv, struct errmsg *e)
{
	const struct timespec pause = { .tv_nsec = STOP_PAUSE };
	const int64_t deadline = wire_now() + STOP_TIMEOUT;
	struct unit_user user = { .user = argv[1], .uid = (uid_t)strtoul(argv[2], NULL, 10) };
	int r = revert_locked(&user, e);

	while (r == -EDEADLK && wire_now() < deadline) {
		(void)nanosleep(&pause, NULL);
		r = revert_locked(&user, e);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct errmsg e = { .code = 0 };
	int r;

	if (geteuid() == 0 && argc == 7 && strcmp(argv[1], "start") == 0) {
		r = start(argv + 1, &e);
	} else if (geteuid() == 0 && argc == 4 && strcmp(argv[1], "revert") == 0 &&
		   policy_user_is_safe(argv[2])) {
		r = revert(argv + 1, &e);
	} else {
		(void)fputs("nsshell-scope: is started by nsshell-init, not by hand\n", stderr);
		return 100;
	}
	if (r == 0)
		return 0;
	openlog("nsiso", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_ERR, "%s: user=%s reason=%s",
	       argc == 7 ? "supervisor has no scope of its own" : "limits not reverted", argv[2],
	       e.text);
	return 111;
}
