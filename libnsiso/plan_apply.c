/* Runs the steps of one actor in order; knows no step itself. */
#include "plan.h"

#include <errno.h>
#include <time.h>

#include "errmsg.h"

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int plan_apply(const struct plan *plan, enum plan_actor actor,
	       step_apply *const table[STEP_KIND_COUNT], step_traced *traced, void *ctx,
	       struct errmsg *e)
{
	unsigned i;
	int r;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		uint64_t begin;

		if (step->actor != actor)
			continue;
		if (step->kind >= STEP_KIND_COUNT || !table[step->kind])
			return errmsg_setx(e, -EPROTO, "step %u of the plan is not for this actor",
					   i);
		begin = plan->trace ? now_us() : 0;
		r = table[step->kind](plan, step, ctx, e);
		if (plan->trace && traced)
			traced(ctx, i, now_us() - begin, r);
		if (r < 0)
			return r;
	}
	return 0;
}
