/* The limits of users that are logged in; see live.h. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_apply.h"
#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "instance_ask.h"
#include "plan.h"
#include "policy.h"
#include "state.h"
#include "unit.h"

#define LOCK_TIMEOUT 10000  /* ms for a login to let go of the user's folder */
#define ANSWER_TIMEOUT 2000 /* ms for a supervisor to answer */

/* What a login works with, large, for the heap. */
struct work {
	struct facts facts;
	struct policy policy;
	struct plan plan;
};

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "nsisoctl: limit not set: %s\n", text);
}

static void report(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "%s/%s:%u:%u: %s\n", NSISO_CONFDIR, file, line, column, text);
}

int live_open(const char *user, struct live *ret, struct errmsg *e)
{
	int r;

	*ret = (struct live){ .user = user, .state = -1, .dir = -1 };
	r = views_find(user, &ret->views, e);
	if (r < 0)
		return r;
	if (strcmp(ret->views.view[0].user, user) != 0)
		return errmsg_setx(e, -EINVAL, "'%s' is an instance: limits are those of users",
				   user);
	views_done(&ret->views);
	ret->state = state_open(NSISO_RUNDIR, e);
	if (ret->state < 0)
		return ret->state;
	ret->dir = state_lock_user(ret->state, user, wire_now() + LOCK_TIMEOUT, e);
	if (ret->dir < 0)
		return ret->dir;
	/* Once more: now no further one is made. */
	r = views_find(user, &ret->views, e);
	if (r == 0)
		r = limits_live_read(ret->dir, &ret->limits, e);
	if (r == 0)
		(void)limits_live_expire(&ret->limits, limits_live_now());
	return r;
}

void live_close(struct live *live)
{
	views_done(&live->views);
	/* The lock may have made the folder anew. */
	if (live->dir >= 0)
		(void)unlinkat(live->state, live->user, AT_REMOVEDIR);
	close_fd(&live->dir);
	close_fd(&live->state);
}

/* As the login through the service that made the instance has it. */
static int make_plan(const struct live *live, const struct instance_record *record,
		     struct work *work, struct errmsg *e)
{
	int r = facts_user(live->user, &work->facts, e);

	if (r < 0)
		return r;
	(void)snprintf(work->facts.service, sizeof(work->facts.service), "%s", record->service);
	r = policy_find(NSISO_CONFDIR, &work->facts, report, NULL, &work->policy, e);
	if (r == 0)
		r = limits_live_lay(&live->limits, &work->policy, e);
	if (r < 0)
		return r;
	work->facts.cgroup = record->n_cgroups && !record->cgroup[0].v2 ? CGROUP_V1 : CGROUP_V2;
	return plan_build_limits(&work->policy, &work->facts, &work->plan, e);
}

static int apply_cgroups(const struct live *live, const struct instance_record *record,
			 const struct plan *plan, struct errmsg *e)
{
	const struct cgroup_apply how = {
		.plan = plan, .state = live->dir, .is_running = true, .force = true, .warn = warn
	};
	struct cgroup_set set;
	int r = cgroup_open(record, &set, e);

	if (r == 0)
		r = cgroup_apply(&set, &how, e);
	cgroup_close(&set);
	return r;
}

static int apply_units(const struct live *live, const struct work *work, struct errmsg *e)
{
	const struct unit_user user = { .user = live->user,
					.uid = work->facts.uid,
					.dir = live->dir,
					.deadline = wire_now() + UNIT_BUS_PATIENCE,
					.warn = warn };
	struct unit_limit limits[UNIT_LIMITS_MAX];
	int n = unit_limits_of(&work->plan, limits, e);

	return n < 0 ? n : unit_limit(&user, limits, (unsigned)n, e);
}

/* The supervisor wakes nsisoctl apply; without an answer limits stay beyond their time, so that is an error. */
static int set_clock(const struct live *live, const struct view *view, struct errmsg *e)
{
	struct limits_live limits = live->limits;
	uint64_t next = limits_live_expire(&limits, limits_live_now());
	AUTO_CLOSE int dir = view_open(view, e);
	int r;

	if (dir < 0)
		return dir;
	r = instance_ask_apply(dir, next * 1000, wire_now() + ANSWER_TIMEOUT, e);
	return next ? r : 0;
}

static int apply_one(const struct live *live, const struct view *view, struct errmsg *e)
{
	const struct instance_record *record = &view->record;
	AUTO_FREE struct work *work = calloc(1, sizeof(*work));
	int r;

	if (!work)
		return errmsg_set(e, -ENOMEM, "cannot make a plan");
	r = make_plan(live, record, work, e);
	if (r == 0 && record->n_cgroups)
		r = apply_cgroups(live, record, &work->plan, e);
	else if (r == 0 && record->n_accounts)
		r = apply_units(live, work, e);
	else if (r == 0 && live->limits.n)
		r = errmsg_setx(e, -EOPNOTSUPP, "instance %s has no cgroup", view->id);
	return r < 0 ? r : set_clock(live, view, e);
}

static bool is_open(const struct view *view)
{
	return view->state != VIEW_DEAD && view->state != VIEW_STARTING &&
	       view->state != VIEW_CLOSING;
}

int live_apply(const struct live *live, struct errmsg *e)
{
	int r = 0;

	for (size_t i = 0; i < live->views.n && r == 0; i++)
		if (is_open(&live->views.view[i]))
			r = apply_one(live, &live->views.view[i], e);
	return r;
}

int live_set(struct live *live, struct errmsg *e)
{
	AUTO_FREE struct limits_live *old = malloc(sizeof(*old));
	struct errmsg ignored;
	int r;

	if (!old)
		return errmsg_set(e, -ENOMEM, "cannot set limits");
	r = limits_live_read(live->dir, old, e);
	if (r == 0)
		r = live_apply(live, e);
	if (r == 0)
		r = limits_live_write(live->dir, &live->limits, e);
	if (r < 0) {
		live->limits = *old;
		(void)live_apply(live, &ignored);
	}
	return r;
}
