/*
 * The users: what the policies come to for each who can log in, by the functions of the login itself, and
 * whether the login shell is the one that the policy relies on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "doctor.h"
#include "doctor_accounts.h"
#include "errmsg.h"
#include "facts.h"
#include "plan.h"
#include "policy.h"
#include "policy_keys.h"

static const struct doctor_rule rule_passwd = { "users-passwd", SEVERITY_PROBLEM,
						"nothing can be said about users",
						"run this as root, on a whole root folder" };
static const struct doctor_rule rule_fault = { "policy-fault", SEVERITY_PROBLEM,
					       "the logins that it concerns are refused",
					       "correct it; nsisoctl check shows all faults" };
static const struct doctor_rule rule_plan = { "policy-refused", SEVERITY_PROBLEM,
					      "each login of this user is refused",
					      "change the policy or the account" };
static const struct doctor_rule rule_real_shell = {
	"policy-shell", SEVERITY_PROBLEM, "logins end at once: there is nothing to run",
	"name the real login shell in [session] shell"
};
static const struct doctor_rule rule_suid = { "policy-suid", SEVERITY_NOTE,
					      "set-user-ID programs inside run as root of the host",
					      "name the few that are needed: suid = PATHS" };
static const struct doctor_rule rule_shell = {
	"users-shell", SEVERITY_WARNING,
	"where PAM does not isolate a login, nothing refuses it, and su -s keeps the bounding set",
	"chsh -s " NSSHELL_PATH " USER, and name the real shell in the policy"
};
static const struct doctor_rule rule_shell_needed = {
	"users-shell-needed", SEVERITY_PROBLEM,
	"only nsshell takes a login into the user namespace that [user] map asks for",
	"chsh -s " NSSHELL_PATH " USER, and name the real shell in the policy"
};
static const struct doctor_rule rule_shells = {
	"etc-shells", SEVERITY_WARNING,
	"pam_shells and chsh refuse users whose login shell is not in that list",
	"add-shell " NSSHELL_PATH ", or append the line"
};
static const struct doctor_rule rule_account = {
	"account-missing", SEVERITY_PROBLEM, "all logins that are to be isolated are refused",
	"systemd-sysusers, or useradd --system; see README"
};
static const struct doctor_rule rule_account_login = {
	"account-login", SEVERITY_PROBLEM,
	"whoever has this account can end all instances, which run as it",
	"give it a uid of its own, not 0, and the shell /usr/sbin/nologin"
};

/* What one look at all users needs; the stub for groups has no other way to it. */
struct users_look {
	struct doctor *d;
	struct doctor_users *users;
	char *confdir; /* with the root folder before it */
	struct policy policy;
	struct plan plan;
};

static struct doctor *group_source;

/* In the groups of a root folder that is not /. */
static int group_has(const struct facts *facts, const char *group)
{
	AUTO_FREE char *text = doctor_read(group_source, "/etc/group");
	struct doctor_text lines = { .at = text };
	char *line, *field[4], *name;
	unsigned long gid;

	while (text && (line = doctor_line(&lines, false))) {
		if (fields_read(line, field, 4) != 4 || strcmp(field[0], group) != 0)
			continue;
		if (number_read(field[2], &gid) && gid == facts->gid)
			return 1;
		while ((name = strsep(&field[3], ",")))
			if (strcmp(name, facts->user) == 0)
				return 1;
	}
	return 0;
}

/* Each fault once, however many users it concerns. */
static void fault_add(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	struct users_look *look = ctx;
	struct doctor *d = look->d;
	AUTO_FREE char *path = NULL;

	(void)column;
	/* What concerns a folder has its whole path. */
	if (strncmp(file, look->confdir, strlen(look->confdir)) == 0)
		path = strdup(file + strlen(d->prefix));
	else if (asprintf(&path, "%s/%s", d->confdir, file) < 0)
		path = NULL;
	if (!path) {
		d->is_out_of_memory = true;
		return;
	}
	if (!doctor_has(d, &rule_fault, path, line))
		doctor_add(d, &rule_fault, path, line, "%s", text);
}

/* A finding about the place where the policy has a key. */
static void add_at_key(struct users_look *look, const struct doctor_rule *rule, enum key_row row,
		       const char *what, const char *value)
{
	const struct policy *policy = &look->policy;
	const unsigned line = policy->origin[row].line;
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", look->d->confdir,
		     line ? policy->files[policy->origin[row].file] : policy->files[0]) < 0)
		path = NULL;
	if (!doctor_has(look->d, rule, path, line))
		doctor_add(look->d, rule, path, line, "%s%s", what, value);
}

static void controllers_note(struct users_look *look, const struct doctor_account *account)
{
	struct doctor_users *users = look->users;
	unsigned i, known;

	for (i = 0; i < look->plan.n_steps; i++) {
		const struct step *step = &look->plan.steps[i];
		const char *name = plan_text(&look->plan, step->s1);
		size_t len = strcspn(name, ".");

		if (step->kind != STEP_CGROUP_LIMIT || (step->flags & STEP_OPTIONAL) || len > 15)
			continue;
		for (known = 0; known < users->n_controllers; known++)
			if (strncmp(users->controllers[known], name, len) == 0)
				break;
		if (known < users->n_controllers || known == CONTROLLERS_MAX)
			continue;
		memcpy(users->controllers[known], name, len);
		users->wants[known] = account->name;
		users->n_controllers++;
	}
}

