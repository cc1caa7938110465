/*
 * The supervisor on a host that is run by systemd: another program talks to it, since this one is static and has
 * no library for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "supervisor_parts.h"

#define NUMBER_MAX 24
#define STOP_MARGIN 5000 /* ms beyond the grace until systemd loses its patience, too */

static void run(const struct supervisor *s, const char *const argv[])
{
	char *const environment[] = { NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(NSISO_SCOPE_PATH, (char *const *)argv, environment);
	syslog(LOG_ERR, "systemd not told: user=%s id=%s reason=cannot execute %s: %s", s->user,
	       s->id, NSISO_SCOPE_PATH, strerror(errno));
}

static void run_start(const struct supervisor *s, pid_t self)
{
	char stop[NUMBER_MAX], supervisor[NUMBER_MAX], init[NUMBER_MAX];
	const char *const argv[] = { "nsshell-scope", "start", s->user, s->id, stop,
				     supervisor,      init,    NULL };

	(void)snprintf(stop, sizeof(stop), "%lu", (unsigned long)s->grace + STOP_MARGIN);
	(void)snprintf(supervisor, sizeof(supervisor), "%d", (int)self);
	(void)snprintf(init, sizeof(init), "%d", (int)s->init);
	run(s, argv);
}

void scope_start(struct supervisor *s)
{
	const pid_t self = getpid();

	if (!s->scope_due)
		return;
	s->scope_due = false;
	if (!detach(s, "systemd not told"))
		return;
	run_start(s, self);
	_exit(0);
}

/* ..: the user's folder; above it that of all instances.  The instance's own is about to be removed. */
int scope_open_state(const struct supervisor *s)
{
	return s->has_units ? openat(s->launch->fd[LAUNCH_DIR], "../..",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			      -1;
}

void scope_end(const struct supervisor *s, int state)
{
	char uid[NUMBER_MAX];
	const char *const argv[] = { "nsshell-scope", "revert", s->user, uid, NULL };

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)s->uid);
	if (state >= 0 && dup2(state, 0) == 0)
		run(s, argv);
}
