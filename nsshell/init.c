/*
 * PID 1 of an instance.  After the hardening it holds no privilege that a session could want: it reads
 * nothing from anybody (a login shell connects and is told), it keeps no state that can grow, and the
 * kernel reaps the orphans for it.  It ends on SIGTERM from outside, or with its supervisor.
 */
#include "init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "sys.h"

#define PROC_MAGIC 0x9fa0  /* PROC_SUPER_MAGIC */
#define BACKLOG 64         /* login shells that wait for their welcome */
#define WELCOME_LASTS 6000 /* ms in which an opener has joined, or never will: see OPENER_TIMEOUT */
#define UNREAD_MAX 16      /* welcomes that nobody has read yet */
#define REST 50 /* ms after an answer, or with too many unread: nobody must keep us busy */

/* All that is needed after the set-up; the plan's pages are given back. */
struct init {
	int signals;
	int sock;
	uid_t user;
	uint32_t grace; /* ms */
	enum init_status status;
	int64_t asked; /* wire_now() of the last welcome */
	struct init_use use;
	struct wire_welcome welcome;
	struct wire_fds fds; /* go with it: user namespace and its mounts, where there are any */
	int unread[UNREAD_MAX];
	unsigned n_unread;
	bool is_full;
};

/* What the steps promised, as the kernel sees it: a step that did nothing must not pass for isolation. */
static int verify(const struct plan *plan, struct errmsg *e)
{
	struct statfs proc;
	struct stat st;

	if (stat(NSISO_RUNDIR "/init", &st) < 0 || !S_ISSOCK(st.st_mode))
		return errmsg_setx(e, -ENOENT, "%s/init is covered by the policy's mounts",
				   NSISO_RUNDIR);
	if (!(plan->namespaces & SYS_NEWPID))
		return 0;
	if (getpid() != 1)
		return errmsg_setx(e, -ESRCH, "the init is not PID 1");
	if (statfs("/proc", &proc) < 0 || (unsigned long)proc.f_type != PROC_MAGIC ||
	    stat("/proc/2", &st) == 0)
		return errmsg_setx(e, -ESRCH, "/proc is not that of the instance");
	return 0;
}

/* SIGCHLD ignored: the kernel reaps every orphan itself (man 2 wait, NOTES). */
static int block_signals(struct errmsg *e)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaction(SIGCHLD, &ignore, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? errmsg_set(e, -errno, "cannot make a signalfd") : fd;
}

static void fill(struct init *init, const struct plan *plan, const struct launch *launch)
{
	struct wire_welcome *welcome = &init->welcome;

	init->sock = launch->fd[LAUNCH_INIT];
	init->use.sock = launch->fd[LAUNCH_STATUS];
	memcpy(init->use.account, launch->fd + LAUNCH_ACCOUNT, sizeof(init->use.account));
	init->use.since = time(NULL);
	init->user = plan->uid;
	init->grace = plan->grace;
	welcome->bounding = plan->bounding;
	welcome->no_new_privs = plan->no_new_privs;
	welcome->map = plan->map;
	welcome->nested = plan->nested;
	welcome->own_pid_ns = plan->namespaces & SYS_NEWPID ? 1 : 0;
	(void)strncpy(welcome->id, plan_text(plan, plan->id), sizeof(welcome->id) - 1);
	(void)strncpy(welcome->shell, plan_text(plan, plan->shell), sizeof(welcome->shell) - 1);
	if (launch->user.ns >= 0)
		init->fds.fd[init->fds.n++] = launch->user.ns;
	if (launch->user.mounts >= 0)
		init->fds.fd[init->fds.n++] = launch->user.mounts;
}

static void step_report(void *ctx, unsigned index, uint64_t usec, int r)
{
	const struct launch *launch = ctx;

	(void)wire_send(launch->conn, WIRE_TRACE, wire_trace(index, usec, r), NULL, 0, NULL);
}

static int set_up(struct init *init, const struct plan *plan, struct launch *launch, int supervisor,
		  struct errmsg *e)
{
	int i, r;

	/* In time for a supervisor that dies during the set-up; init_harden() says why again. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close_fd(&launch->fd[LAUNCH_RECORD]); /* its lock is the supervisor's alone */
	close_fd(&launch->fd[LAUNCH_CTL]);
	close_fd(&launch->fd[LAUNCH_OPENER]);
	close_fd(&launch->fd[LAUNCH_DIR]);
	r = plan_apply(plan, ACTOR_INIT, init_steps, step_report, launch, e);
	init_end_helper(&launch->user);
	if (r < 0)
		return r;
	for (i = 0; i < LAUNCH_COUNT; i++)
		if (i != LAUNCH_INIT && i != LAUNCH_STATUS && i < LAUNCH_ACCOUNT)
			close_fd(&launch->fd[i]);
	r = verify(plan, e);
	if (r < 0)
		return r;
	init->signals = block_signals(e);
	if (init->signals < 0)
		return init->signals;
	r = init_harden(plan, supervisor, e);
	if (r < 0)
		return r;
	fill(init, plan, launch);
	/* Now, because the credentials that a peer sees are those at listen(2) (man 7 unix). */
	if (listen(init->sock, BACKLOG) < 0 || listen(init->use.sock, BACKLOG) < 0)
		return errmsg_set(e, -errno, "cannot listen");
	return 0;
}

