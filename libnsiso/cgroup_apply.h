/*
 * The limits of a plan, put in force for a user: one function for logins that build an instance, for those that
 * join one, and for nsisoctl.
 */
#ifndef NSISO_CGROUP_APPLY_H
#define NSISO_CGROUP_APPLY_H

#include <stdbool.h>

#include "cgroup.h"
#include "plan.h"

struct errmsg;

#define CGROUP_APPLIED ".applied" /* in the user's state folder: the limits that are in force */

struct cgroup_apply {
	const struct plan *plan; /* its CGROUP_LIMIT steps without STEP_SESSION */
	int state;       /* the user's state folder, locked; -1: a set of its own, noted nowhere */
	bool is_running; /* the instance runs: it can't get into another v1 hierarchy (a warning) */
	bool force;      /* look at the files themselves: somebody else may have written there */
	void (*warn)(void *ctx,
		     const char *text); /* told of best-effort limits that cannot be set */
	void *ctx;
};

/*
 * Writes what differs from what was applied before, and resets to the kernel's default what was set and is not
 * in the plan any more.  When nothing has changed it costs the reading of one small file.  The first limit
 * that cannot be set and is not best effort ends it: -errno.
 */
int cgroup_apply(const struct cgroup_set *set, const struct cgroup_apply *how, struct errmsg *e);

#endif
