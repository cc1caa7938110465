/*
 * nsisoctl set and unset: single keys of a policy file, by the same way as edit: locked, checked, put in place
 * whole.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "draft.h"
#include "errmsg.h"
#include "ini_edit.h"
#include "key_name.h"
#include "nsisoctl.h"
#include "store.h"

struct set {
	const char *command;
	const char *confdir;
	bool is_relaxed;
	bool is_dry; /* shows the effect alone */
	struct store store;
};

/* "KEY=VALUE", "KEY?=VALUE" */
static int one_set(char **text, const char *argument, struct errmsg *e)
{
	const char *equals = strchr(argument, '=');
	size_t len = equals ? (size_t)(equals - argument) : 0;
	bool is_optional = len > 0 && argument[len - 1] == '?';
	const struct policy_key *key;

	if (!equals)
		return errmsg_setx(e, -EINVAL, "'%s' is not KEY=VALUE", argument);
	if (strchr(equals, '\n'))
		return errmsg_setx(e, -EINVAL, "a value has one line");
	key = key_name_find(argument, len - is_optional, e);
	return key ? ini_set(text, key, equals + 1, is_optional, e) : e->code;
}

static int one_unset(char **text, const char *name, struct errmsg *e)
{
	const struct policy_key *key = key_name_find(name, strlen(name), e);
	int r = key ? ini_unset(text, key, e) : e->code;

	if (r == 0)
		return errmsg_setx(e, -ENOENT, "%s is not set there", name);
	return r > 0 ? 0 : r;
}

static int text_make(const struct set *set, char **arguments, int count, char **ret,
		     struct errmsg *e)
{
	int r = 0;

	*ret = strndup(set->store.text, set->store.len);
	if (!*ret)
		return errmsg_set(e, -ENOMEM, "cannot change the text");
	for (int i = 0; r == 0 && i < count; i++)
		r = strcmp(set->command, "set") == 0 ? one_set(ret, arguments[i], e) :
						       one_unset(ret, arguments[i], e);
	return r;
}

static int set_run(struct set *set, char **arguments, int count)
{
	struct draft draft = { .store = &set->store };
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *effect = NULL;
	struct errmsg e;

	if (text_make(set, arguments, count, &text, &e) < 0)
		return error_print(&e);
	draft.text = text;
	draft.len = strlen(text);
	if (draft.len == set->store.len && memcmp(text, set->store.text, draft.len) == 0) {
		(void)fprintf(stderr, "nsisoctl: %s says so already\n", set->store.target.file);
		return STATUS_OK;
	}
	if (draft_check(&draft, &e) < 0)
		return error_print(&e);
	effect = draft.effect;
	if (draft.faults > 0) {
		(void)fprintf(stderr, "nsisoctl: %s is unchanged\n", set->store.target.file);
		return STATUS_FAULT;
	}
	(void)fputs(effect, stdout);
	if (!set->is_dry && store_install(&set->store, text, draft.len, &e) < 0)
		return error_print(&e);
	return STATUS_OK;
}

static int set_main(int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' },
						 { NULL, 0, NULL, 0 } };
	struct set set = { .command = argv[0], .confdir = NSISO_CONFDIR };
	struct target target;
	struct errmsg e;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "+C:fn", options, NULL)) != -1) {
		if (option == 'C')
			set.confdir = optarg;
		else if (option == 'f')
			set.is_relaxed = true;
		else if (option == 'n')
			set.is_dry = true;
		else
			return usage_print(argv[0]);
	}
	if (optind + 2 > argc)
		return usage_print(argv[0]);
	if (target_parse(argv[optind], &target, &e) < 0)
		return error_print(&e);
	if (store_open(set.confdir, set.is_relaxed, &target, &set.store, &e) < 0)
		status = error_print(&e);
	else
		status = set_run(&set, argv + optind + 1, argc - optind - 1);
	store_close(&set.store);
	return status;
}

int cmd_set(int argc, char **argv)
{
	return set_main(argc, argv);
}

int cmd_unset(int argc, char **argv)
{
	return set_main(argc, argv);
}
