/*
 * What is to be done at a time.  All times are of CLOCK_BOOTTIME: a clock that is set does not move them,
 * and a suspended machine makes up for them when it wakes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "supervisor_parts.h"

#define CTL_PATH NSISO_SBINDIR "/nsisoctl"

/* Sets the timer for what comes first; -errno. */
static int clock_arm(struct supervisor *s)
{
	const int64_t next = s->clock.apply_at;
	const struct itimerspec when = { .it_value = { .tv_sec = next / 1000,
						       .tv_nsec = next % 1000 * 1000000 } };

	if (s->clock.fd < 0 && next == 0)
		return 0;
	if (s->clock.fd < 0)
		s->clock.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->clock.fd < 0 || timerfd_settime(s->clock.fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	return 0;
}

int clock_set_apply(struct supervisor *s, uint64_t boot_ms)
{
	if (boot_ms > INT64_MAX)
		return -EINVAL;
	s->clock.apply_at = (int64_t)boot_ms;
	return clock_arm(s);
}

/* Nobody waits for it: its parent is gone at once. */
static void run_apply(const struct supervisor *s)
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

static void start_apply(const struct supervisor *s)
{
	pid_t child = fork();

	if (child == 0) {
		if (fork() == 0)
			run_apply(s);
		_exit(0);
	}
	if (child < 0)
		syslog(LOG_ERR, "limits not applied: user=%s id=%s reason=cannot fork: %s", s->user,
		       s->id, strerror(errno));
	else
		(void)waitpid(child, NULL, 0);
}

void clock_ring(struct supervisor *s)
{
	const int64_t now = wire_now_boot();

	if (s->clock.apply_at && s->clock.apply_at <= now) {
		s->clock.apply_at = 0;
		start_apply(s);
	}
	(void)clock_arm(s);
}
