/*
 * nsisoctl kill and gc: the end of instances, of those that live and of what is left of dead ones.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "end.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy.h"
#include "policy_value.h"
#include "wire.h"

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
		(void)error_print(e);
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
		(void)error_print(e);
	}
	return 0;
}

/* Each user who has or had an instance has a mark there; see state_uid.h. */
static void collect_users(struct ending *ending)
{
	AUTO_CLOSE int fd = open(NSISO_RUNDIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *marks = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *mark;

	if (!marks)
		return;
	while ((mark = readdir(marks))) {
		char user[NSISO_USER_MAX] = "", *end = NULL;
		struct errmsg e;
		unsigned long uid = strncmp(mark->d_name, ".uid-", 5) == 0 ?
					    strtoul(mark->d_name + 5, &end, 10) :
					    0;

		if (!end || *end || readlinkat(fd, mark->d_name, user, sizeof(user) - 1) < 0 ||
		    !policy_user_is_safe(user) || end_user(user, (uid_t)uid, &e) == 0)
			continue;
		ending->failed++;
		(void)error_print(&e);
	}
	(void)closedir(marks);
	fd = -1; /* closed with it */
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
		(void)error_print(e);
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
		if (value_duration(optarg, WIRE_GRACE_MAX, &grace, &e) < 0) {
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
	int r;

	if (getopt(argc, argv, "") != -1 || optind != argc)
		return usage_print("gc");
	r = instance_walk(NSISO_RUNDIR, NULL, collect_one, &ending, &e);
	if (r == 0)
		collect_users(&ending);
	return finish(r, &ending, &e);
}
