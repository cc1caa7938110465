/* The limits of a plan, and what a session sees of its cgroups. */
#include <errno.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "plan.h"
#include "plan_builder.h"
#include "policy.h"
#include "policy_limit.h"

/* limits: those of the user, or of one session. */
static void add_limits(struct builder *b, const struct policy_limit *limits, uint16_t flags)
{
	char text[POLICY_LIMIT_TEXT_MAX];
	unsigned id;
	size_t at;

	for (id = 0; id < LIMIT_COUNT; id++)
		for (at = 0; policy_limit_next(b->policy, limits, id, &at, text);) {
			struct step *step = builder_add_step(b, STEP_CGROUP_LIMIT);

			step->s1 = builder_add_text(b, policy_limit_names[id],
						    strlen(policy_limit_names[id]));
			step->s2 = builder_add_text(b, text, strlen(text));
			step->n1 = limits[id].value;
			step->n2 = limits[id].period;
			step->flags = flags;
			if (limits[id].optional)
				step->flags |= STEP_OPTIONAL;
		}
}

bool plan_has_session_groups(const struct policy *policy)
{
	unsigned id;

	for (id = 0; id < LIMIT_COUNT; id++)
		if (policy->cgroup.session[id].set)
			return true;
	return policy->cgroup.delegate;
}

void plan_cgroup_add_limits(struct builder *b)
{
	const struct policy *policy = b->policy;

	add_limits(b, policy->cgroup.limit, 0);
	add_limits(b, policy->cgroup.session, STEP_SESSION);
	if (b->facts->backend == BACKEND_SYSTEMD)
		return;
	/* It keeps to the group that systemd has made for it. */
	if (strcmp(b->facts->service, "systemd-user") == 0 && b->error == 0)
		b->error = errmsg_setx(b->e, -EOPNOTSUPP,
				       "a service manager inside needs [cgroup] backend = systemd, "
				       "or enable = no");
	/* On v1 whoever may write to a group's files may lift its limits. */
	if (policy->cgroup.delegate && b->facts->cgroup != CGROUP_V2 && b->error == 0)
		b->error = errmsg_setx(b->e, -EOPNOTSUPP,
				       "[cgroup] delegate = yes needs cgroup version 2: on this "
				       "host the limits are those of version 1");
	if (plan_has_session_groups(policy))
		builder_add_step(b, STEP_CGROUP_SESSION)->flags =
			policy->cgroup.delegate ? STEP_DELEGATE : 0;
}

/*
 * Read-only but for who may divide his own group: what the session has there is for looking at.
 */
void plan_cgroup_add_view(struct builder *b)
{
	const struct policy *policy = b->policy;
	struct step *step;

	if (b->facts->cgroup == CGROUP_NONE)
		return;
	/* A service manager inside divides the group of its service, and is to see it where systemd has it. */
	if (policy->session.user_manager == MANAGER_INSIDE &&
	    (b->facts->backend == BACKEND_SYSTEMD || !policy->cgroup.enable))
		return;
	step = builder_add_step(b, STEP_CGROUP_VIEW);
	step->s1 = builder_add_text(b, "/sys/fs/cgroup", strlen("/sys/fs/cgroup"));
	step->flags = STEP_MAYBE;
	if (!policy->cgroup.enable || !policy->cgroup.delegate)
		step->flags |= STEP_RDONLY;
}

int plan_build_limits(const struct policy *policy, const struct facts *facts, struct plan *ret,
		      struct errmsg *e)
{
	static const struct errmsg no_error;
	struct builder b = {
		.plan = ret, .policy = policy, .facts = facts, .e = e, .actor = ACTOR_OPENER
	};

	*e = no_error;
	memset(ret, 0, offsetof(struct plan, steps));
	ret->text[0] = '\0';
	ret->text_len = 1;
	ret->version = PLAN_VERSION;
	if (policy->cgroup.enable)
		plan_cgroup_add_limits(&b);
	return b.error;
}
