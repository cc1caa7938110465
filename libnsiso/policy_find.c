/*
 * Which files make the policy of a login, and reading them: default.conf, conf.d, users.d.  Fails
 * closed: one fault anywhere, also in a file of conf.d that is no match, and there is no policy.
 */
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "policy_names.h"
#include "policy_trust.h"

/* The state of one search; also what the reporter of policy_parse() gets. */
struct search {
	const struct facts *facts;
	policy_report *report;
	void *ctx;
	struct errmsg *e; /* the first fault */
	struct policy policy;
};

/* Pass a fault on and keep the first one. */
static void fault_keep(void *ctx, const char *file, unsigned line, unsigned column,
		       const char *text)
{
	struct search *search = ctx;

	if (search->e->code == 0 && line != 0)
		(void)errmsg_setx(search->e, -EINVAL, "%s:%u: %s", file, line, text);
	else if (search->e->code == 0)
		(void)errmsg_setx(search->e, -EINVAL, "%s: %s", file, text);
	if (search->report)
		search->report(search->ctx, file, line, column, text);
}

/* A file or folder that cannot be used; keeps its error code. */
static int fault_add(struct search *search, const char *file, const struct errmsg *e)
{
	bool is_first = search->e->code == 0;

	fault_keep(search, file, 0, 0, e->text);
	if (is_first)
		search->e->code = e->code;
	return e->code;
}

/* Lays one file over the policy; a missing one is skipped. */
static void file_apply(struct search *search, int dir, const char *name, const char *file)
{
	AUTO_FREE char *text = NULL;
	struct errmsg e;
	size_t len = 0;
	int r;

	r = trust_file_read(dir, name, &text, &len, &e);
	if (r == -ENOENT)
		return;
	if (r < 0) {
		(void)fault_add(search, file, &e);
		return;
	}
	(void)policy_parse(&search->policy, text, len, file, search->facts, fault_keep, search);
}

static void conf_dir_apply(struct search *search, int confdir)
{
	struct policy_names names = { 0 };
	char file[sizeof(search->policy.files[0])];
	AUTO_CLOSE int dir = -1;
	struct errmsg e;

	dir = trust_subdir_open(confdir, "conf.d", O_RDONLY, &e);
	if (dir == -ENOENT)
		return;
	if (dir < 0 || policy_names_read(dir, &names, &e) < 0) {
		(void)fault_add(search, "conf.d", &e);
		return;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (!policy_name_is_safe(names.names[i])) {
			(void)errmsg_setx(&e, -EINVAL,
					  "a name with other characters than letters, "
					  "digits, '.', '_', '-', or a long one");
			(void)fault_add(search, "conf.d", &e);
			continue;
		}
		(void)snprintf(file, sizeof(file), "conf.d/%.56s", names.names[i]);
		file_apply(search, dir, names.names[i], file);
	}
	policy_names_done(&names);
}

static void user_dir_apply(struct search *search, int confdir)
{
	char file[sizeof("users.d/.conf") + NSISO_USER_MAX];
	AUTO_CLOSE int dir = -1;
	struct errmsg e;

	dir = trust_subdir_open(confdir, "users.d", O_PATH, &e);
	if (dir == -ENOENT)
		return;
	if (dir < 0) {
		(void)fault_add(search, "users.d", &e);
		return;
	}
	(void)snprintf(file, sizeof(file), "users.d/%.32s.conf", search->facts->user);
	file_apply(search, dir, file + strlen("users.d/"), file);
}

int policy_find(const char *confdir, const struct facts *facts, policy_report *report, void *ctx,
		struct policy *ret, struct errmsg *e)
{
	struct search search = { .facts = facts, .report = report, .ctx = ctx, .e = e };
	AUTO_CLOSE int dir = -1;
	struct errmsg fault;

	e->code = 0;
	if (!policy_user_is_safe(facts->user))
		return errmsg_setx(e, -EINVAL, "the user name cannot be part of a path");
	dir = trust_dir_open(confdir, &fault);
	if (dir < 0)
		return fault_add(&search, confdir, &fault);
	policy_defaults(&search.policy);
	file_apply(&search, dir, "default.conf", "default.conf");
	conf_dir_apply(&search, dir);
	user_dir_apply(&search, dir);
	if (e->code == 0)
		(void)policy_check(&search.policy, fault_keep, &search);
	if (e->code != 0)
		return e->code;
	memcpy(ret, &search.policy, sizeof(*ret));
	return 0;
}

bool policy_user_is_safe(const char *user)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	size_t len = strspn(user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.-");

	return *user != '\0' && strchr(letters, *user) && user[len] == '\0' && len < NSISO_USER_MAX;
}

const char *policy_skip_reason(const struct policy *policy, const struct facts *facts)
{
	if (facts->uid == 0)
		return "root";
	if (policy->n_files == 0)
		return "no-policy";
	if (policy->session.exempt)
		return "exempt";
	if (policy->session.mode == MODE_OFF)
		return "mode-off";
	return NULL;
}
