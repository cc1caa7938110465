/*
 * nsisoctl new: a policy file to begin with, from a preset.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "draft.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy_names.h"
#include "policy_trust.h"
#include "store.h"

#define PRESETS NSISO_DATADIR "/presets"

struct new_file {
	const char *confdir;
	const char *from; /* a preset's name, or a path */
	bool is_relaxed;
	bool is_list;
};

static int text_read(const char *from, char **ret, size_t *ret_len, struct errmsg *e)
{
	AUTO_FREE char *path = NULL;

	if (strchr(from, '/'))
		path = strdup(from);
	else if (asprintf(&path, PRESETS "/%s.conf", from) < 0)
		path = NULL;
	if (!path)
		return errmsg_set(e, -ENOMEM, "cannot read %s", from);
	if (trust_file_read_any(AT_FDCWD, path, ret, ret_len, e) == 0)
		return 0;
	if (e->code == -ENOENT && !strchr(from, '/'))
		return errmsg_setx(e, -ENOENT,
				   "there is no preset '%s'; nsisoctl new --list has them", from);
	return errmsg_wrap(e, "%s", path);
}

/* "NAME  what the first line, a comment, says" */
static void preset_print(const char *name)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	struct errmsg ignored;
	int stem = (int)(strlen(name) - strlen(".conf"));
	AUTO_FREE char *preset = strndup(name, (size_t)stem);

	if (!preset || text_read(preset, &text, &len, &ignored) < 0 || !text || len < 2)
		return;
	(void)printf("%-10s  %.*s\n", preset, (int)strcspn(text, "\n") - 2, text + 2);
}

static int presets_list(void)
{
	AUTO_CLOSE int dir = open(PRESETS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct policy_names names = { 0 };
	struct errmsg e;

	if (dir < 0) {
		(void)errmsg_set(&e, -errno, "cannot open %s", PRESETS);
		return error_print(&e);
	}
	if (policy_names_read(dir, POLICY_NAMES_MAX, &names, &e) < 0)
		return error_print(&e);
	for (size_t i = 0; i < names.count; i++)
		preset_print(names.names[i]);
	policy_names_done(&names);
	return STATUS_OK;
}

static int file_make(struct store *store, const char *text, size_t len)
{
	struct draft draft = { .store = store, .text = text, .len = len };
	AUTO_FREE char *effect = NULL;
	struct errmsg e;

	if (store->exists) {
		(void)errmsg_setx(&e, -EEXIST, "%s is there already; nsisoctl edit changes it",
				  store->target.file);
		return error_print(&e);
	}
	if (draft_check(&draft, &e) < 0)
		return error_print(&e);
	effect = draft.effect;
	if (draft.faults > 0)
		return STATUS_FAULT;
	(void)fputs(effect, stdout);
	if (store_install(store, text, len, &e) < 0)
		return error_print(&e);
	return STATUS_OK;
}

static int new_run(const struct new_file *new, const char *name)
{
	AUTO_FREE char *text = NULL;
	struct store store = { .dir = -1, .lock = -1 };
	struct target target;
	struct errmsg e;
	size_t len = 0;
	int status;

	if (target_parse(name, &target, &e) < 0 || text_read(new->from, &text, &len, &e) < 0)
		return error_print(&e);
	if (store_open(new->confdir, new->is_relaxed, &target, &store, &e) < 0)
		status = error_print(&e);
	else
		status = file_make(&store, text, len);
	store_close(&store);
	return status;
}

int cmd_new(int argc, char **argv)
{
	static const struct option options[] = { { "from", required_argument, NULL, 'F' },
						 { "list", no_argument, NULL, 'l' },
						 { NULL, 0, NULL, 0 } };
	struct new_file new = { .confdir = NSISO_CONFDIR, .from = "pubnix" };
	int option;

	while ((option = getopt_long(argc, argv, "C:f", options, NULL)) != -1) {
		if (option == 'C')
			new.confdir = optarg;
		else if (option == 'F')
			new.from = optarg;
		else if (option == 'f')
			new.is_relaxed = true;
		else if (option == 'l')
			new.is_list = true;
		else
			return usage_print("new");
	}
	if (optind + (new.is_list ? 0 : 1) != argc)
		return usage_print("new");
	return new.is_list ? presets_list() : new_run(&new, argv[optind]);
}
