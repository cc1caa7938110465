/* The plan under construction, shared by the files that build it. */
#ifndef NSISO_PLAN_BUILDER_H
#define NSISO_PLAN_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

struct errmsg;
struct facts;
struct policy;

/* The first failure sticks, so that the builders need no checks between. */
struct builder {
	struct plan *plan;
	const struct policy *policy;
	const struct facts *facts;
	enum plan_actor actor;
	struct errmsg *e;
	int error;
};

uint16_t builder_add_text(struct builder *b, const char *text, size_t len);
/* The new step, all zero but kind and actor; a spare one when the plan is full. */
struct step *builder_add_step(struct builder *b, enum step_kind kind);

/* The user namespace of the policy, if it has one. */
void plan_user_add(struct builder *b);
/* The namespaces (CLONE_NEW* flags) that it owns besides the mounts. */
uint64_t plan_user_owned(const struct policy *policy);

/* Limits, and the group of the session that goes with some. */
void plan_cgroup_add_limits(struct builder *b);
void plan_cgroup_add_view(struct builder *b);
/* Whether sessions have groups of their own. */
bool plan_has_session_groups(const struct policy *policy);

#endif
