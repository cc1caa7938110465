/* mode=observe; see pam_observe.h. */
#include "pam_observe.h"

#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "errmsg.h"

/* "memory.max=1073741824 pids.max=512", cut to size. */
static void print_limits(const struct plan *plan, char *ret, size_t size)
{
	size_t used = 0;
	unsigned i;

	ret[0] = '\0';
	for (i = 0; i < plan->n_steps && used + 1 < size; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind != STEP_CGROUP_LIMIT)
			continue;
		(void)snprintf(ret + used, size - used, "%s%s%s=%s", used ? "; " : "",
			       step->flags & STEP_SESSION ? "session." : "",
			       plan_text(plan, step->s1), plan_text(plan, step->s2));
		used = strlen(ret);
	}
}

/* All that can refuse a login before anything is made; what is killed by outside=kill is left alone. */
static int plan_login(struct opener *o, struct errmsg *e)
{
	int r = opener_check_caller(e);

	o->limits = o->policy;
	if (r == 0 && o->policy->session.outside != OUTSIDE_KILL)
		r = opener_check_outside(o, e);
	return r < 0 ? r : opener_plan(o, e);
}

void pam_observe(pam_handle_t *pamh, struct opener *o)
{
	char namespaces[64], files[512], limits[512];
	const struct facts *facts = &o->facts;
	struct errmsg e;

	policy_file_names(o->policy, files, sizeof(files));
	if (plan_login(o, &e) < 0) {
		pam_syslog(pamh, LOG_WARNING,
			   "session observed: user=%s service=%s id=%s policy=%s would=refuse "
			   "reason=%s",
			   facts->user, facts->service, facts->id, files, e.text);
		return;
	}
	plan_namespaces(o->plan.namespaces, namespaces, sizeof(namespaces));
	print_limits(&o->plan, limits, sizeof(limits));
	pam_syslog(pamh, LOG_NOTICE,
		   "session observed: user=%s service=%s id=%s policy=%s would=isolate ns=%s "
		   "cgroup=%s limits=\"%s\"",
		   facts->user, facts->service, facts->id, files, namespaces,
		   o->policy->cgroup.enable ? o->policy->cgroup.parent : "-", limits);
}
