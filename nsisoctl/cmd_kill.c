/*
 * nsisoctl kill and gc: the end of instances, of those that live and of what is left of dead ones.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "end.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy_value.h"
#include "wire.h"

#define GRACE_MAX 3600000 /* ms; as for [session] grace */

struct ending {
	const char *id; /* NULL: all that are visited */
	uint64_t grace;
	unsigned n, failed;
};

/* A failure does not keep the others alive. */
static int kill_one(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	struct ending *ending = ctx;

	if (ending->id && strcmp(ending->id, found->id) != 0)
		return 0;
	ending->n++;
	if (end_instance(found, ending->grace, e) == 0) {
		(void)printf("ended %s %s\n", found->user, found->id);
	} else {
		ending->failed++;
		(void)fprintf(stderr, "nsisoctl: %s\n", e->text);
	}
	return 0;
}

static int collect_one(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	struct ending *ending = ctx;
	int r;

	if (found->life != INSTANCE_DEAD)
		return 0;
	r = end_dead(found, e);
	if (r > 0)
		(void)printf("removed %s %s\n", found->user, found->id);
	if (r < 0) {
		ending->failed++;
		(void)fprintf(stderr, "nsisoctl: %s\n", e->text);
	}
	return 0;
}

static int kill_all(const char *name, struct ending *ending, struct errmsg *e)
{
	int r = instance_walk(NSISO_RUNDIR, name, kill_one, ending, e);

	if (r == 0 && ending->n == 0) {
		ending->id = name;
		r = instance_walk(NSISO_RUNDIR, NULL, kill_one, ending, e);
	}
	if (r == 0 && ending->n == 0)
		return errmsg_setx(e, -ENOENT, "there is no instance of user '%s' or with that id",
				   name);
	return r;
}

static int finish(int r, const struct ending *ending, const struct errmsg *e)
{
	if (r < 0)
		(void)fprintf(stderr, "nsisoctl: %s\n", e->text);
	return r < 0 || ending->failed ? STATUS_FAULT : STATUS_OK;
}

int cmd_kill(int argc, char **argv)
{
	static const struct option options[] = {
		{ "grace", required_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 },
	};
	struct ending ending = { .grace = WIRE_GRACE_POLICY };
	struct errmsg e = { 0 };
	uint32_t grace;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'g')
			return usage_print("kill");
		if (value_duration(optarg, GRACE_MAX, &grace, &e) < 0) {
			(void)fprintf(stderr, "nsisoctl: --grace: %s\n", e.text);
			return STATUS_USAGE;
		}
		ending.grace = grace;
	}
	if (optind + 1 != argc)
		return usage_print("kill");
	return finish(kill_all(argv[optind], &ending, &e), &ending, &e);
}

int cmd_gc(int argc, char **argv)
{
	struct ending ending = { .n = 0 };
	struct errmsg e = { 0 };

	if (getopt(argc, argv, "") != -1 || optind != argc)
		return usage_print("gc");
	return finish(instance_walk(NSISO_RUNDIR, NULL, collect_one, &ending, &e), &ending, &e);
}
