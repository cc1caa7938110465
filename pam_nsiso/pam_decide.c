/* Whose session this is, and whether it is to be isolated; see pam_decide.h. */
#include "pam_decide.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "errmsg.h"
#include "nsiso.h"
#include "override.h"
#include "pam_leave.h"

/* A value from outside, safe for one line of a log. */
static void copy_clean(char *ret, size_t size, const void *value)
{
	char *c;

	(void)snprintf(ret, size, "%s", value ? (const char *)value : "");
	for (c = ret; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '"' || *c == '=')
			*c = '?';
}

static int read_facts(pam_handle_t *pamh, struct facts *facts, struct errmsg *e)
{
	const void *service = NULL, *rhost = NULL, *tty = NULL;
	const char *user = NULL;
	char clean[64];

	(void)pam_get_item(pamh, PAM_SERVICE, &service);
	(void)pam_get_item(pamh, PAM_RHOST, &rhost);
	(void)pam_get_item(pamh, PAM_TTY, &tty);
	copy_clean(facts->tty, sizeof(facts->tty), tty);
	copy_clean(facts->service, sizeof(facts->service), service);
	copy_clean(facts->rhost, sizeof(facts->rhost), rhost);
	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || !user || !*user)
		return errmsg_setx(e, -ENOENT, "PAM has no user name");
	if (!policy_user_is_safe(user)) {
		copy_clean(clean, sizeof(clean), user);
		return errmsg_setx(e, -EINVAL, "user name '%s' cannot be part of a path", clean);
	}
	return facts_user(user, facts, e);
}

static void report(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	pam_syslog(ctx, LOG_ERR, "policy fault: %s:%u:%u: %s", file, line, column, text);
}

/*
 * The run folder of an instance has a socket where the host's has the users' folders.  Somebody who is
 * inside already stays there; to become another user from inside would be half of two isolations.
 */
static int check_inside(const struct facts *facts, struct errmsg *e)
{
	struct stat st;

	if (lstat(NSISO_RUNDIR "/init", &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return errmsg_set(e, -errno, "cannot examine %s/init", NSISO_RUNDIR);
		return 0;
	}
	if (!S_ISSOCK(st.st_mode))
		return 0;
	if (getuid() == facts->uid)
		return 1;
	return errmsg_setx(e, -EPERM,
			   "user %s cannot be entered from inside another isolated session",
			   facts->user);
}

static int not_isolated(pam_handle_t *pamh, const struct facts *facts, const char *why)
{
	pam_syslog(pamh, LOG_NOTICE, "session not isolated: user=%s service=%s reason=%s",
		   facts->user, facts->service, why);
	return 1;
}

/* The admin's way out.  A file that cannot be trusted switches nothing off. */
static bool is_disabled(pam_handle_t *pamh, const struct facts *facts)
{
	struct override override;
	struct errmsg e;
	int r = override_read(OVERRIDE_PATH, &override, &e);

	if (r < 0)
		pam_syslog(pamh, LOG_WARNING, "override ignored: %s", e.text);
	if (r <= 0)
		return false;
	pam_syslog(pamh, LOG_NOTICE,
		   "session not isolated: user=%s service=%s reason=disabled by=%s left=%llus",
		   facts->user, facts->service, override.by,
		   (unsigned long long)(override.until - override_now()));
	return true;
}

int pam_decide_user(pam_handle_t *pamh, struct facts *facts, struct errmsg *e)
{
	/* First of all: it is what the log line is found by, whatever goes wrong. */
	int r = facts_id(facts, e);

	if (r == 0)
		r = read_facts(pamh, facts, e);
	if (r < 0)
		return r;
	if (facts->uid == 0) {
		r = pam_leave_is_due(e);
		if (r)
			return r < 0 ? r : 2;
		return not_isolated(pamh, facts, "root");
	}
	r = check_inside(facts, e);
	if (r > 0)
		return not_isolated(pamh, facts, "inside-already");
	return r == 0 && is_disabled(pamh, facts) ? 1 : r;
}

int pam_decide_policy(pam_handle_t *pamh, const struct pam_args *args, const struct facts *facts,
		      struct policy *policy, struct errmsg *e)
{
	const char *why = "exempt";
	struct errmsg ignored;
	int r;

	r = policy_find(args->confdir, facts, report, pamh, policy, e);
	/* The files that are broken are none that could have made this user less exempt. */
	if (r < 0 && policy_find_exempt(args->confdir, facts, policy, &ignored) != 1)
		return errmsg_wrap(e, "policy");
	if (r == 0)
		why = policy_skip_reason(policy, facts);
	if (!why)
		return 0;
	(void)not_isolated(pamh, facts, why);
	return strcmp(why, "observe") == 0 ? 2 : 1;
}
