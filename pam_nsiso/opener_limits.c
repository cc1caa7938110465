/* The limits of a login; see opener_limits.h. */
#include "opener_limits.h"

#include <errno.h>

#include "cgroup_apply.h"
#include "errmsg.h"

unsigned opener_controllers(const struct plan *plan, enum cgroup_level level)
{
	unsigned i, controllers = 0;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		bool session = step->flags & STEP_SESSION;

		if (step->kind == STEP_CGROUP_LIMIT && session == (level == LEVEL_SESSION))
			controllers |= cgroup_controller_of(plan_text(plan, step->s1));
	}
	return controllers;
}

static void warn(void *ctx, const char *text)
{
	const struct opener *o = ctx;

	o->warn(o, "limit not set", text);
}

int opener_apply_limits(struct opener *o, bool joining, struct errmsg *e)
{
	const struct cgroup_apply how = { .plan = &o->plan,
					  .state = o->facts.is_trial ? -1 : o->user_dir,
					  .is_running = joining,
					  .warn = warn,
					  .ctx = o };

	return o->cgroups.n ? cgroup_apply(&o->cgroups, &how, e) : 0;
}

static int set_session_limits(struct opener *o, struct errmsg *e)
{
	const struct plan *plan = &o->plan;
	unsigned i;
	int r;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind != STEP_CGROUP_LIMIT || !(step->flags & STEP_SESSION))
			continue;
		r = cgroup_limit(&o->cgroups, LEVEL_SESSION, plan_text(plan, step->s1),
				 plan_text(plan, step->s2), e);
		if (r < 0 && !(step->flags & STEP_OPTIONAL))
			return errmsg_wrap(e, "limit of one session");
		if (r < 0)
			warn(o, e->text);
	}
	return 0;
}

int opener_make_session(struct opener *o, uint16_t flags, struct errmsg *e)
{
	int r = cgroup_session_make(&o->cgroups, opener_controllers(&o->plan, LEVEL_SESSION), e);

	if (r == 0)
		r = set_session_limits(o, e);
	if (r == 0 && (flags & STEP_DELEGATE))
		r = cgroup_delegate(&o->cgroups, o->facts.uid, o->facts.gid, e);
	return r;
}

static const struct step *find_session_step(const struct plan *plan)
{
	unsigned i;

	for (i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == STEP_CGROUP_SESSION)
			return &plan->steps[i];
	return NULL;
}

/* Not one that lacks groups for sessions, or a v1 hierarchy that has limits for them. */
static bool has_room_for_session(const struct opener *o)
{
	unsigned i, missing = opener_controllers(&o->plan, LEVEL_SESSION);

	for (i = 0; i < o->cgroups.n; i++) {
		const struct cgroup_one *one = &o->cgroups.one[i];

		if (!one->controller)
			return one->is_split;
		missing &= ~cgroup_controller_bit(one->controller);
	}
	return missing == 0;
}

int opener_join_limits(struct opener *o, struct errmsg *e)
{
	const struct step *step;
	int r = 0;

	if (o->cgroups.n == 0)
		return 0;
	o->facts.cgroup = o->cgroups.one[0].controller ? CGROUP_V1 : CGROUP_V2;
	r = plan_build_limits(o->limits, &o->facts, &o->plan, e);
	if (r == 0)
		r = opener_apply_limits(o, true, e);
	if (r < 0)
		return r;
	step = find_session_step(&o->plan);
	if (step && has_room_for_session(o))
		return opener_make_session(o, step->flags, e);
	if (step)
		warn(o,
		     "the limits of a session hold from the user's next instance on: the one that "
		     "runs was made without");
	/* An instance whose sessions have groups of their own takes in none without. */
	return cgroup_session_make(&o->cgroups, 0, e);
}
