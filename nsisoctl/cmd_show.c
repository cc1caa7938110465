/*
 * nsisoctl show: what a login of a user comes to, through the very functions that the login itself uses.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "override.h"
#include "plan_words.h"
#include "policy_trust.h"
#include "show.h"
#include "table.h"
#include "target.h"

struct show {
	const char *confdir;
	const char *user;
	const char *service;
	const char *rhost;
	const char *draft; /* [NAME=]FILE */
	bool is_relaxed;
	bool is_plan, is_steps;
	bool is_explained;
	bool is_json;
};

/* 0, or -1 for a wrong call. */
static int options_read(int argc, char **argv, struct show *ret)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, 's' },
		{ "rhost", required_argument, NULL, 'r' },
		{ "plan", no_argument, NULL, 'p' },
		{ "steps", no_argument, NULL, 't' },
		{ "explain", no_argument, NULL, 'e' },
		{ "diff", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "C:f", options, NULL)) != -1) {
		switch (option) {
		case 'C':
			ret->confdir = optarg;
			break;
		case 's':
			ret->service = optarg;
			break;
		case 'r':
			ret->rhost = optarg;
			break;
		case 'd':
			ret->draft = optarg;
			break;
		case '?':
			return -1;
		default:
			ret->is_relaxed |= option == 'f';
			ret->is_plan |= option == 'p';
			ret->is_steps |= option == 't';
			ret->is_explained |= option == 'e';
			ret->is_json |= option == 'j';
		}
	}
	if (optind + 1 != argc || ret->is_steps + ret->is_explained + ret->is_json +
						  (ret->draft != NULL) +
						  (ret->is_plan && !ret->is_json) >
					  1)
		return -1;
	ret->user = argv[optind];
	return 0;
}

static int facts_fill(const struct show *show, struct facts *ret, struct errmsg *e)
{
	if (strlen(show->service) >= sizeof(ret->service))
		return errmsg_setx(e, -EINVAL, "the name of the service is too long");
	if (strlen(show->rhost) >= sizeof(ret->rhost))
		return errmsg_setx(e, -EINVAL, "the name of the remote host is too long");
	if (facts_user(show->user, ret, e) < 0)
		return e->code;
	memcpy(ret->service, show->service, strlen(show->service) + 1);
	memcpy(ret->rhost, show->rhost, strlen(show->rhost) + 1);
	/* A real one is made for each instance. */
	memcpy(ret->id, "ID", sizeof("ID"));
	return 0;
}

/* Which files made it, and whether it applies at all. */
static void header_print(const struct show_result *result, const struct facts *facts)
{
	struct override override;
	struct errmsg ignored;

	(void)printf("# user %s, service %s%s%s\n", facts->user, facts->service,
		     facts->rhost[0] ? ", from " : "", facts->rhost);
	for (unsigned i = 0; i < result->policy.n_files; i++)
		(void)printf("# file %s\n", result->policy.files[i]);
	if (result->skip_reason)
		(void)printf("# not isolated: %s\n", result->skip_reason);
	if (override_read(OVERRIDE_PATH, &override, &ignored) == 1)
		(void)printf("# nobody is isolated now: nsisoctl disable, by %s\n", override.by);
	(void)putchar('\n');
}

/* The file and the text that --diff names. */
static int draft_read(const struct show *show, struct target *ret, char **ret_text, size_t *ret_len,
		      struct errmsg *e)
{
	const char *equals = strchr(show->draft, '=');
	const char *path = equals ? equals + 1 : show->draft;
	AUTO_FREE char *name = equals ? strndup(show->draft, (size_t)(equals - show->draft)) : NULL;
	int r;

	if (equals && !name)
		return errmsg_set(e, -ENOMEM, "cannot read %s", path);
	r = name ? target_parse(name, ret, e) : target_of_path(path, show->user, ret, e);
	if (r == 0 && trust_file_read_any(AT_FDCWD, path, ret_text, ret_len, e) < 0)
		r = errmsg_wrap(e, "%s", path);
	return r;
}

static int diff_run(const struct show *show, const struct policy_query *query,
		    struct fault_printer *printer, const struct facts *facts, struct errmsg *e)
{
	AUTO_FREE struct show_result *results = calloc(2, sizeof(*results));
	struct policy_query with_draft = *query;
	AUTO_FREE char *text = NULL;
	struct target target;
	size_t len = 0;
	int r;

	if (!results)
		return errmsg_set(e, -ENOMEM, "cannot compare");
	if (draft_read(show, &target, &text, &len, e) < 0)
		return e->code;
	with_draft.draft = target.file;
	with_draft.draft_text = text;
	with_draft.draft_len = len;
	r = show_find(query, printer, facts, true, &results[0], e);
	if (r == 0)
		r = show_find(&with_draft, printer, facts, true, &results[1], e);
	if (r == 0) {
		(void)printf("# user %s, service %s: a draft as %s\n", facts->user, facts->service,
			     target.file);
		if (!show_diff(&results[0], &results[1], stdout))
			(void)puts("# no difference");
	}
	show_done(&results[0]);
	show_done(&results[1]);
	return r;
}

static void result_print(const struct show *show, const struct show_result *result,
			 const struct facts *facts)
{
	if (show->is_json) {
		show_json(result, facts, stdout);
		return;
	}
	header_print(result, facts);
	if (result->policy.n_files == 0)
		return;
	if (show->is_explained)
		show_explain(result, stdout);
	else if (show->is_plan && result->plan.n_steps > 0)
		plan_words_print(&result->plan, stdout);
	else if (show->is_steps)
		plan_print(&result->plan, stdout);
	else if (!show->is_plan)
		policy_print(&result->policy, NULL, stdout);
}

static int query_run(const struct show *show, const struct policy_query *query,
		     struct fault_printer *printer, const struct facts *facts, struct errmsg *e)
{
	AUTO_FREE struct show_result *result = calloc(1, sizeof(*result));
	int r;

	if (!result)
		return errmsg_set(e, -ENOMEM, "cannot show the policy");
	r = show_find(query, printer, facts, show->is_plan || show->is_steps, result, e);
	if (r == 0)
		result_print(show, result, facts);
	show_done(result);
	return r;
}

static int show_run(const struct show *show, struct errmsg *e)
{
	AUTO_FREE char *confdir = path_absolute(show->confdir);
	AUTO_FREE char *prefix = NULL;
	struct fault_printer printer = { .look = table_look_at(stderr) };
	struct policy_query query = { .confdir = confdir,
				      .report = fault_print,
				      .is_relaxed = show->is_relaxed };
	struct facts facts = { 0 };
	int r;

	if (!confdir || asprintf(&prefix, "%s/", show->confdir) < 0)
		return errmsg_set(e, -errno, "cannot find %s", show->confdir);
	printer.prefix = prefix;
	r = facts_fill(show, &facts, e);
	if (r == 0 && show->draft)
		r = diff_run(show, &query, &printer, &facts, e);
	else if (r == 0)
		r = query_run(show, &query, &printer, &facts, e);
	/* They stand in lines of their own. */
	if (r < 0 && printer.count > 0)
		e->text[0] = '\0';
	return r;
}

int cmd_show(int argc, char **argv)
{
	struct show show = { .confdir = NSISO_CONFDIR, .service = "sshd", .rhost = "" };
	struct errmsg e = { 0 };

	if (options_read(argc, argv, &show) < 0)
		return usage_print("show");
	if (show_run(&show, &e) == 0)
		return STATUS_OK;
	return e.text[0] != '\0' ? error_print(&e) : STATUS_FAULT;
}
