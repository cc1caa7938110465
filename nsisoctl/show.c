/* The policy of a login and where it comes from; see show.h. */
#include "show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_field.h"
#include "policy_keys.h"

/* What the callbacks of a search get. */
struct recorder {
	struct show_result *result;
	policy_report *report;
	void *ctx;
};

char *show_value_text(const struct policy *policy, int row)
{
	const struct policy_limit *limit = policy_field_limit(&policy_keys[row], policy);
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (limit && !limit->set)
		return strdup("not limited");
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	policy_field_write(&policy_keys[row], policy, out);
	if (limit && limit->optional)
		(void)fputs(" (best effort)", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

void show_origin(const struct policy *policy, int row, char *ret, size_t size)
{
	if (policy->origin[row].line == 0)
		(void)snprintf(ret, size, "built-in");
	else
		(void)snprintf(ret, size, "%s:%u", policy->files[policy->origin[row].file],
			       policy->origin[row].line);
}

static void value_add(struct show_result *result, const struct policy *policy, int row)
{
	struct show_value *grown =
		reallocarray(result->values, result->n_values + 1, sizeof(*grown));

	if (!grown) {
		result->is_short = true;
		return;
	}
	result->values = grown;
	grown += result->n_values;
	grown->row = row;
	grown->file = policy->origin[row].file;
	grown->line = policy->origin[row].line;
	grown->text = show_value_text(policy, row);
	if (grown->text)
		result->n_values++;
	else
		result->is_short = true;
}

static void layer_record(void *ctx, const struct policy *policy)
{
	const struct recorder *recorder = ctx;

	for (int row = 0; row < ROW_COUNT; row++)
		if (policy_keys[row].type != KEY_MATCH && policy->origin[row].line != 0 &&
		    policy->origin[row].file == policy->n_files - 1)
			value_add(recorder->result, policy, row);
}

static void fault_pass(void *ctx, const char *file, unsigned line, unsigned column,
		       const char *text)
{
	const struct recorder *recorder = ctx;

	if (recorder->report)
		recorder->report(recorder->ctx, file, line, column, text);
}

static int plan_make(const struct facts *facts, struct show_result *ret, struct errmsg *e)
{
	AUTO_FREE struct facts *all = malloc(sizeof(*all));

	if (!all)
		return errmsg_set(e, -ENOMEM, "cannot make a plan");
	memcpy(all, facts, sizeof(*all));
	if (facts_kernel(all, &ret->policy, e) < 0 || facts_maps(all, &ret->policy, e) < 0)
		return e->code;
	return plan_build(&ret->policy, all, &ret->plan, e);
}

int show_find(const struct policy_query *query, void *report_ctx, const struct facts *facts,
	      bool with_plan, struct show_result *ret, struct errmsg *e)
{
	struct recorder recorder = { .result = ret, .report = query->report, .ctx = report_ctx };
	struct policy_query own = *query;
	int r;

	memset(ret, 0, sizeof(*ret));
	own.report = fault_pass;
	own.layer = layer_record;
	own.ctx = &recorder;
	r = policy_find_as(&own, facts, &ret->policy, e);
	if (r == 0 && ret->is_short)
		r = errmsg_set(e, -ENOMEM, "cannot note where values come from");
	if (r == 0)
		ret->skip_reason = policy_skip_reason(&ret->policy, facts);
	if (r == 0 && with_plan && !ret->skip_reason)
		r = plan_make(facts, ret, e);
	if (r < 0)
		show_done(ret);
	return r;
}

void show_done(struct show_result *result)
{
	for (size_t i = 0; i < result->n_values; i++)
		free(result->values[i].text);
	free(result->values);
	result->values = NULL;
	result->n_values = 0;
}

static void losers_note(void *ctx, const struct policy *policy, int row, FILE *out)
{
	const struct show_result *result = ctx;

	policy_origin_print(NULL, policy, row, out);
	/* From the last one that lost to the first. */
	for (size_t i = result->n_values; i-- > 0;) {
		const struct show_value *value = &result->values[i];

		if (value->row != row || value->file == policy->origin[row].file)
			continue;
		(void)fprintf(out, "#   overrides %s:%u: %s\n", policy->files[value->file],
			      value->line, *value->text ? value->text : "(empty)");
	}
}

void show_explain(const struct show_result *result, FILE *out)
{
	const struct policy_notes notes = { .print = losers_note, .ctx = (void *)result };

	policy_print(&result->policy, &notes, out);
}
