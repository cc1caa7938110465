/* What nsisoctl show --diff prints, from fixed facts: ctl/show_diff.want. */
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "golden.h"
#include "plan.h"
#include "policy.h"
#include "show.h"
#include "tap.h"

static void ignore(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx;
	tap_bail("%s:%u:%u: %s", file, line, column, text);
}

static void result_make(const char *text, struct show_result *ret)
{
	struct errmsg e;

	policy_defaults(&ret->policy);
	if (policy_parse(&ret->policy, text, strlen(text), "users.d/alice.conf", NULL, ignore,
			 NULL) < 0 ||
	    plan_build(&ret->policy, &golden_facts, &ret->plan, &e) < 0)
		tap_bail("cannot make a plan");
}

/* What a draft changes, nothing, and a login that is not isolated any more. */
static void print_show_diff(FILE *out)
{
	static struct show_result old, new;

	result_make("[cgroup]\nmemory.max? = 1G\npids.max = 64\n[uts]\nhostname = a\n", &old);
	result_make("[cgroup]\npids.max = 99\n\n[uts]\nhostname = b\n[mount]\nread_only = /srv\n",
		    &new);
	(void)fprintf(out, "differs: %d\n", show_diff(&old, &new, out));
	(void)fprintf(out, "differs: %d\n", show_diff(&old, &old, out));
	new = old;
	new.skip_reason = "exempt";
	new.plan.n_steps = 0;
	(void)fprintf(out, "differs: %d\n", show_diff(&old, &new, out));
}

int main(void)
{
	tap_begin();
	golden_check("show_diff", print_show_diff);
	return tap_end();
}
