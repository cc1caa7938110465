/*
 * nsisoctl wait: returns when instances have ended.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy_value.h"
#include "view.h"
#include "wire.h"

#define TIMEOUT_MAX 604800000 /* ms: a week */
#define PAUSE 50              /* ms between two looks at what no descriptor tells of */

static void take_pause(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };

	(void)nanosleep(&pause, NULL);
}

/* The end of a supervisor is the end of its instance: it is the last of it.  0 or -ETIMEDOUT. */
static int await_supervisor(const struct view *view, int64_t deadline)
{
	AUTO_CLOSE int fd = process_open(&view->record.supervisor);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - wire_now();

	if (deadline < 0)
		left = -1;
	else if (left < 0)
		left = 0;
	if (fd < 0) {
		take_pause();
		return 0;
	}
	return poll(&poller, 1, (int)left) != 0 ? 0 : -ETIMEDOUT;
}

/* 1: it is gone; 0: look again; -errno. */
static int await_one(const char *name, int64_t deadline, struct errmsg *e)
{
	struct views views;
	int r = views_read(name, &views, e);

	if (r < 0 || views.n == 0) {
		views_done(&views);
		return r < 0 ? r : 1;
	}
	if (views.view[0].state == VIEW_DEAD)
		r = errmsg_setx(e, -EOWNERDEAD,
				"the supervisor of instance %s has died: nsisoctl gc removes what "
				"is left",
				views.view[0].id);
	else if (views.view[0].record.supervisor.pid == 0)
		take_pause();
	else
		r = await_supervisor(&views.view[0], deadline);
	views_done(&views);
	if (r == -ETIMEDOUT || (r == 0 && deadline >= 0 && wire_now() >= deadline))
		return errmsg_setx(e, -ETIMEDOUT, "'%s' has not ended in time", name);
	return r;
}

int cmd_wait(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct errmsg e = { 0 };
	int64_t deadline = -1;
	uint32_t timeout;
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 't')
			return usage_print("wait");
		if (value_duration(optarg, TIMEOUT_MAX, &timeout, &e) < 0) {
			(void)fprintf(stderr, "nsisoctl: --timeout: %s\n", e.text);
			return STATUS_USAGE;
		}
		deadline = wire_now() + timeout;
	}
	if (optind + 1 != argc)
		return usage_print("wait");
	do
		r = await_one(argv[optind], deadline, &e);
	while (r == 0);
	if (r > 0)
		return STATUS_OK;
	return error_print(&e);
}