/*
 * Descriptors that are sent and not yet received count for our account, which all inits share, against
 * RLIMIT_NOFILE (unix_attach_fds in the kernel): a user who reads nothing must not use up the logins of others.
 * So a peer is kept until it has read or closed (SIOCOUTQ), and from UNREAD_MAX on the next ones wait.
 */
static bool has_room(struct init *init)
{
	unsigned i, n = 0;

	for (i = 0; i < init->n_unread; i++) {
		int len = 0;

		if (ioctl(init->unread[i], TIOCOUTQ, &len) == 0 && len > 0)
			init->unread[n++] = init->unread[i];
		else
			close_fd(&init->unread[i]);
	}
	init->n_unread = n;
	return n < UNREAD_MAX;
}

/*
 * A process of the user's, or root's (an opener), is told what it needs; nobody else.
 */
static void welcome_one(struct init *init)
{
	AUTO_CLOSE int peer = accept4(init->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct iovec body = { (void *)&init->welcome, sizeof(init->welcome) };
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (peer < 0 || getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	if (cred.uid != init->user && cred.uid != 0)
		return;
	init->asked = wire_now();
	if (wire_send(peer, WIRE_WELCOME, 0, &body, 1, &init->fds) == 0 && init->fds.n)
		init->unread[init->n_unread++] = take_fd(&peer);
}

/*
 * An opener that has its welcome joins next, and nothing of it is to be seen here until it forks; one that has
 * it not yet finds us gone, and builds anew.
 */
static bool is_alone(const struct init *init)
{
	return kill(-1, 0) < 0 && errno == ESRCH &&
	       (init->asked == 0 || wire_now() - init->asked > WELCOME_LASTS);
}

/*
 * Whether SIGTERM came from outside: the kernel shows a sender there as pid 0 (man 7 pid_namespaces).  The
 * supervisor says how much grace there is; for anybody else it is the policy's.
 */
static bool is_told_to_end(struct init *init)
{
	struct signalfd_siginfo info;

	while (read(init->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_pid != 0 && (init->welcome.own_pid_ns || info.ssi_uid != 0))
			continue;
		if (info.ssi_code == SI_QUEUE && info.ssi_int == INIT_END_IF_ALONE) {
			if (is_alone(init))
				_exit(INIT_STATUS_ALONE);
			continue;
		}
		if (info.ssi_code == SI_QUEUE && info.ssi_int > 0)
			init->grace = (uint32_t)info.ssi_int;
		else
			init->status = INIT_STATUS_TOLD;
		return true;
	}
	return false;
}

/*
 * SIGHUP as well: an interactive shell ignores SIGTERM.  When grace is over, our own end makes the kernel
 * kill the rest.  A process whose parent outside has not reaped it yet still counts (it is as good as
 * dead, but nobody can tell from here), so it may take all of the grace.
 */
static void drain(const struct init *init)
{
	const int64_t deadline = wire_now() + init->grace;
	struct timespec pause = { .tv_nsec = 1000000 };

	if (!init->welcome.own_pid_ns)
		return; /* kill(-1) would reach the host; the supervisor empties the cgroup */
	if (kill(-1, SIGTERM) < 0 && errno == ESRCH)
		return;
	(void)kill(-1, SIGHUP);
	(void)kill(-1, SIGCONT);
	while (wire_now() < deadline) {
		(void)nanosleep(&pause, NULL);
		if (kill(-1, 0) < 0 && errno == ESRCH)
			return;
		if (pause.tv_nsec < 50000000)
			pause.tv_nsec *= 2;
	}
}

/* From here on only an order from outside may end us: every session would die with us. */
static void loop(struct init *init)
{
	struct pollfd pollers[] = {
		{ .fd = init->signals, .events = POLLIN },
		{ .fd = init->sock, .events = POLLIN },
		{ .fd = init->use.sock, .events = POLLIN },
	};
	bool resting = false;
	int n;

	for (;;) {
		pollers[1].fd = init->is_full ? -1 : init->sock;
		pollers[2].fd = resting ? -1 : init->use.sock;
		n = poll(pollers, 3, resting || init->is_full ? REST : -1);
		if (n < 0)
			continue;
		if (n == 0)
			init->is_full = !has_room(init);
		if (pollers[0].revents && is_told_to_end(init))
			return;
		if (pollers[1].revents) {
			init->is_full = !has_room(init);
			if (!init->is_full)
				welcome_one(init);
		}
		resting = resting && n > 0;
		if (pollers[2].revents) {
			init_tell_use(&init->use, init->welcome.id, init->user);
			resting = true;
		}
	}
}

void init_run(struct plan *plan, struct launch *launch, int supervisor)
{
	struct init init = { .signals = -1 };
	struct errmsg e;

	if (set_up(&init, plan, launch, supervisor, &e) < 0) {
		wire_send_error(launch->conn, &e);
		_exit(1);
	}
	(void)close(supervisor);
	if (wire_send(launch->conn, WIRE_READY, 0, NULL, 0, &init.fds) < 0)
		_exit(1);
	close_fd(&launch->conn);
	plan_release(plan);
	loop(&init);
	close_fd(&init.sock);
	close_fd(&init.use.sock);
	drain(&init);
	_exit(init.status);
}
