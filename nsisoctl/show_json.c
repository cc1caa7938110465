/* The policy of a login as JSON; see show.h. */
#include "cleanup.h"
#include "json.h"
#include "plan_words.h"
#include "policy_field.h"
#include "policy_keys.h"
#include "show.h"

static void value_write(struct json *json, const struct policy *policy,
			const struct show_value *value)
{
	json_object(json, NULL);
	json_text(json, "file", policy->files[value->file]);
	json_number(json, "line", value->line);
	json_text(json, "value", value->text);
	json_close(json);
}

static void key_write(struct json *json, const struct show_result *result, int row)
{
	const struct policy *policy = &result->policy;
	const struct policy_limit *limit = policy_field_limit(&policy_keys[row], policy);
	AUTO_FREE char *text = show_value_text(policy, row);
	unsigned line = policy->origin[row].line;

	json_object(json, NULL);
	json_text(json, "section", policy_keys[row].section);
	json_text(json, "key", policy_keys[row].name);
	json_text(json, "value", limit && !limit->set ? NULL : text);
	json_text(json, "file", line ? policy->files[policy->origin[row].file] : NULL);
	json_number(json, "line", line);
	json_array(json, "overrides");
	for (size_t i = result->n_values; i-- > 0;)
		if (result->values[i].row == row &&
		    result->values[i].file != policy->origin[row].file)
			value_write(json, policy, &result->values[i]);
	json_close(json);
	json_close(json);
}

static void plan_write(struct json *json, const struct plan *plan)
{
	static const char *const actors[] = {
		[ACTOR_OPENER] = "opener", [ACTOR_SUPERVISOR] = "supervisor", [ACTOR_INIT] = "init"
	};
	char text[PLAN_WORDS_MAX];

	json_array(json, "plan");
	for (unsigned i = 0; i < plan->n_steps; i++) {
		json_object(json, NULL);
		json_text(json, "actor", actors[plan->steps[i].actor]);
		json_text(json, "does", plan_words(plan, &plan->steps[i], text));
		json_close(json);
	}
	json_close(json);
}

void show_json(const struct show_result *result, const struct facts *facts, FILE *out)
{
	struct json json;

	json_init(&json, out);
	json_object(&json, NULL);
	json_text(&json, "user", facts->user);
	json_text(&json, "service", facts->service);
	json_text(&json, "rhost", facts->rhost[0] ? facts->rhost : NULL);
	json_bool(&json, "isolated", !result->skip_reason);
	json_text(&json, "reason", result->skip_reason);
	json_array(&json, "files");
	for (unsigned i = 0; i < result->policy.n_files; i++)
		json_text(&json, NULL, result->policy.files[i]);
	json_close(&json);
	json_array(&json, "keys");
	for (int row = 0; row < ROW_COUNT; row++)
		if (policy_keys[row].type != KEY_MATCH)
			key_write(&json, result, row);
	json_close(&json);
	if (result->plan.n_steps > 0)
		plan_write(&json, &result->plan);
	json_close(&json);
}
