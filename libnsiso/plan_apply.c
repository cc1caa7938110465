/* Runs the steps of one actor in order; knows no step itself. */
#include "plan.h"

#include <errno.h>

#include "errmsg.h"

int plan_apply(const struct plan *plan, enum plan_actor actor,
	       step_apply *const table[STEP_KIND_COUNT], void *ctx, struct errmsg *e)
{
	unsigned i;
	int r;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->actor != actor)
			continue;
		if (step->kind >= STEP_KIND_COUNT || !table[step->kind])
			return errmsg_setx(e, -EPROTO, "step %u of the plan is not for this actor",
					   i);
		r = table[step->kind](plan, step, ctx, e);
		if (r < 0)
			return r;
	}
	return 0;
}
