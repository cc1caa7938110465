/* The opener below the user's slice; see opener_unit.h. */
#include "opener_unit.h"

#include "errmsg.h"
#include "unit.h"
#include "wire.h"

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
				   .deadline = wire_now() + UNIT_BUS_PATIENCE,
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
	int n = unit_limits_of(&o->plan, limits, e), r;

	r = n < 0 ? n : unit_enter(&user, id, limits, (unsigned)n, e);
	/* Those who wait for us have been there all the time. */
	o->deadline = wire_now() + OPENER_TIMEOUT;
	return r;
}

void opener_unit_leave(const struct opener *o)
{
	const struct unit_user user = user_of((struct opener *)o);
	struct errmsg ignored;

	if (!unit_user_has_instances(o->user_dir))
		(void)unit_revert_inside(&user, &ignored);
}
