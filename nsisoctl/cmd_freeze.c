/*
 * nsisoctl freeze and thaw: a user's processes stand still, and go on.
 */
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "actor.h"
#include "errmsg.h"
#include "freeze.h"
#include "nsisoctl.h"

static int run(const char *name, const char *done, int argc, char **argv,
	       int (*change)(const char *user, struct errmsg *e))
{
	struct errmsg e = { 0 };
	char actor[64];

	if (getopt(argc, argv, "") != -1 || optind + 1 != argc)
		return usage_print(name);
	if (change(argv[optind], &e) < 0)
		return error_print(&e);
	actor_name(actor, sizeof(actor));
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "user %s: user=%s by=%s", done, argv[optind], actor);
	closelog();
	return STATUS_OK;
}

int cmd_freeze(int argc, char **argv)
{
	return run("freeze", "frozen", argc, argv, user_freeze);
}

int cmd_thaw(int argc, char **argv)
{
	return run("thaw", "thawed", argc, argv, user_thaw);
}
