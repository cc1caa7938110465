/* The supervisor of one instance; see supervisor.h. */
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "instance.h"
#include "process.h"
#include "supervisor_parts.h"
#include "sys.h"

#define FEW_SESSIONS 8   /* so many need no page of their own */
#define STACK_USED 65536 /* bytes of stack that the set-up may have touched */

/* clock_gettime of CLOCK_BOOTTIME less what the instance shall show (man 7 time_namespaces). */
static int apply_time_offset(const struct plan *plan, const struct step *step, void *ctx,
			     struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	struct timespec now;
	char text[64];
	int n;

	(void)plan, (void)ctx;
	if (syscall(SYS_unshare, SYS_NEWTIME) < 0)
		return errmsg_set(e, -errno, "cannot make a time namespace");
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "boottime %" PRId64 " 0", (int64_t)step->n1 - now.tv_sec);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return errmsg_set(e, -errno, "cannot set the clock offset of the time namespace");
	return 0;
}

/* The init is born in its cgroup (v2): a later move would cost an RCU grace period, 7 ms as measured. */
static int apply_clone(const struct plan *plan, const struct step *step, void *ctx,
		       struct errmsg *e)
{
	struct supervisor *s = ctx;
	struct sys_clone_args args = {
		.flags = step->n1 | SYS_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&s->pidfd,
		.exit_signal = SIGCHLD,
	};
	AUTO_CLOSE int self = sys_pidfd_open(getpid());

	if (self < 0)
		return errmsg_set(e, -errno, "cannot make a pidfd");
	if (s->launch->fd[LAUNCH_CGROUP] >= 0) {
		args.flags |= SYS_INTO_CGROUP;
		args.cgroup = (uint64_t)s->launch->fd[LAUNCH_CGROUP];
	}
	s->init = sys_clone3(&args);
	if (s->init < 0)
		return errmsg_set(e, -errno, "cannot clone the init");
	if (s->init == 0)
		init_run((struct plan *)plan, s->launch, take_fd(&self)); /* its own copy */
	return 0;
}

static int apply_unit_scope(const struct plan *plan, const struct step *step, void *ctx,
			    struct errmsg *e)
{
	struct supervisor *s = ctx;

	(void)plan, (void)step, (void)e;
	s->has_units = s->scope_due = true;
	return 0;
}

static step_apply *const steps[STEP_KIND_COUNT] = {
	[STEP_TIME_OFFSET] = apply_time_offset,
	[STEP_CLONE] = apply_clone,
	[STEP_UNIT_SCOPE] = apply_unit_scope,
};

static void step_report(void *ctx, unsigned index, uint64_t usec, int r)
{
	const struct supervisor *s = ctx;

	(void)wire_send(s->launch->conn, WIRE_TRACE, wire_trace(index, usec, r), NULL, 0, NULL);
}

static int write_record(const struct supervisor *s, struct errmsg *e)
{
	struct process self = { .pid = getpid() }, init = { .pid = s->init };
	int r;

	r = process_start(self.pid, &self.start);
	if (r == 0)
		r = process_start(init.pid, &init.start);
	if (r < 0)
		return errmsg_set(e, r, "cannot read the start time of the init");
	return instance_append(s->launch->fd[LAUNCH_RECORD], e,
			       "supervisor=%d %" PRIu64 "\ninit=%d %" PRIu64 "\n", (int)self.pid,
			       self.start, (int)init.pid, init.start);
}

int supervisor_send_pidfd(const struct supervisor *s, int conn)
{
	struct wire_fds fds = { .n = 1, .fd = { s->pidfd } };

	return wire_send(conn, WIRE_PIDFD, s->namespaces, NULL, 0, &fds);
}

static int catch_term(struct errmsg *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? errmsg_set(e, -errno, "cannot make a signalfd") : fd;
}

static int start(struct supervisor *s, const struct plan *plan, struct errmsg *e)
{
	int i, r;

	r = plan_apply(plan, ACTOR_SUPERVISOR, steps, step_report, s, e);
	if (r < 0)
		return r;
	r = clock_start(s, plan, e);
	if (r < 0)
		return r;
	s->signals = catch_term(e);
	if (s->signals < 0)
		return s->signals;
	/* Before the answer: an opener that has it may be inside at once. */
	r = write_record(s, e);
	if (r < 0)
		return r;
	r = supervisor_send_pidfd(s, s->launch->conn);
	if (r < 0)
		return errmsg_set(e, r, "cannot answer the opener");
	for (i = 0; i < LAUNCH_COUNT; i++)
		if (i != LAUNCH_RECORD && i != LAUNCH_DIR && i != LAUNCH_CTL && i != LAUNCH_OPENER)
			close_fd(&s->launch->fd[i]);
	book_add(&s->book, s->launch->conn, take_fd(&s->launch->fd[LAUNCH_OPENER]));
	return 0;
}

/* Whoever was here has left, or nobody ever came. */
static void end_unused(struct supervisor *s)
{
	if (s->closing || clock_linger(s))
		return;
	end_begin(s,
		  !s->ready      ? END_FAILED :
		  s->opener_died ? END_OPENER :
				   END_LAST_SESSION,
		  s->grace);
}

