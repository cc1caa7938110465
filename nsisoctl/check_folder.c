/*
 * The whole policy folder: each file on its own, and the files that meet in the policy of a user together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cleanup.h"
#include "errmsg.h"
#include "policy_names.h"
#include "policy_trust.h"

#define USER_FILES_MAX 1000000

static int folder_open(const struct checker *checker, int confdir, const char *folder,
		       struct errmsg *e)
{
	int fd;

	if (!checker->is_relaxed)
		return trust_subdir_open(confdir, folder, O_RDONLY, e);
	fd = openat(confdir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open the directory") : fd;
}

/* A descriptor and the names in it, or -1: none, perhaps with a message. */
static int folder_read(struct checker *checker, int confdir, const char *folder, size_t max,
		       struct policy_names *ret)
{
	struct errmsg e;
	AUTO_CLOSE int dir = folder_open(checker, confdir, folder, &e);

	if (dir == -ENOENT)
		return -1;
	if (dir < 0 || policy_names_read(dir, max, ret, &e) < 0) {
		check_error(checker, folder, &e);
		return -1;
	}
	return take_fd(&dir);
}

/* Over the base alone: whom it meets with is not known before all are read. */
static void shared_file_check(struct checker *checker, int dir, const char *name)
{
	AUTO_FREE char *file = NULL;
	char *text = NULL;
	struct errmsg e;
	size_t len = 0;
	bool is_clean;

	if (asprintf(&file, "conf.d/%s", name) < 0)
		return;
	if (!policy_name_is_safe(name))
		fault_print(&checker->printer, file, 0, 0,
			    "a name of letters, digits, '.', '_', '-' is needed here");
	if (!check_read(checker, dir, name, file, &text, &len))
		return;
	is_clean = check_text(checker, &checker->stack.base, file, text, len, NULL) &&
		   policy_name_is_safe(name);
	if (stack_add(&checker->stack, file, text, len, is_clean, &e) < 0)
		check_error(checker, file, &e);
}

static void shared_folder_check(struct checker *checker, int confdir)
{
	struct policy_names names = { 0 };
	AUTO_CLOSE int dir = folder_read(checker, confdir, "conf.d", POLICY_NAMES_MAX, &names);

	for (size_t i = 0; dir >= 0 && i < names.count; i++)
		shared_file_check(checker, dir, names.names[i]);
	policy_names_done(&names);
}

/* What the file of that user is laid over; the base alone when nobody has that name. */
static const struct policy *user_base(struct checker *checker, const char *user,
				      const struct passwd_users *users)
{
	const struct passwd_user *user_entry = passwd_users_find(users, user);
	const struct policy *found = NULL;
	struct facts facts;
	struct errmsg e;

	if (user_entry) {
		passwd_users_facts(user_entry, &facts);
		found = stack_find(&checker->stack, &facts, &e);
	}
	return found ? found : &checker->stack.base;
}

static void user_file_check(struct checker *checker, int dir, const char *name,
			    const struct passwd_users *users)
{
	AUTO_FREE char *file = NULL;
	AUTO_FREE char *text = NULL;
	char user[NSISO_USER_MAX + 1];
	size_t len = 0;

	if (asprintf(&file, "users.d/%s", name) < 0)
		return;
	/* A longer name stays too long. */
	(void)snprintf(user, sizeof(user), "%.*s", (int)(strlen(name) - strlen(".conf")), name);
	if (!policy_user_is_safe(user))
		fault_print(&checker->printer, file, 0, 0, "no user can have this name");
	else if (!checker->is_relaxed && !passwd_users_has(users, user))
		warning_print(&checker->printer, file, 0, NULL, "there is no user '%s'", user);
	if (check_read(checker, dir, name, file, &text, &len))
		(void)check_text(checker, user_base(checker, user, users), file, text, len, NULL);
}

static void user_folder_check(struct checker *checker, int confdir,
			      const struct passwd_users *users)
{
	struct policy_names names = { 0 };
	AUTO_CLOSE int dir = folder_read(checker, confdir, "users.d", USER_FILES_MAX, &names);

	for (size_t i = 0; dir >= 0 && i < names.count; i++)
		user_file_check(checker, dir, names.names[i], users);
	policy_names_done(&names);
}

void check_folder(struct checker *checker, const char *path)
{
	AUTO_CLOSE int dir = check_dir_open(checker, path);
	struct passwd_users users = { 0 };
	AUTO_FREE char *prefix = NULL;
	struct errmsg e;

	if (dir < 0 || asprintf(&prefix, "%s/", path) < 0)
		return;
	checker->printer.prefix = prefix;
	/* Drafts may be for another host. */
	if (!checker->is_relaxed && passwd_users_read(&users, &e) < 0)
		check_error(checker, path, &e);
	check_base(checker, dir);
	shared_folder_check(checker, dir);
	user_folder_check(checker, dir, &users);
	if (!checker->is_relaxed)
		check_users(checker, path, &users);
	passwd_users_done(&users);
	checker->printer.prefix = "";
}
