/*
 * nsisoctl disable and enable: the admin's way out when isolation keeps everybody out.  For a time only, so that
 * it cannot be forgotten.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "override.h"
#include "policy_value.h"

/* 0, or -1 for a wrong call. */
static int options_read(int argc, char **argv, const char **ret_time, const char **ret_reason)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'f')
			*ret_time = optarg;
		else if (option == 'r')
			*ret_reason = optarg;
		else
			return -1;
	}
	return optind == argc && *ret_time ? 0 : -1;
}

static int override_fill(const char *text, const char *reason, struct override *ret,
			 struct errmsg *e)
{
	uint32_t ms = 0;

	if (value_duration(text, OVERRIDE_SECONDS_MAX * 1000U, &ms, e) < 0)
		return errmsg_wrap(e, "--for");
	if (ms < 1000)
		return errmsg_setx(e, -EINVAL, "--for: at least a second is needed");
	if (strlen(reason) >= sizeof(ret->reason))
		return errmsg_setx(e, -EINVAL, "--reason: at most %zu bytes",
				   sizeof(ret->reason) - 1);
	memset(ret, 0, sizeof(*ret));
	ret->until = override_now() + ms / 1000;
	ret->since = (uint64_t)time(NULL);
	actor_name(ret->by, sizeof(ret->by));
	for (size_t i = 0; reason[i] != '\0'; i++)
		ret->reason[i] = (char)(reason[i] < ' ' || reason[i] > '~' ? '?' : reason[i]);
	return 0;
}

static void end_print(uint64_t seconds)
{
	time_t end = time(NULL) + (time_t)seconds;
	struct tm local;
	char text[64] = "?";

	if (localtime_r(&end, &local))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	(void)printf("New logins are not isolated until %s; `nsisoctl enable` ends this sooner.\n"
		     "Instances that run go on.\n",
		     text);
}

int cmd_disable(int argc, char **argv)
{
	struct override override = { 0 };
	const char *text = NULL;
	const char *reason = "";
	struct errmsg e;
	uint64_t seconds;

	if (options_read(argc, argv, &text, &reason) < 0)
		return usage_print("disable");
	if (override_fill(text, reason, &override, &e) < 0 ||
	    override_write(OVERRIDE_PATH, &override, &e) < 0)
		return error_print(&e);
	seconds = override.until - override_now();
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_WARNING, "isolation disabled: by=%s seconds=%llu reason=\"%s\"", override.by,
	       (unsigned long long)seconds, override.reason);
	end_print(seconds);
	return STATUS_OK;
}

int cmd_enable(int argc, char **argv)
{
	char by[64];
	struct errmsg e;
	int r;

	(void)argv;
	if (argc != 1)
		return usage_print("enable");
	r = override_remove(OVERRIDE_PATH, &e);
	if (r < 0)
		return error_print(&e);
	if (r == 0) {
		(void)puts("Isolation was not switched off.");
		return STATUS_OK;
	}
	actor_name(by, sizeof(by));
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "isolation enabled: by=%s", by);
	(void)puts("New logins are isolated again.");
	return STATUS_OK;
}
