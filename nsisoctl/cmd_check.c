/*
 * nsisoctl check: all faults of policy files, as editors and CI read them.  Reads nothing but the files and
 * the account databases, without the rights of root.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "json.h"
#include "nsisoctl.h"
#include "policy_trust.h"
#include "privilege.h"

struct check_options {
	const char *confdir;
	bool is_json;
	bool is_strict; /* warnings are faults */
	bool is_all;
	bool is_relaxed, is_printing;
};

void check_error(struct checker *checker, const char *file, const struct errmsg *e)
{
	fault_print(&checker->printer, file, 0, 0, e->text);
}

int check_dir_open(struct checker *checker, const char *path)
{
	AUTO_FREE char *absolute = path_absolute(path);
	struct errmsg e;
	int fd;

	if (!absolute) {
		(void)errmsg_set(&e, -errno, "cannot find the current folder");
		check_error(checker, path, &e);
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
		check_error(checker, absolute, &e);
	return fd < 0 ? -1 : fd;
}

bool check_read(struct checker *checker, int dir, const char *name, const char *file, char **ret,
		size_t *ret_len)
{
	struct errmsg e;
	int r;

	if (checker->is_relaxed)
		r = trust_file_read_any(dir, name, ret, ret_len, &e);
	else
		r = trust_file_read(dir, name, ret, ret_len, &e);
	if (r < 0)
		check_error(checker, file, &e);
	return r == 0;
}

bool check_text(struct checker *checker, const struct policy *base, const char *file,
		const char *text, size_t len, struct policy *ret)
{
	unsigned before = checker->printer.count;
	struct policy policy;

	checker->file = file;
	checker->text = text;
	checker->len = len;
	memcpy(&policy, base, sizeof(policy));
	if (policy_parse(&policy, text, len, file, NULL, fault_print, &checker->printer) == 0 &&
	    policy_check(&policy, fault_print, &checker->printer) == 0)
		check_warn(checker, &policy);
	checker->file = NULL;
	if (checker->printer.count != before)
		return false;
	if (ret)
		memcpy(ret, &policy, sizeof(policy));
	return true;
}

void check_base(struct checker *checker, int dir)
{
	if (faccessat(dir, "default.conf", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return;
	if (check_read(checker, dir, "default.conf", "default.conf", &checker->base_text,
		       &checker->base_len))
		(void)check_text(checker, &checker->stack.base, "default.conf", checker->base_text,
				 checker->base_len, &checker->stack.base);
}

/* The text of a file, for the line that is shown. */
static const char *source_find(void *ctx, const char *file, size_t *ret_len)
{
	const struct checker *checker = ctx;

	if (checker->file && strcmp(checker->file, file) == 0) {
		*ret_len = checker->len;
		return checker->text;
	}
	if (checker->base_text && strcmp(file, "default.conf") == 0) {
		*ret_len = checker->base_len;
		return checker->base_text;
	}
	for (size_t i = 0; i < checker->stack.count; i++) {
		if (strcmp(checker->stack.files[i].file, file) != 0)
			continue;
		*ret_len = checker->stack.files[i].len;
		return checker->stack.files[i].text;
	}
	return NULL;
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
	AUTO_FREE char *text = NULL;
	struct policy policy;
	AUTO_CLOSE int dir = -1;
	size_t len = 0;

	if (!prefix || !folder)
		return;
	dir = check_dir_open(checker, folder);
	if (dir < 0)
		return;
	checker->printer.prefix = prefix;
	if (check_read(checker, dir, slash ? slash + 1 : path, file, &text, &len) &&
	    check_text(checker, &checker->stack.base, file, text, len, &policy) &&
	    checker->is_printing)
		policy_print(&policy, NULL, stdout);
	checker->printer.prefix = "";
}

/* 0, or -1 for a wrong call. */
static int options_read(int argc, char **argv, struct check_options *ret)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "strict", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+C:fps", options, NULL)) != -1) {
		if (option == 'C')
			ret->confdir = optarg;
		else if (option == 'f')
			ret->is_relaxed = true;
		else if (option == 'p')
			ret->is_printing = true;
		else if (option == 's')
			ret->is_strict = true;
		else if (option == 'a')
			ret->is_all = true;
		else if (option == 'j')
			ret->is_json = true;
		else
			return -1;
	}
	if (ret->is_all && optind < argc)
		return -1;
	return ret->is_printing && (optind == argc || ret->is_json) ? -1 : 0;
}

static void files_check(struct checker *checker, const char *confdir, char **paths, int count)
{
	if (confdir) {
		AUTO_CLOSE int dir = check_dir_open(checker, confdir);

		if (dir >= 0)
			check_base(checker, dir);
	}
	for (int i = 0; i < count; i++)
		path_check(checker, paths[i]);
}

static void checker_run(struct checker *checker, const struct check_options *options, char **paths,
			int count)
{
	struct errmsg e;

	checker->is_relaxed = options->is_relaxed;
	checker->is_printing = options->is_printing;
	checker->printer.source = source_find;
	checker->printer.ctx = checker;
	checker->printer.look = table_look_at(stderr);
	checker->stack.report = fault_print;
	checker->stack.ctx = &checker->printer;
	policy_defaults(&checker->stack.base);
	if (privilege_drop(options->is_relaxed, &e) < 0)
		check_error(checker, "nsisoctl", &e);
	else if (count == 0)
		check_folder(checker, options->confdir ? options->confdir : NSISO_CONFDIR);
	else
		files_check(checker, options->confdir, paths, count);
	stack_done(&checker->stack);
	free(checker->base_text);
}

int cmd_check(int argc, char **argv)
{
	struct check_options options = { .confdir = NULL };
	AUTO_FREE struct checker *checker = calloc(1, sizeof(*checker));
	struct json json;

	if (options_read(argc, argv, &options) < 0)
		return usage_print("check");
	if (!checker)
		return STATUS_FAULT;
	if (options.is_json) {
		json_init(&json, stdout);
		json_array(&json, NULL);
		checker->printer.json = &json;
	}
	checker_run(checker, &options, argv + optind, argc - optind);
	if (options.is_json)
		json_close(&json);
	if (checker->printer.count > 0 || (options.is_strict && checker->printer.warnings > 0))
		return STATUS_FAULT;
	return STATUS_OK;
}
