/*
 * nsshell outside of any instance: PAM did not isolate this login.  That is right only where the policy says
 * so; sshd without UsePAM, or a service without the module, must not become a way around it.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "login.h"
#include "policy.h"

/* The first fault is in the error; the rest is for nsisoctl check. */
static void ignore(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx, (void)file, (void)line, (void)column, (void)text;
}

static int find_policy(struct policy *policy, struct facts *facts, struct errmsg *e)
{
	const struct passwd *account;
	int r;

	errno = 0;
	account = getpwuid(getuid());
	if (!account)
		return errmsg_set(e, errno ? -errno : -ENOENT, "cannot look up uid %u",
				  (unsigned)getuid());
	r = facts_user(account->pw_name, facts, e);
	if (r == 0)
		r = policy_find(NSISO_CONFDIR, facts, ignore, NULL, policy, e);
	return r;
}

int login_is_exempt(char *shell, struct errmsg *e)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	struct facts facts = { .service = "login", .uid = getuid() };
	int r;

	if (!policy)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	policy_defaults(policy);
	/* Root gets in whatever the policy looks like. */
	r = find_policy(policy, &facts, e);
	if (r < 0 && getuid() != 0)
		return r;
	(void)snprintf(shell, NSISO_PATH_MAX, "%s", policy->session.shell);
	return policy_skip_reason(policy, &facts) != NULL;
}