static int facts_fill(const struct users_look *look, const struct doctor_account *account,
		      struct facts *ret, struct errmsg *e)
{
	if (strlen(account->name) >= sizeof(ret->user) ||
	    strlen(account->home) >= sizeof(ret->home))
		return errmsg_setx(e, -EINVAL, "the name or the home is too long");
	(void)snprintf(ret->user, sizeof(ret->user), "%s", account->name);
	(void)snprintf(ret->home, sizeof(ret->home), "%s", account->home);
	(void)snprintf(ret->service, sizeof(ret->service), "%s", look->d->sshd_service);
	(void)snprintf(ret->id, sizeof(ret->id), "ID");
	if (gethostname(ret->host, sizeof(ret->host) - 1) < 0)
		ret->host[0] = '\0';
	ret->uid = account->uid;
	ret->gid = account->gid;
	ret->in_group = look->d->is_live ? NULL : group_has;
	return 0;
}

/* A user who is to be isolated. */
static void isolated_check(struct users_look *look, struct doctor_account *account,
			   struct facts *facts)
{
	const struct policy *policy = &look->policy;
	struct doctor *d = look->d;
	struct errmsg e = { .text = "" };
	int r;

	account->is_isolated = true;
	account->open_doors = doctor_doors(policy);
	look->users->has_user_ns |= policy->user.map != MAP_NONE;
	look->users->has_nested |= policy->user.nested;
	r = d->is_live ? facts_maps(facts, policy, &e) : 0;
	if (r == 0)
		r = plan_build(policy, facts, &look->plan, &e);
	if (r < 0)
		doctor_add(d, &rule_plan, "/etc/passwd", account->line, "%s: %s", account->name,
			   e.text);
	else
		controllers_note(look, account);
	if (strcmp(account->shell, NSSHELL_PATH) != 0)
		doctor_add(d, policy->user.map == MAP_NONE ? &rule_shell : &rule_shell_needed,
			   "/etc/passwd", account->line, "%s: the login shell is %s", account->name,
			   account->shell);
	if (!doctor_exists(d, policy->session.shell))
		add_at_key(look, &rule_real_shell, ROW_SESSION_SHELL,
			   "no such file: shell = ", policy->session.shell);
	if (policy->mount.suid == SUID_YES)
		add_at_key(look, &rule_suid, ROW_MOUNT_SUID, "suid = yes", "");
}

static void user_check(struct users_look *look, struct doctor_account *account)
{
	struct facts facts = { .cgroup = CGROUP_V2 };
	struct errmsg e = { .text = "" };
	size_t before = look->d->n_findings;

	if (facts_fill(look, account, &facts, &e) < 0 || !policy_user_is_safe(account->name)) {
		doctor_add(look->d, &rule_plan, "/etc/passwd", account->line,
			   "%s: the name or the home cannot be used", account->name);
		return;
	}
	if (policy_find(look->confdir, &facts, fault_add, look, &look->policy, &e) == 0) {
		if (!policy_skip_reason(&look->policy, &facts))
			isolated_check(look, account, &facts);
		return;
	}
	/* The fault that the reporter was told of, for this or another user, is there already. */
	for (size_t i = 0; i < look->d->n_findings; i++)
		if (look->d->findings[i].rule == &rule_fault)
			return;
	if (look->d->n_findings == before)
		doctor_add(look->d, &rule_fault, look->d->confdir, 0, "%s", e.text);
}

static void shells_check(struct doctor *d)
{
	AUTO_FREE char *text = doctor_read(d, "/etc/shells");
	struct doctor_text lines = { .at = text };
	char *line;

	while (text && (line = doctor_line(&lines, false))) {
		char *word = doctor_word(&line);

		if (word && strcmp(word, NSSHELL_PATH) == 0)
			return;
	}
	doctor_add(d, &rule_shells, "/etc/shells", 0, "%s is not listed", NSSHELL_PATH);
}

static void account_check(struct doctor *d, const struct doctor_users *users)
{
	const struct doctor_account *account = account_find(users, NSISO_ACCOUNT);

	if (!account) {
		doctor_add(d, &rule_account, "/etc/passwd", 0, "no account %s", NSISO_ACCOUNT);
		return;
	}
	for (size_t i = 0; i < users->n; i++)
		if (&users->accounts[i] != account && users->accounts[i].uid == account->uid)
			doctor_add(d, &rule_account_login, "/etc/passwd", account->line,
				   "account %s has the uid of %s", NSISO_ACCOUNT,
				   users->accounts[i].name);
	if (account->is_person || account->uid == 0)
		doctor_add(d, &rule_account_login, "/etc/passwd", account->line,
			   "account %s has uid %u and the shell %s", NSISO_ACCOUNT,
			   (unsigned)account->uid, account->shell);
}

void doctor_users(struct doctor *d)
{
	AUTO_FREE struct users_look *look = calloc(1, sizeof(*look));
	unsigned isolated = 0, others = 0;

	if (!look) {
		d->is_out_of_memory = true;
		return;
	}
	look->d = group_source = d;
	look->users = d->users;
	if (accounts_read(d, d->users) < 0) {
		doctor_add(d, &rule_passwd, "/etc/passwd", 0, "cannot be read");
		return;
	}
	look->confdir = doctor_path(d, d->confdir);
	for (size_t i = 0; i < d->users->n && look->confdir; i++) {
		struct doctor_account *account = &d->users->accounts[i];

		if (!account->is_person)
			continue;
		user_check(look, account);
		isolated += account->is_isolated;
		others += !account->is_isolated;
	}
	free(look->confdir);
	doctor_fact(d, "Host", "users", "%u isolated, %u not", isolated, others);
	shells_check(d);
	account_check(d, d->users);
}
