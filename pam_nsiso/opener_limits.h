/* The limits of a login: those of the user in force, those of the session on a group of its own. */
#ifndef NSISO_OPENER_LIMITS_H
#define NSISO_OPENER_LIMITS_H

#include "opener.h"

struct errmsg;

/* The controllers (bits) that limits of the plan at that level need. */
unsigned opener_controllers(const struct plan *plan, enum cgroup_level level);
/* The user's; joining: of an instance that runs, whose hierarchies are what they are. */
int opener_apply_limits(struct opener *o, bool joining, struct errmsg *e);
/* Makes the session's group, delegated where the flags of the step say so, and sets its limits. */
int opener_make_session(struct opener *o, uint16_t flags, struct errmsg *e);
/* All of it for a login that joins an instance: with the limits that the policy has now. */
int opener_join_limits(struct opener *o, struct errmsg *e);

#endif
