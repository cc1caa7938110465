/*
 * nsshell: the login shell of an isolated user.  It stands in /etc/passwd, proves that pam_nsiso has put this
 * login inside, gives up what is left to give up, and becomes the real shell.  It is silent unless it
 * refuses: scp, sftp, rsync and git talk over the same pipe.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "errmsg.h"
#include "login.h"
#include "policy.h"
#include "status.h"

#define STATUS_REFUSED 254 /* sshd's own status for a session that PAM refused */

static int refuse(const char *what, const struct errmsg *e)
{
	openlog("nsshell", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_ERR, "refused: uid=%u %s: %s", (unsigned)getuid(), what, e->text);
	(void)fprintf(stderr, "nsshell: %s\n", what);
	return STATUS_REFUSED;
}

static int run_outside(char **argv)
{
	char shell[NSISO_PATH_MAX];
	struct errmsg e = { .text = "the policy wants this user isolated" };
	int r = login_is_exempt(shell, &e);

	if (r < 1)
		return refuse("this login is not isolated, and the policy does not exempt it", &e);
	r = login_exec(shell, argv, &e);
	(void)fprintf(stderr, "nsshell: %s\n", e.text);
	return r;
}

/* nsshell --status, of the user's own; a login has "-nsshell" for its name or "-c" for its argument. */
static int show_status(void)
{
	const struct passwd *account = getpwuid(getuid());
	struct status status;
	struct errmsg e;
	int r = status_ask(&status, &e);

	if (r > 0) {
		(void)fputs("nsshell: this process is not isolated: it is in no instance\n",
			    stderr);
		return STATUS_OUTSIDE;
	}
	if (r < 0) {
		(void)fprintf(stderr, "nsshell: %s\n", e.text);
		return 1;
	}
	status_print(&status, account ? account->pw_name : "?", time(NULL), stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_welcome welcome;
	struct errmsg e;
	int r;

	if (argc == 2 && argv[0][0] != '-' && strcmp(argv[1], "--status") == 0)
		return show_status();
	/* Between entering and giving up we have more than the user's other processes, which could trace us. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		(void)errmsg_set(&e, -errno, "cannot forbid tracing");
		return refuse("cannot protect this login", &e);
	}
	r = login_ask(&welcome, &fds, &e);
	if (r > 0)
		return run_outside(argv);
	if (r < 0)
		return refuse("this login is not isolated properly", &e);
	if (login_enter(&welcome, &fds, &e) < 0)
		return refuse("cannot enter the user namespace of this login", &e);
	if (login_give_up(&welcome, &e) < 0)
		return refuse("cannot give up privileges", &e);
	r = login_exec(welcome.shell, argv, &e);
	(void)fprintf(stderr, "nsshell: %s\n", e.text);
	return r;
}
