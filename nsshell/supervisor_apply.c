/* Running nsisoctl for the supervisor: nobody waits for it, and what it says goes to the log. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "supervisor_parts.h"

#define CTL_PATH NSISO_SBINDIR "/nsisoctl"

/* Root without capabilities: the bounding set is empty, and it needs none to write to cgroups. */
static void run(const struct supervisor *s)
{
	char *const argv[] = { (char *)"nsisoctl", (char *)"apply", (char *)s->user, NULL };
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(CTL_PATH, argv, environment);
	syslog(LOG_ERR, "limits not applied: user=%s id=%s reason=cannot execute %s: %s", s->user,
	       s->id, CTL_PATH, strerror(errno));
}

/* Its parent is gone at once, so that it leaves us no child to wait for. */
void apply_start(const struct supervisor *s)
{
	pid_t child = fork();

	if (child == 0) {
		if (fork() == 0)
			run(s);
		_exit(0);
	}
	if (child < 0)
		syslog(LOG_ERR, "limits not applied: user=%s id=%s reason=cannot fork: %s", s->user,
		       s->id, strerror(errno));
	else
		(void)waitpid(child, NULL, 0);
}
