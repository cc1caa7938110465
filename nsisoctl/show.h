/*
 * The policy of a login, where each value comes from, and what a draft would change.  Shared by the subcommands
 * show, edit and set.
 */
#ifndef NSISO_SHOW_H
#define NSISO_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "facts.h"
#include "plan.h"
#include "policy.h"

struct errmsg;

/* What one file said of one key. */
struct show_value {
	int row;
	unsigned line;
	unsigned file; /* index into policy.files */
	char *text;
};

/* What a login comes to.  Large: on the heap. */
struct show_result {
	struct policy policy;
	const char *skip_reason;   /* NULL: isolated */
	struct show_value *values; /* in the order of the files: the last one of a row has won */
	size_t n_values;
	bool is_short;    /* of memory: values are not complete */
	struct plan plan; /* n_steps 0: none */
};

/*
 * By the functions of the login; query's layer and ctx are set here.  with_plan: also the plan, unless the login
 * is not isolated.  0, or -errno; faults went to report.
 */
int show_find(const struct policy_query *query, void *report_ctx, const struct facts *facts,
	      bool with_plan, struct show_result *ret, struct errmsg *e);
void show_done(struct show_result *result);
/* "1G", "not limited", ""; for free(). */
char *show_value_text(const struct policy *policy, int row);
/* "FILE:LINE" or "built-in". */
void show_origin(const struct policy *policy, int row, char *ret, size_t size);

/* The policy as a file with all that each key has overridden. */
void show_explain(const struct show_result *result, FILE *out);
void show_json(const struct show_result *result, const struct facts *facts, FILE *out);
/* Keys and steps that differ, and whether there are any. */
bool show_diff(const struct show_result *old, const struct show_result *new, FILE *out);

#endif
