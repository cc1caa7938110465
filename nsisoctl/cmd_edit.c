/*
 * nsisoctl edit: a policy through the admin's editor, as visudo(8) does it: locked, on a private copy, checked,
 * its effect shown, and put in place whole or not at all.  A faulty policy is never saved: it would refuse logins.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "draft.h"
#include "editor.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "scratch.h"
#include "store.h"

struct edit {
	const char *confdir;
	bool is_relaxed;
	bool is_sure; /* does not ask before it installs */
	struct store store;
	struct scratch scratch;
};

static int unchanged(const struct edit *edit)
{
	(void)fprintf(stderr, "nsisoctl: %s is unchanged\n", edit->store.target.file);
	return STATUS_FAULT;
}

/* Whether to put it in place ('y'), to edit again, or to leave ('x'). */
static char effect_ask(const struct edit *edit, const struct draft *draft)
{
	(void)fputs(draft->effect, stdout);
	(void)fflush(stdout);
	if (edit->is_sure || !isatty(STDIN_FILENO))
		return 'y';
	return question_ask("Install it? (y)es, (e)dit again, e(x)it without saving:", "yex");
}

static char fault_ask(void)
{
	return question_ask("What now? (e)dit again, e(x)it without saving:", "ex");
}

/* One turn behind the editor: 'e' once more, 'y' done, 'x' leave it. */
static char copy_judge(struct edit *edit, unsigned *ret_line)
{
	struct draft draft = { .store = &edit->store };
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *effect = NULL;
	struct errmsg e;
	char answer;

	*ret_line = 0;
	if (scratch_read(&edit->scratch, &text, &draft.len, &e) < 0) {
		(void)error_print(&e);
		return fault_ask();
	}
	if (draft.len == edit->store.len && memcmp(text, edit->store.text, draft.len) == 0)
		return 'x';
	draft.text = text;
	if (draft_check(&draft, &e) < 0) {
		(void)error_print(&e);
		return fault_ask();
	}
	effect = draft.effect;
	*ret_line = draft.first_line;
	if (draft.faults > 0)
		return fault_ask();
	answer = effect_ask(edit, &draft);
	if (answer == 'y' && store_install(&edit->store, text, draft.len, &e) < 0) {
		(void)error_print(&e);
		return fault_ask();
	}
	return answer;
}

static int edit_loop(struct edit *edit)
{
	struct errmsg e;
	unsigned line = 0;
	char answer = 'e';

	while (answer == 'e') {
		if (editor_run(edit->scratch.path, line, &e) < 0) {
			(void)error_print(&e);
			return unchanged(edit);
		}
		answer = copy_judge(edit, &line);
	}
	if (answer == 'x')
		return unchanged(edit);
	(void)fprintf(stderr, "nsisoctl: %s is in place\n", edit->store.target.file);
	return STATUS_OK;
}

/* What a new file begins with. */
static int text_begin(const struct store *store, char **ret)
{
	if (store->exists)
		return asprintf(ret, "%s", store->text);
	return asprintf(ret, "# nsiso.conf(5) and `nsisoctl keys` have all keys.%s\n\n",
			strncmp(store->target.file, "conf.d/", 7) == 0 ?
				"\n# [match] says whom this is for." :
				"");
}

static int edit_run(struct edit *edit)
{
	AUTO_FREE char *text = NULL;
	char folder[16];
	const char *name;
	struct errmsg e;
	int status;

	if (text_begin(&edit->store, &text) < 0)
		return STATUS_FAULT;
	target_split(&edit->store.target, folder, &name);
	if (scratch_make(name, text, strlen(text), &edit->scratch, &e) < 0)
		return error_print(&e);
	question_signals();
	status = edit_loop(edit);
	scratch_remove(&edit->scratch);
	return status;
}

int cmd_edit(int argc, char **argv)
{
	static const struct option options[] = { { "yes", no_argument, NULL, 'y' },
						 { NULL, 0, NULL, 0 } };
	struct edit edit = { .confdir = NSISO_CONFDIR };
	struct target target;
	struct errmsg e;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, "C:fy", options, NULL)) != -1) {
		if (option == 'C')
			edit.confdir = optarg;
		else if (option == 'f')
			edit.is_relaxed = true;
		else if (option == 'y')
			edit.is_sure = true;
		else
			return usage_print("edit");
	}
	if (optind + 1 != argc)
		return usage_print("edit");
	if (target_parse(argv[optind], &target, &e) < 0)
		return error_print(&e);
	if (store_open(edit.confdir, edit.is_relaxed, &target, &edit.store, &e) < 0)
		status = error_print(&e);
	else
		status = edit_run(&edit);
	store_close(&edit.store);
	return status;
}
