/*
 * The user's processes outside of any instance, where the policy does not bear them: before anything is
 * joined or made, at every login, because a service without the module may have started one since.
 */
#include <errno.h>

#include "errmsg.h"
#include "opener.h"
#include "outside.h"

#define KILL_GRACE 500 /* ms between SIGTERM and SIGKILL */

int opener_check_outside(const struct opener *o, struct errmsg *e)
{
	const enum policy_outside wanted = o->policy->session.outside;
	struct outside found = { .n = 0 };
	char text[ERRMSG_MAX / 2];
	int r = 0;

	if (wanted == OUTSIDE_REFUSE)
		r = outside_find(o->facts.uid, &found, e);
	else if (wanted == OUTSIDE_KILL)
		r = outside_end(o->facts.uid, KILL_GRACE, &found, e);
	outside_print(&found, text, sizeof(text));
	if (r < 0)
		return errmsg_wrap(e, "outside of the isolation: %s", text);
	if (found.n && wanted == OUTSIDE_REFUSE)
		return errmsg_setx(e, -EPERM, "the user has processes outside of the isolation: %s",
				   text);
	if (found.n)
		o->warn(o, "processes outside ended", text);
	return 0;
}
