/*
 * nsshell-init: one small static image for the supervisor and the init of an instance.  Started by
 * pam_nsiso with a socket as descriptor 3, over which the plan comes; of no use by hand.
 * What it inherits from a login program is undone first: limits, priorities, signals, ids, keyring.
 */
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "supervisor.h"
#include "sys.h"

#define CONN 3             /* the socket to the opener */
#define PLAN_TIMEOUT 10000 /* ms for the plan to come: an opener works on it meanwhile */
#define CAPABILITY_MAX 63

/*
 * Those that could end or hinder us; the others never matter here.  As far as we may: without
 * CAP_SYS_RESOURCE a hard limit stays as it is.
 */
static void reset_limits(void)
{
	static const int kinds[] = { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_AS,
				     RLIMIT_NPROC };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (getrlimit(kinds[i], &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
		    setrlimit(kinds[i], &none) == 0)
			continue;
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(kinds[i], &limit);
	}
	/* Two descriptors a session, and a few. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A handler does not survive execve(2); what the login program ignores does, and these we wait for. */
static void reset_signals(void)
{
	static const int kinds[] = { SIGCHLD, SIGTERM, SIGPIPE };
	const struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		(void)sigaction(kinds[i], &normal, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Some openers call with a real or file system id of somebody else (atd: 1,0,0). */
static int reset_ids(void)
{
	return setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -errno :
											    0;
}

/* To the system log, never to whoever opened the session. */
static int reset_descriptors(void)
{
	int i, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (i = 0; i < 3; i++)
		if (dup2(null, i) < 0)
			return -errno;
	if (sys_close_range(CONN + 1, ~0U) < 0)
		return -errno;
	return fcntl(CONN, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

/*
 * The OOM killer is to take the user's processes, whose end we look after, and not us; where we may
 * (CAP_SYS_RESOURCE).  Nor is a login from a service of low priority, or bound to one processor, to make all
 * sessions wait.  By the system calls: musl has no sched_setscheduler(3).
 */
static void reset_priorities(void)
{
	static const char score[] = "-1000";
	const int normal = 0; /* struct sched_param */
	unsigned long all[1024 / (8 * sizeof(long))];
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, score, sizeof(score) - 1);
	close_fd(&fd);
	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
	(void)syscall(SYS_sched_setscheduler, 0, 0 /* SCHED_OTHER */, &normal);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)syscall(SYS_ioprio_set, 1, 0, 0);
}

static int reset_process(struct errmsg *e)
{
	int r = reset_ids();

	if (r == 0)
		r = reset_descriptors();
	if (r < 0)
		return errmsg_set(e, r, "cannot leave the login program's attributes");
	reset_signals();
	reset_limits();
	reset_priorities();
	(void)syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);
	(void)umask(022);
	(void)setsid();
	if (chdir("/") < 0)
		return errmsg_set(e, -errno, "cannot change to /");
	return 0;
}

/* Nothing that we could be made to execute would have any privilege.  EINVAL: the kernel has no more. */
static int drop_bounding_set(struct errmsg *e)
{
	int i;

	for (i = 0; i <= CAPABILITY_MAX; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return errno == EINVAL ?
				       0 :
				       errmsg_set(e, -errno, "cannot drop the bounding set");
	return 0;
}

/* The sender leaves out what is unused between steps and text: see wire_send() in the module. */
static int unpack_plan(struct plan *plan, size_t size)
{
	size_t steps = offsetof(struct plan, steps);

	if (size >= sizeof(plan->version) && plan->version != PLAN_VERSION)
		return -EPROTONOSUPPORT;
	if (size < steps || plan->n_steps > PLAN_STEPS_MAX || plan->text_len > PLAN_TEXT_MAX ||
	    plan->text_len == 0)
		return -EPROTO;
	steps += plan->n_steps * sizeof(plan->steps[0]);
	if (size != steps + plan->text_len)
		return -EPROTO;
	memmove(plan->text, (const char *)plan + steps, plan->text_len);
	plan->text[plan->text_len - 1] = '\0';
	return 0;
}

static int receive_plan(struct plan *plan, struct launch *launch, struct errmsg *e)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	ssize_t n;
	int i;

	for (i = 0; i < LAUNCH_COUNT; i++)
		launch->fd[i] = -1;
	launch->conn = CONN;
	launch->user = (struct launch_user){ .sock = -1, .ns = -1, .mounts = -1 };
	n = wire_wait(CONN, &head, plan, sizeof(*plan), &fds, wire_now() + PLAN_TIMEOUT);
	if (n >= 0 && head.type != WIRE_PLAN)
		n = -EPROTO;
	if (n >= 0)
		n = unpack_plan(plan, (size_t)n);
	if (n >= 0)
		n = wire_take_launch(launch->fd, head.value, &fds);
	if (n == -EPROTONOSUPPORT)
		return errmsg_setx(e, (int)n,
				   "the module and %s are of different releases: log in again when "
				   "the installation is finished",
				   NSISO_INIT_PATH);
	return n < 0 ? errmsg_set(e, (int)n, "no usable plan") : 0;
}

int main(void)
{
	static struct launch launch;
	struct plan *plan;
	struct errmsg e;
	struct stat st;

	if (getuid() != 0 && geteuid() != 0) {
		(void)fputs("nsshell-init: is started by pam_nsiso, not by hand\n", stderr);
		return 100;
	}
	if (fstat(CONN, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		(void)fputs("nsshell-init: descriptor 3 is no socket; see pam_nsiso(8)\n", stderr);
		return 100;
	}
	if (reset_process(&e) < 0) {
		wire_send_error(CONN, &e);
		return 111;
	}
	/* On pages of its own, which go back to the kernel after use. */
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (plan == MAP_FAILED)
		(void)errmsg_set(&e, -errno, "cannot map memory for the plan");
	if (plan == MAP_FAILED || drop_bounding_set(&e) < 0 ||
	    receive_plan(plan, &launch, &e) < 0) {
		wire_send_error(CONN, &e);
		return 111;
	}
	return supervisor_run(plan, &launch);
}
