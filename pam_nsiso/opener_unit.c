/* The opener below the user's slice; see opener_unit.h. */
#include "opener_unit.h"

#include <errno.h>

#include "errmsg.h"
#include "unit.h"

static void warn(void *ctx, const char *text)
{
	const struct opener *o = ctx;

	o->warn(o, "limit not set", text);
}

static struct unit_user user_of(struct opener *o)
{
	return (struct unit_user){ .user = o->facts.user,
				   .uid = o->facts.uid,
				   .dir = o->user_dir,
				   .deadline = o->deadline,
				   .warn = warn,
				   .ctx = o };
}

bool opener_has_units(const struct opener *o)
{
	unsigned i;

	for (i = 0; i < o->plan.n_steps; i++)
		if (o->plan.steps[i].kind == STEP_UNIT_ENTER)
			return true;
	return false;
}

int opener_unit_enter(struct opener *o, const char *id, struct errmsg *e)
{
	const struct unit_user user = user_of(o);
	struct unit_limit limits[UNIT_LIMITS_MAX];
	unsigned i, n = 0;

	for (i = 0; i < o->plan.n_steps; i++) {
		const struct step *step = &o->plan.steps[i];

		if (step->kind != STEP_CGROUP_LIMIT)
			continue;
		if (n == UNIT_LIMITS_MAX)
			return errmsg_setx(e, -E2BIG, "the policy has more than %d limits",
					   UNIT_LIMITS_MAX);
		limits[n++] = (struct unit_limit){ .name = plan_text(&o->plan, step->s1),
						   .text = plan_text(&o->plan, step->s2),
						   .optional = step->flags & STEP_OPTIONAL,
						   .session = step->flags & STEP_SESSION };
	}
	return unit_enter(&user, id, limits, n, e);
}

void opener_unit_leave(const struct opener *o)
{
	const struct unit_user user = user_of((struct opener *)o);
	struct errmsg ignored;

	if (!unit_user_has_instances(o->user_dir))
		(void)unit_revert(&user, &ignored);
}
