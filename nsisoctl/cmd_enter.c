/*
 * nsisoctl enter: a command or a shell inside of an instance.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "actor.h"
#include "enter.h"
#include "errmsg.h"
#include "nsisoctl.h"

static int check_state(const struct view *view, struct errmsg *e)
{
	if (view->state == VIEW_FROZEN)
		return errmsg_setx(e, -EBUSY, "user %s is frozen: nsisoctl thaw %s", view->user,
				   view->user);
	if (view->state == VIEW_CLOSING)
		return errmsg_setx(e, -ESHUTDOWN, "instance %s is ending", view->id);
	return 0;
}

static void tell_log(const struct enter *enter)
{
	char actor[64];

	actor_name(actor, sizeof(actor));
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "instance entered: user=%s id=%s as=%s by=%s", enter->view.user,
	       enter->view.id, enter->as_user ? enter->view.user : "root", actor);
	closelog();
}

static int run(struct enter *enter, struct errmsg *e)
{
	int status = 0, r = pty_open(&enter->pty, e);
	pid_t pid;

	/* As a login has it: programs open it by its name. */
	if (r == 0 && enter->as_user && enter->pty.slave >= 0 &&
	    fchown(enter->pty.slave, enter->view.record.uid, (gid_t)-1) < 0)
		r = errmsg_set(e, -errno, "cannot give the pseudo-terminal to the user");
	pid = r < 0 ? r : enter_start(enter, e);
	if (pid > 0) {
		tell_log(enter);
		r = pty_relay(&enter->pty, pid, &status, e);
	}
	pty_close(&enter->pty);
	if (pid < 0 || r < 0) {
		(void)error_print(e);
		return ENTER_FAILED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cmd_enter(int argc, char **argv)
{
	struct enter enter = { .as_user = false };
	struct errmsg e = { 0 };
	int option, r;

	while ((option = getopt(argc, argv, "u")) != -1) {
		if (option != 'u')
			return usage_print("enter");
		enter.as_user = true;
	}
	if (optind == argc)
		return usage_print("enter");
	enter.command = &argv[optind + 1];
	r = view_find(argv[optind], &enter.view, &e);
	if (r == 0)
		r = check_state(&enter.view, &e);
	if (r == 0)
		return run(&enter, &e);
	(void)error_print(&e);
	return ENTER_FAILED;
}
