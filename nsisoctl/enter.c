/* A process of root's in the outer layer of an instance; see enter.h. */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "enter_user.h"
#include "errmsg.h"
#include "namespaces.h"
#include "state.h"
#include "sys.h"
#include "wire.h"

#define LOCK_TIMEOUT 10000      /* ms for a login to let go of the user's folder */
#define SYS_PARENT 0x00008000UL /* CLONE_PARENT */

/* What the new process needs, and can't get once it is inside. */
struct entering {
	const struct enter *enter;
	int init;            /* pidfd */
	uint64_t namespaces; /* SYS_NEW* flags */
	struct cgroup_set cgroups;
	struct enter_user *user; /* NULL: stays root */
};

/* Those of the init that are not this process's; never the user namespace, nor what hangs on it. */
static int namespaces_of(pid_t init, uint64_t *ret, struct errmsg *e)
{
	AUTO_CLOSE int process = -1;
	char path[32];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)init);
	process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return errmsg_set(e, -errno, "cannot open %s", path);
	r = namespaces_differ(process, ret, e);
	if (r == 0)
		*ret &= ~SYS_NEWUSER;
	return r;
}

/* The words of a command reach the user's shell as they are: it executes its own arguments. */
static void exec_as_user(char **command)
{
	const char *head[] = { "nsshell", "-c", "exec \"$0\" \"$@\"" };
	const size_t n_head = sizeof(head) / sizeof(head[0]);
	const char **words;
	size_t n = 0;

	while (command[n])
		n++;
	words = calloc(n_head + n + 1, sizeof(words[0]));
	if (!words)
		return;
	memcpy(words, head, sizeof(head));
	memcpy(words + n_head, command, n * sizeof(words[0]));
	if (n == 0) {
		words[0] = "-nsshell";
		words[1] = NULL;
	}
	(void)execv(NSISO_BINDIR "/nsshell", (char *const *)words);
	free(words);
}

static void exec_as_root(char **command)
{
	if (*command)
		(void)execvp(command[0], command);
	else
		(void)execl("/bin/sh", "-sh", (char *)NULL);
}

static __attribute__((noreturn)) void run_inside(const struct entering *entering)
{
	char **command = entering->enter->command;
	struct errmsg e;
	int r = pty_enter(&entering->enter->pty, &e);

	/* All descriptors of the host's, before anything of the user's can look at this process. */
	if (r == 0 && sys_close_range(3, ~0U) < 0)
		r = errmsg_set(&e, -errno, "cannot close descriptors");
	if (r == 0 && chdir("/") < 0)
		r = errmsg_set(&e, -errno, "cannot enter the root folder");
	if (r == 0)
		r = entering->user ? enter_user_become(entering->user, &e) :
				     enter_environment("root", "/root", &e);
	(void)umask(022);
	if (r < 0) {
		(void)fprintf(stderr, "nsisoctl: %s\n", e.text);
		_exit(ENTER_FAILED);
	}
	if (entering->user)
		exec_as_user(command);
	else
		exec_as_root(command);
	r = errno;
	(void)fprintf(stderr, "nsisoctl: cannot execute %s: %s\n",
		      entering->user ? "nsshell" :
		      *command       ? *command :
				       "/bin/sh",
		      strerror(r));
	_exit(r == ENOENT ? 127 : 126);
}

/*
 * A process between: it moves, and what it clones is inside and a child of ours.  We stay outside, so that
 * the end of the instance does not take the admin's terminal with it.
 */
static int run_between(const struct entering *entering, int report, struct errmsg *e)
{
	struct sys_clone_args args = { .flags = SYS_PARENT };
	int r = cgroup_enter(&entering->cgroups, e);
	pid_t pid;

	if (r < 0)
		return r;
	if (setns(entering->init, (int)entering->namespaces) < 0)
		return errmsg_set(e, -errno, "cannot join the instance's namespaces");
	pid = sys_clone3(&args);
	if (pid == 0)
		run_inside(entering);
	if (pid < 0 || write(report, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		return errmsg_set(e, -errno, "cannot make a process inside");
	return 0;
}

static pid_t clone_inside(const struct entering *entering, struct errmsg *e)
{
	AUTO_CLOSE int theirs = -1, ours = -1;
	int pipes[2], status = 0;
	pid_t between, pid = 0;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return errmsg_set(e, -errno, "cannot make a pipe");
	ours = pipes[0];
	theirs = pipes[1];
	between = fork();
	if (between == 0) {
		if (run_between(entering, theirs, e) == 0)
			_exit(0);
		(void)fprintf(stderr, "nsisoctl: %s\r\n", e->text);
		_exit(1);
	}
	if (between < 0)
		return errmsg_set(e, -errno, "cannot make a process");
	while (waitpid(between, &status, 0) < 0 && errno == EINTR)
		;
	close_fd(&theirs);
	if (status != 0 || read(ours, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		return errmsg_setx(e, -ECHILD, "cannot enter instance %s",
				   entering->enter->view.id);
	return pid;
}

static int prepare(struct entering *entering, struct errmsg *e)
{
	const struct view *view = &entering->enter->view;
	AUTO_CLOSE int dir = -1;
	int r;

	entering->init = process_open(&view->record.init);
	if (entering->init < 0)
		return errmsg_set(e, entering->init, "cannot find the init of instance %s",
				  view->id);
	r = namespaces_of(view->record.init.pid, &entering->namespaces, e);
	if (r < 0)
		return r;
	if (!(entering->namespaces & SYS_NEWNS))
		return errmsg_setx(e, -ESRCH, "instance %s has ended", view->id);
	r = cgroup_open(&view->record, &entering->cgroups, e);
	/* An instance whose sessions have groups of their own takes in none without. */
	if (r == 0)
		r = cgroup_session_make(&entering->cgroups, 0, e);
	if (r < 0 || !entering->user)
		return r;
	dir = view_open(view, e);
	return dir < 0 ? dir : enter_user_ask(view->user, dir, entering->user, e);
}

pid_t enter_start(const struct enter *enter, struct errmsg *e)
{
	AUTO_FREE struct enter_user *user = enter->as_user ? calloc(1, sizeof(*user)) : NULL;
	struct entering entering = { .enter = enter, .init = -1, .user = user };
	AUTO_CLOSE int state = state_open(NSISO_RUNDIR, e), lock = -1;
	pid_t pid;

	if (enter->as_user && !user)
		return errmsg_set(e, -ENOMEM, "cannot enter");
	if (state < 0)
		return state;
	/* Like a login: nobody sweeps away the group that we are about to enter. */
	lock = state_lock_user(state, enter->view.user, wire_now() + LOCK_TIMEOUT, e);
	if (lock < 0)
		return lock;
	pid = prepare(&entering, e);
	if (pid == 0)
		pid = clone_inside(&entering, e);
	cgroup_close(&entering.cgroups);
	close_fd(&entering.init);
	return pid;
}
