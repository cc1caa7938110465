/*
 * nsshell outside of any instance: PAM did not isolate this login.  That is right only where the policy says
 * so; sshd without UsePAM, or a service without the module, must not become a way around it.
 */
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "login.h"
#include "override.h"
#include "policy.h"

/* The first fault is in the error; the rest is for nsisoctl check. */
static void ignore(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx, (void)file, (void)line, (void)column, (void)text;
}

int login_find_user(uid_t uid, struct facts *facts, struct errmsg *e)
{
	const struct passwd *account;

	errno = 0;
	account = getpwuid(uid);
	if (!account)
		return errmsg_set(e, errno ? -errno : -ENOENT, "cannot look up uid %u",
				  (unsigned)uid);
	return facts_user(account->pw_name, facts, e);
}

/* The policy, or for who is exempt by a file of his own that file alone: then the others may be broken. */
static int find_policy(struct policy *policy, const struct facts *facts, struct errmsg *e)
{
	struct errmsg ignored;
	int r = policy_find(NSISO_CONFDIR, facts, ignore, NULL, policy, e);

	if (r < 0 && policy_find_exempt(NSISO_CONFDIR, facts, policy, &ignored) == 1)
		return 0;
	return r;
}

static bool is_disabled(uid_t uid)
{
	struct override override;
	struct errmsg ignored;

	if (override_read(OVERRIDE_PATH, &override, &ignored) != 1)
		return false;
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "session not isolated: uid=%u reason=disabled by=%s",
	       (unsigned)uid, override.by);
	return true;
}

int login_find_policy(uid_t uid, struct policy *ret, struct facts *facts, struct errmsg *e)
{
	/* They get in whatever the policy looks like; with a broken one the shell is the built-in one. */
	bool is_let_in = uid == 0 || is_disabled(uid);
	int r;

	policy_defaults(ret);
	r = login_find_user(uid, facts, e);
	if (r == 0)
		r = find_policy(ret, facts, e);
	if (r < 0 && !is_let_in)
		return r;
	return is_let_in || policy_skip_reason(ret, facts) != NULL;
}

int login_is_exempt(char *shell, struct errmsg *e)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	struct facts facts = { .service = "login", .uid = getuid() };
	int r;

	if (!policy)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	r = login_find_policy(getuid(), policy, &facts, e);
	if (r >= 0)
		(void)snprintf(shell, NSISO_PATH_MAX, "%s", policy->session.shell);
	return r;
}
