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
#define OOM_RECENT 2000   /* ms from a kill for want of memory to our hearing of the init's end */
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
		[END_INIT] = "init-killed",   [END_OOM] = "init-oom",
		[END_LINGER] = "linger-over", [END_IDLE] = "idle",
		[END_LIFETIME] = "lifetime",
	};

	return names[reason];
}

/* A record of one session: what was used while it lasted, by whatever ran beside it as well. */
static void report_session(struct supervisor *s, const struct book_entry *entry, const char *reason)
{
	struct report r;

	report_begin(&r, "session ended", "session-end", s->user, s->id);
	report_add(&r, "reason", reason);
	report_add(&r, "service", entry->about.service);
	report_add(&r, "tty", entry->about.tty);
	report_add(&r, "rhost", entry->about.rhost);
	report_add_number(&r, "pid", (uint64_t)entry->pid);
	watch_sum_up(&s->watch, &entry->base, &r);
	report_send(&r, LOG_NOTICE);
}

void end_session(struct supervisor *s, struct book_entry *entry, bool opener_died)
{
	if (entry->left || !entry->joined)
		return;
	session_settle(s);
	entry->left = true;
	s->opener_died = opener_died;
	s->session_ended = wire_now_boot();
	clock_use(s);
	report_session(s, entry, opener_died ? "opener-died" : "closed");
}

/* Into the record at once: who finds it knows that this one takes no more sessions. */
static void decide(struct supervisor *s, enum end_reason reason)
{
	struct errmsg ignored;

	if (s->closing)
		return;
	s->closing = true;
	s->reason = reason;
	(void)instance_append(s->launch->fd[LAUNCH_RECORD], &ignored, "end=%s\n",
			      end_reason_name(reason));
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
	decide(s, reason);
	s->due = due;
	s->grace = grace;
	if (s->ready && grace)
		(void)sys_pidfd_queue_signal(s->pidfd, SIGTERM, (int)grace);
	else
		end_kill_init(s);
}

void end_kill_init(struct supervisor *s)
{
	s->killed = true;
	(void)sys_pidfd_send_signal(s->pidfd, SIGKILL);
}

static enum end_reason init_reason(struct supervisor *s)
{
	siginfo_t info = { .si_code = 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)s->pidfd, &info, WEXITED | WNOHANG) < 0)
		return END_INIT;
	if (info.si_code == CLD_EXITED && info.si_status == INIT_STATUS_ALONE)
		return END_LINGER;
	if (info.si_code == CLD_EXITED)
		return info.si_status == INIT_STATUS_TOLD ? END_ADMIN : END_INIT;
	s->init_signal = s->killed ? 0 : info.si_status;
	if (s->init_signal == SIGKILL && watch_has_news(&s->watch, WATCH_OOM, OOM_RECENT))
		return END_OOM;
	return END_INIT;
}

/*
 * Who told the init to end, or killed it, has ended the sessions, whose openers may have been heard first: the
 * init takes its processes along before it is gone itself.
 */
void end_init(struct supervisor *s)
{
	enum end_reason reason;

	session_settle(s);
	reason = s->ready ? init_reason(s) : END_FAILED;
	if ((reason == END_ADMIN || s->init_signal) &&
	    (s->reason == END_LAST_SESSION || s->reason == END_OPENER))
		s->closing = false;
	decide(s, reason);
	s->over = true;
	s->due = wire_now() + LEFT_TIMEOUT;
	close_fd(&s->launch->fd[LAUNCH_CTL]);
	(void)unlinkat(s->launch->fd[LAUNCH_DIR], "ctl", 0);
}

void end_log(struct supervisor *s)
{
	const char *name = end_reason_name(s->reason);
	struct report r;
	unsigned i;

	session_settle(s);
	(void)watch_look(&s->watch);
	for (i = 0; i < s->book.n; i++)
		if (s->book.entry[i].joined && !s->book.entry[i].left)
			report_session(s, &s->book.entry[i], name);
	report_begin(&r, "instance ended", "instance-end", s->user, s->id);
	report_add(&r, "reason", name);
	if (s->init_signal)
		report_add_number(&r, "signal", (uint64_t)s->init_signal);
	watch_sum_up(&s->watch, &s->base, &r);
	report_send(&r, LOG_NOTICE);
}