static void handle(struct supervisor *s, const struct pollfd *pollers)
{
	bool has_gone = false;
	int64_t look_at;
	unsigned i;

	for (i = 0; i < s->book.n; i++) {
		struct book_entry *entry = &s->book.entry[i];
		const struct pollfd *poller = &pollers[POLL_FIXED + 2 * i];

		if (poller[0].fd == entry->conn && poller[0].revents && !ctl_serve(s, entry))
			close_fd(&entry->conn);
		if (poller[1].fd == entry->opener && poller[1].revents) {
			end_session(s, entry, true);
			close_fd(&entry->opener);
			entry->left = has_gone = true;
		}
	}
	book_sweep(&s->book);
	if (has_gone && s->has_groups)
		clock_sweep(s);
	if (pollers[POLL_INIT].revents && !s->over)
		end_init(s);
	if (pollers[POLL_CTL].revents && !s->over)
		ctl_accept(s);
	if (watch_hear(&s->watch, pollers + POLL_WATCH, &look_at))
		clock_set_events(s, look_at);
	if (pollers[POLL_CLOCK].revents && !s->closing)
		clock_ring(s);
	if (pollers[POLL_SIGNALS].revents)
		end_begin(s, END_SHUTDOWN, s->grace);
	if (book_sessions(&s->book) == 0)
		end_unused(s);
	else
		clock_stay(s);
}

/*
 * The init has its grace and a little.  Openers must be gone from the cgroup before that is emptied; one
 * that lives on after its session (a daemon, or a module behind ours that takes its time) is put where the
 * supervisor is.
 */
static int timeout(const struct supervisor *s)
{
	int64_t due = s->closing ? s->due : -1, left;

	if (s->settle_at && (due < 0 || s->settle_at < due))
		due = s->settle_at;
	if (due < 0)
		return -1;
	left = due - wire_now();
	return left < 0 ? 0 : (int)left;
}

static bool settle(struct supervisor *s)
{
	if (!s->settle_at || wire_now() < s->settle_at)
		return false;
	session_settle(s);
	return true;
}

/* An init that was stopped, say, hears no SIGTERM.  False: nobody is left to wait for.  No other time-out counts. */
static bool lose_patience(struct supervisor *s)
{
	if (!s->closing || s->due < 0 || wire_now() < s->due)
		return true;
	if (s->over)
		return false;
	end_kill_init(s);
	s->due = -1;
	return true;
}

static void loop(struct supervisor *s)
{
	struct pollfd few[POLL_FIXED + 2 * FEW_SESSIONS] = { { .fd = -1 } }, *pollers;
	unsigned n;

	while (!s->over || book_openers(&s->book)) {
		pollers = s->book.n > FEW_SESSIONS ? s->many : few;
		pollers[POLL_INIT] =
			(struct pollfd){ .fd = s->over ? -1 : s->pidfd, .events = POLLIN };
		pollers[POLL_CTL] =
			(struct pollfd){ .fd = s->launch->fd[LAUNCH_CTL], .events = POLLIN };
		pollers[POLL_SIGNALS] =
			(struct pollfd){ .fd = s->closing ? -1 : s->signals, .events = POLLIN };
		pollers[POLL_CLOCK] =
			(struct pollfd){ .fd = s->closing ? -1 : s->clock.fd, .events = POLLIN };
		watch_poll(&s->watch, pollers + POLL_WATCH);
		n = POLL_FIXED + book_poll(&s->book, pollers + POLL_FIXED);
		if (poll(pollers, n, timeout(s)) != 0)
			handle(s, pollers);
		else if (!settle(s) && !lose_patience(s))
			return;
		(void)settle(s);
	}
}

/* An idle instance is to cost next to nothing: hundreds of them live side by side. */
__attribute__((noinline)) void stack_release(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	(void)madvise((void *)(here - STACK_USED), STACK_USED, MADV_DONTNEED);
}

void plan_release(struct plan *plan)
{
	(void)munmap(plan, sizeof(*plan));
	stack_release();
}

int supervisor_run(struct plan *plan, struct launch *launch)
{
	/* Behind libc's variables (see INIT_LINK), so that what is used of both shares one page. */
	static struct supervisor s __attribute__((section(".bss.zzz")));
	struct errmsg e;
	int state;

	s.launch = launch;
	s.namespaces = plan->namespaces;
	s.grace = plan->grace;
	s.uid = plan->uid;
	s.warn_outside = plan->warn_outside;
	s.has_groups = sweep_is_needed(plan);
	(void)snprintf(s.id, sizeof(s.id), "%s", plan_text(plan, plan->id));
	(void)snprintf(s.user, sizeof(s.user), "%s", plan_text(plan, plan->user));
	watch_init(&s.watch, s.user, s.id, launch->fd[LAUNCH_DIR]);
	s.created = (uint64_t)time(NULL);
	s.created_boot = s.base.time = wire_now_boot();
	openlog("nsiso", LOG_PID, LOG_AUTHPRIV);
	if (start(&s, plan, &e) < 0) {
		wire_send_error(launch->conn, &e);
		return 1;
	}
	plan_release(plan);
	loop(&s);
	end_log(&s);
	if (book_openers(&s.book))
		book_release(&s.book, launch->fd[LAUNCH_DIR]);
	state = scope_open_state(&s);
	if (!(s.namespaces & SYS_NEWPID))
		supervisor_drain(launch->fd[LAUNCH_DIR], s.grace);
	if (instance_end(launch->fd[LAUNCH_DIR], s.id, &e) < 0) {
		syslog(LOG_ERR, "instance not removed: user=%s id=%s reason=%s", s.user, s.id,
		       e.text);
		return 1;
	}
	scope_end(&s, state);
	return 0;
}
