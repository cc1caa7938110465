/* The opener on a host that is run by systemd: below the user's slice, with the limits of the policy. */
#ifndef NSISO_OPENER_UNIT_H
#define NSISO_OPENER_UNIT_H

#include "opener.h"

struct errmsg;

/* Whether the plan has a step for it. */
bool opener_has_units(const struct opener *o);
/* For a session of the instance id; the limits are those of o->plan. */
int opener_unit_enter(struct opener *o, const char *id, struct errmsg *e);
/* After a failure: without an instance the user has no limits. */
void opener_unit_leave(const struct opener *o);

#endif
