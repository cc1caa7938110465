/* Running nsisoctl for the supervisor: nobody waits for it, and what it says goes to the log. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "supervisor_parts.h"
#include "sys.h"

#define TIME_PATH "/proc/self/ns/time"
#define CTL_PATH NSISO_SBINDIR "/nsisoctl"

/*
 * Root without capabilities: the bounding set is empty, and it needs none to write to cgroups.  What we fork is
 * in the time namespace that we have made for the init, whose clock is another: host_time leads back.
 */
static void run(const struct supervisor *s, int host_time)
{
	char *const argv[] = { (char *)"nsisoctl", (char *)"apply", (char *)s->user, NULL };
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	sigset_t none;

	/* A kernel without time namespaces has one clock. */
	if (host_time < 0 ? access(TIME_PATH, F_OK) == 0 : syscall(SYS_setns, host_time, 0) < 0) {
		syslog(LOG_ERR,
		       "limits not applied: user=%s id=%s reason=no way to the host's clock: %s",
		       s->user, s->id, strerror(errno));
		return;
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(CTL_PATH, argv, environment);
	syslog(LOG_ERR, "limits not applied: user=%s id=%s reason=cannot execute %s: %s", s->user,
	       s->id, CTL_PATH, strerror(errno));
}

void apply_start(const struct supervisor *s)
{
	AUTO_CLOSE int host_time = open(TIME_PATH, O_RDONLY | O_CLOEXEC);

	if (!detach(s, "limits not applied"))
		return;
	run(s, host_time);
	_exit(0);
}
