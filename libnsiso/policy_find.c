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
	const struct policy_query *query;
	const struct facts *facts;
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
	if (search->query->report)
		search->query->report(search->query->ctx, file, line, column, text);
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

static bool is_draft(const struct search *search, const char *file)
{
	return search->query->draft && strcmp(search->query->draft, file) == 0;
}

static int text_read(const struct search *search, int dir, const char *name, char **ret,
		     size_t *ret_len, struct errmsg *e)
{
	if (search->query->is_relaxed)
		return trust_file_read_any(dir, name, ret, ret_len, e);
	return trust_file_read(dir, name, ret, ret_len, e);
}

static void text_apply(struct search *search, const char *text, size_t len, const char *file)
{
	const struct policy_query *query = search->query;
	int r = policy_parse(&search->policy, text, len, file, search->facts, fault_keep, search);

	if (r == 0 && query->layer)
		query->layer(query->ctx, &search->policy);
}

/* Lays one file over the policy; a missing one is skipped. */
static void file_apply(struct search *search, int dir, const char *name, const char *file)
{
	AUTO_FREE char *text = NULL;
	struct errmsg e;
	size_t len = 0;
	int r;

	if (is_draft(search, file)) {
		text_apply(search, search->query->draft_text, search->query->draft_len, file);
		return;
	}
	r = text_read(search, dir, name, &text, &len, &e);
	if (r == -ENOENT)
		return;
	if (r < 0)
		(void)fault_add(search, file, &e);
	else
		text_apply(search, text, len, file);
}

static int folder_open(const struct search *search, int confdir, const char *name, int flags,
		       struct errmsg *e)
{
	int fd;

	if (!search->query->is_relaxed)
		return trust_subdir_open(confdir, name, flags, e);
	fd = openat(confdir, name, flags | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open the directory") : fd;
}

/* The name of the draft, if it is to be a new file of that folder. */
static int draft_add(const struct search *search, const char *folder, struct policy_names *names,
		     struct errmsg *e)
{
	const char *draft = search->query->draft;
	size_t len = strlen(folder);

	if (!draft || strncmp(draft, folder, len) != 0 || draft[len] != '/')
		return 0;
	return policy_names_add(names, draft + len + 1, e);
}

static void conf_dir_files_apply(struct search *search, int dir, const struct policy_names *names)
{
	char file[sizeof(search->policy.files[0])];
	struct errmsg e;

	for (size_t i = 0; i < names->count; i++) {
		if (!policy_name_is_safe(names->names[i])) {
			(void)errmsg_setx(&e, -EINVAL,
					  "a name with other characters than letters, "
					  "digits, '.', '_', '-', or a long one");
			(void)fault_add(search, "conf.d", &e);
			continue;
		}
		(void)snprintf(file, sizeof(file), "conf.d/%.56s", names->names[i]);
		file_apply(search, dir, names->names[i], file);
	}
}

static void conf_dir_apply(struct search *search, int confdir)
{
	struct policy_names names = { 0 };
	AUTO_CLOSE int dir = -1;
	struct errmsg e;
	int r;

	dir = folder_open(search, confdir, "conf.d", O_RDONLY, &e);
	r = dir;
	if (dir >= 0)
		r = policy_names_read(dir, POLICY_NAMES_MAX, &names, &e);
	if (r >= 0 || r == -ENOENT)
		r = draft_add(search, "conf.d", &names, &e);
	if (r < 0)
		(void)fault_add(search, "conf.d", &e);
	else
		conf_dir_files_apply(search, dir, &names);
	policy_names_done(&names);
}

static void user_dir_apply(struct search *search, int confdir)
{
	char file[sizeof("users.d/.conf") + NSISO_USER_MAX];
	AUTO_CLOSE int dir = -1;
	struct errmsg e;

	(void)snprintf(file, sizeof(file), "users.d/%.32s.conf", search->facts->user);
	dir = folder_open(search, confdir, "users.d", O_PATH, &e);
	if (dir == -ENOENT && !is_draft(search, file))
		return;
	if (dir < 0 && dir != -ENOENT)
		(void)fault_add(search, "users.d", &e);
	else
		file_apply(search, dir, file + strlen("users.d/"), file);
}

static int confdir_open(const struct search *search, struct errmsg *e)
{
	const char *path = search->query->confdir;
	int fd;

	if (!search->query->is_relaxed)
		return trust_dir_open(path, e);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open the directory") : fd;
}

int policy_find_as(const struct policy_query *query, const struct facts *facts, struct policy *ret,
		   struct errmsg *e)
{
	struct search search = { .query = query, .facts = facts, .e = e };
	AUTO_CLOSE int dir = -1;
	struct errmsg fault;

	e->code = 0;
	if (!policy_user_is_safe(facts->user))
		return errmsg_setx(e, -EINVAL, "the user name cannot be part of a path");
	dir = confdir_open(&search, &fault);
	if (dir < 0)
		return fault_add(&search, query->confdir, &fault);
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

int policy_find(const char *confdir, const struct facts *facts, policy_report *report, void *ctx,
		struct policy *ret, struct errmsg *e)
{
	const struct policy_query query = { .confdir = confdir, .report = report, .ctx = ctx };

	return policy_find_as(&query, facts, ret, e);
}

int policy_find_exempt(const char *confdir, const struct facts *facts, struct policy *ret,
		       struct errmsg *e)
{
	const struct policy_query query = { .confdir = confdir };
	struct search search = { .query = &query, .facts = facts, .e = e };
	AUTO_CLOSE int dir = -1;

	e->code = 0;
	if (!policy_user_is_safe(facts->user))
		return errmsg_setx(e, -EINVAL, "the user name cannot be part of a path");
	dir = trust_dir_open(confdir, e);
	if (dir < 0)
		return dir;
	policy_defaults(&search.policy);
	user_dir_apply(&search, dir);
	if (e->code != 0)
		return e->code;
	if (!search.policy.session.exempt && search.policy.session.mode != MODE_OFF)
		return 0;
	memcpy(ret, &search.policy, sizeof(*ret));
	return 1;
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
	if (policy->session.mode == MODE_OBSERVE)
		return "observe";
	if (policy->session.mode == MODE_OFF)
		return "mode-off";
	return NULL;
}
