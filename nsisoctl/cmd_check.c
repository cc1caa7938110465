/*
 * nsisoctl check: all faults of policy files, one line each, as editors and CI read them.  Reads nothing
 * but the files; needs no privilege.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy.h"
#include "policy_names.h"
#include "policy_trust.h"

struct checker {
	struct fault_printer printer;
	bool is_relaxed;    /* whoever owns the files */
	bool is_printing;   /* what a clean file comes to */
	struct policy base; /* what a file is laid over */
};

static void error_print(struct checker *checker, const char *file, const struct errmsg *e)
{
	fault_print(&checker->printer, file, 0, 0, e->text);
}

static int dir_open(struct checker *checker, const char *path)
{
	AUTO_FREE char *absolute = path_absolute(path);
	struct errmsg e;
	int fd;

	if (!absolute) {
		(void)errmsg_set(&e, -errno, "cannot find the current folder");
		error_print(checker, path, &e);
		return -1;
	}
	if (!checker->is_relaxed) {
		fd = trust_dir_open(absolute, &e);
	} else {
		fd = open(absolute, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			(void)errmsg_set(&e, -errno, "cannot open the directory");
	}
	if (fd < 0)
		error_print(checker, absolute, &e);
	return fd;
}

/* One file over the base; file is its name below the printer's prefix.  *ret is the result, if clean. */
static bool file_check(struct checker *checker, int dir, const char *name, const char *file,
		       struct policy *ret)
{
	unsigned before = checker->printer.count;
	struct policy policy = checker->base;
	AUTO_FREE char *text = NULL;
	struct errmsg e;
	size_t len = 0;
	int r;

	if (checker->is_relaxed)
		r = trust_file_read_any(dir, name, &text, &len, &e);
	else
		r = trust_file_read(dir, name, &text, &len, &e);
	if (r < 0) {
		error_print(checker, file, &e);
		return false;
	}
	if (policy_parse(&policy, text, len, file, NULL, fault_print, &checker->printer) == 0)
		(void)policy_check(&policy, fault_print, &checker->printer);
	if (checker->printer.count != before)
		return false;
	if (checker->is_printing)
		policy_print(&policy, false, stdout);
	if (ret)
		*ret = policy;
	return true;
}

/* default.conf of a folder becomes the base, as far as it is there and clean. */
static void base_set(struct checker *checker, int dir)
{
	if (faccessat(dir, "default.conf", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return;
	(void)file_check(checker, dir, "default.conf", "default.conf", &checker->base);
}

static void name_check(struct checker *checker, const char *folder, const char *name,
		       const char *file)
{
	char user[NSISO_USER_MAX + 1];
	size_t len = strlen(name) - strlen(".conf");

	if (strcmp(folder, "users.d") != 0) {
		if (!policy_name_is_safe(name))
			fault_print(&checker->printer, file, 0, 0,
				    "a name of letters, digits, '.', '_', '-' is needed here");
		return;
	}
	/* A longer name stays too long. */
	(void)snprintf(user, sizeof(user), "%.*s", (int)len, name);
	if (!policy_user_is_safe(user))
		fault_print(&checker->printer, file, 0, 0, "no user can have this name");
}

/* conf.d or users.d: each file on its own over the base. */
static void folder_check(struct checker *checker, int confdir, const char *folder)
{
	struct policy_names names = { 0 };
	AUTO_CLOSE int dir = -1;
	struct errmsg e;

	if (checker->is_relaxed) {
		dir = openat(confdir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			dir = errmsg_set(&e, -errno, "cannot open the directory");
	} else {
		dir = trust_subdir_open(confdir, folder, O_RDONLY, &e);
	}
	if (dir == -ENOENT)
		return;
	if (dir < 0 || policy_names_read(dir, POLICY_NAMES_MAX, &names, &e) < 0) {
		error_print(checker, folder, &e);
		return;
	}
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *file = NULL;

		if (asprintf(&file, "%s/%s", folder, names.names[i]) < 0)
			continue;
		name_check(checker, folder, names.names[i], file);
		(void)file_check(checker, dir, names.names[i], file, NULL);
	}
	policy_names_done(&names);
}

static void confdir_check(struct checker *checker, const char *path)
{
	AUTO_CLOSE int dir = dir_open(checker, path);
	AUTO_FREE char *prefix = NULL;

	if (dir < 0 || asprintf(&prefix, "%s/", path) < 0)
		return;
	checker->printer.prefix = prefix;
	base_set(checker, dir);
	folder_check(checker, dir, "conf.d");
	folder_check(checker, dir, "users.d");
	checker->printer.prefix = "";
}

/* The last two parts of a path say what kind of policy file it is; the rest is a prefix. */
static const char *file_short(const char *path)
{
	const char *name = path;

	for (const char *p = path; *p != '\0'; p++)
		if (*p == '/' && strchr(p + 1, '/'))
			name = p + 1;
	return name;
}

/* A file named by the caller. */
static void path_check(struct checker *checker, const char *path)
{
	const char *file = file_short(path);
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *prefix = strndup(path, (size_t)(file - path));
	AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
	AUTO_CLOSE int dir = -1;

	if (!prefix || !folder)
		return;
	dir = dir_open(checker, folder);
	if (dir < 0)
		return;
	checker->printer.prefix = prefix;
	(void)file_check(checker, dir, slash ? slash + 1 : path, file, NULL);
	checker->printer.prefix = "";
}

int cmd_check(int argc, char **argv)
{
	struct checker checker = { .printer = { .prefix = "" } };
	const char *confdir = NULL;
	bool is_printing = false;
	int option;

	while ((option = getopt(argc, argv, "+C:fp")) != -1) {
		if (option == 'C')
			confdir = optarg;
		else if (option == 'f')
			checker.is_relaxed = true;
		else if (option == 'p')
			is_printing = true;
		else
			return usage_print("check");
	}
	policy_defaults(&checker.base);
	if (optind == argc) {
		if (is_printing)
			return usage_print("check");
		confdir_check(&checker, confdir ? confdir : NSISO_CONFDIR);
		return checker.printer.count > 0 ? STATUS_FAULT : STATUS_OK;
	}
	if (confdir) {
		AUTO_CLOSE int dir = dir_open(&checker, confdir);

		if (dir >= 0)
			base_set(&checker, dir);
	}
	checker.is_printing = is_printing;
	for (int i = optind; i < argc; i++)
		path_check(&checker, argv[i]);
	return checker.printer.count > 0 ? STATUS_FAULT : STATUS_OK;
}
