/* How the instance ends, and why. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "instance.h"
#include "supervisor_parts.h"
#include "sys.h"

#define END_TIMEOUT 2000  /* ms that the init may take beyond its grace */
#define LEFT_TIMEOUT 1000 /* ms that an opener may stay in the cgroup after its session */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* As the record and the log have them. */
static const char *end_reason_name(enum end_reason reason)
{
	static const char *const names[] = {
		[END_NONE] = "none",          [END_LAST_SESSION] = "last-session",
		[END_OPENER] = "opener-died", [END_FAILED] = "never-joined",
		[END_ADMIN] = "admin",        [END_SHUTDOWN] = "shutdown",
		[END_INIT] = "init-died",
	};

	return names[reason];
}

void end_session(struct supervisor *s, struct book_entry *entry, bool opener_died)
{
	if (entry->left || !entry->joined)
		return;
	entry->left = true;
	s->opener_died = opener_died;
	if (opener_died)
		syslog(LOG_NOTICE, "session ended by its opener's death: user=%s id=%s", s->user,
		       s->id);
}

/*
 * The init hears the grace with the signal.  One that never got as far as a session may be stuck in its
 * set-up, where it hears nothing, and has nobody to be gentle to.
 */
void end_begin(struct supervisor *s, enum end_reason reason, uint32_t grace)
{
	const int64_t due = wire_now() + grace + (grace ? END_TIMEOUT : 0);

	if (s->over || (s->closing && (s->due < 0 || due >= s->due)))
		return;
	if (!s->closing)
		s->reason = reason;
	s->closing = true;
	s->due = due;
	s->grace = grace;
	if (s->ready && grace)
		(void)sys_pidfd_queue_signal(s->pidfd, SIGTERM, (int)grace);
	else
		(void)sys_pidfd_send_signal(s->pidfd, SIGKILL);
}

/* An init that ends by itself was told to, from outside. */
static enum end_reason init_reason(const struct supervisor *s)
{
	siginfo_t info = { .si_code = 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)s->pidfd, &info, WEXITED | WNOHANG) < 0 ||
	    info.si_code != CLD_EXITED || info.si_status != 0)
		return END_INIT;
	return END_ADMIN;
}

void end_init(struct supervisor *s)
{
	if (!s->closing)
		s->reason = s->ready ? init_reason(s) : END_FAILED;
	s->over = s->closing = true;
	s->due = wire_now() + LEFT_TIMEOUT;
	close_fd(&s->launch->fd[LAUNCH_CTL]);
	(void)unlinkat(s->launch->fd[LAUNCH_DIR], "ctl", 0);
}

void end_record(const struct supervisor *s)
{
	const char *name = end_reason_name(s->reason);
	struct errmsg ignored;

	(void)instance_append(s->launch->fd[LAUNCH_RECORD], &ignored, "end=%s\n", name);
	syslog(LOG_NOTICE, "instance ended: user=%s id=%s reason=%s seconds=%" PRId64, s->user,
	       s->id, name, (wire_now_boot() - s->created_boot) / 1000);
}
