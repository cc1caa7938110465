/* The opener of a trial, and what it starts inside; see trial.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "sys.h"
#include "trial.h"
#include "wire.h"

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* When nobody listens any more, this process is about to be killed. */
void trial_send(const struct trial *trial, const struct trial_message *message)
{
	(void)send(trial->sock, message, sizeof(*message), MSG_NOSIGNAL);
}

void trial_tell(const struct trial *trial, bool holds, const char *fmt, ...)
{
	struct trial_message message = { .kind = TRIAL_CHECK, .value = !holds };
	va_list arguments;

	va_start(arguments, fmt);
	(void)vsnprintf(message.text, sizeof(message.text), fmt, arguments);
	va_end(arguments);
	trial_send(trial, &message);
}

/* Cgroups are noted as soon as they are there: what is left of them is looked for at the end. */
static void tell_step(const struct opener *o, unsigned index, uint64_t usec, bool failed)
{
	const struct trial *trial = o->pamh;
	const struct trial_message message = {
		.kind = TRIAL_STEP, .index = index, .usec = usec, .value = failed
	};
	struct trial_shared *shared = trial->shared;

	if (index < o->plan.n_steps && o->plan.steps[index].kind == STEP_CGROUP_MAKE) {
		shared->n_cgroups = o->cgroups.n;
		for (unsigned i = 0; i < o->cgroups.n; i++)
			shared->cgroup[i] = o->cgroups.one[i].at;
	}
	trial_send(trial, &message);
}

static void tell_warning(const struct opener *o, const char *what, const char *text)
{
	struct trial_message message = { .kind = TRIAL_WARNING };

	(void)snprintf(message.text, sizeof(message.text), "%s: %s", what, text);
	trial_send(o->pamh, &message);
}

/* The child's status of wait(2). */
static int run_child(struct trial *trial, int (*run)(struct trial *trial))
{
	struct trial_message message = { .kind = TRIAL_CHILD };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(run(trial));
	if (pid < 0) {
		trial_tell(trial, false, "fork: %s", strerror(errno));
		return -1;
	}
	message.value = pid;
	trial_send(trial, &message);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void reset_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The user's process becomes the login shell with the command; exit status of a failure.  No terminal of the
 * admin's is within reach: input is empty where it is one, output goes through pipes.
 */
static int run_shell(struct trial *trial)
{
	const struct trial_shared *shared = trial->shared;
	char *argv[] = { NULL, (char *)"-c", NULL, NULL };
	const char *slash = strrchr(shared->shell, '/');
	struct errmsg e;
	int null;

	if (enter_user_become(&shared->user, &e) < 0) {
		trial_tell(trial, false, "user: %s", e.text);
		return 1;
	}
	null = isatty(0) ? open("/dev/null", O_RDONLY | O_CLOEXEC) : 0;
	if (null < 0 || dup2(null, 0) < 0 || dup2(trial->output[0], 1) < 0 ||
	    dup2(trial->output[1], 2) < 0)
		return 1;
	argv[0] = (char *)(slash ? slash + 1 : shared->shell);
	argv[2] = (char *)(trial->command ? trial->command : "exit 0");
	if (setenv("SHELL", shared->shell, 1) < 0 || sys_close_range(3, ~0U) < 0)
		return 1;
	(void)execv(shared->shell, argv);
	(void)fprintf(stderr, "nsisoctl: cannot execute %s: %s\n", shared->shell, strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

int trial_open(struct trial *trial)
{
	struct trial_shared *shared = trial->shared;
	struct trial_message message = { .kind = TRIAL_REFUSED };
	struct opener *o = &shared->opener;
	struct errmsg e = { .text = "" };
	uint64_t begin = now_us();
	int r;

	/* Its death is the end of the instance; and the terminal's signals are the admin's process's. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setsid();
	reset_signals();
	o->traced = tell_step;
	o->warn = tell_warning;
	o->pamh = trial;
	opener_prefetch(o);
	r = opener_run(o, &shared->session, &e);
	opener_cancel(o);
	if (r < 0) {
		(void)snprintf(message.text, sizeof(message.text), "%s", e.text);
		trial_send(trial, &message);
		return 1;
	}
	message.kind = TRIAL_INSIDE;
	message.usec = now_us() - begin;
	trial_send(trial, &message);
	if (run_child(trial, trial_look_inside) == 0) {
		begin = now_us();
		message.kind = TRIAL_SHELL;
		message.value = run_child(trial, run_shell);
		message.usec = now_us() - begin;
		trial_send(trial, &message);
	}
	(void)wire_send(shared->session.conn, WIRE_LEAVE, 0, NULL, 0, NULL);
	return 0;
}
