/*
 * A policy as the text of a policy file that gives the same policy again.
 */
#include "policy.h"

#include <string.h>

#include "policy_field.h"
#include "policy_keys.h"

void policy_origin_print(void *ctx, const struct policy *policy, int row, FILE *out)
{
	(void)ctx;
	if (policy->origin[row].line == 0)
		(void)fputs("# built-in\n", out);
	else
		(void)fprintf(out, "# %s:%u\n", policy->files[policy->origin[row].file],
			      policy->origin[row].line);
}

static void key_print(const struct policy *policy, int row, const struct policy_notes *notes,
		      FILE *out)
{
	const struct policy_key *key = &policy_keys[row];
	const struct policy_limit *limit = policy_field_limit(key, policy);

	/* Above its key: iniparser would cut a value at it. */
	if (notes)
		notes->print(notes->ctx, policy, row, out);
	if (limit && !limit->set) {
		if (notes)
			(void)fprintf(out, "# %s is not limited\n", key->name);
		return;
	}
	(void)fprintf(out, "%s%s =", key->name, limit && limit->optional ? "?" : "");
	if (!policy_field_is_empty(key, policy))
		(void)fputc(' ', out);
	policy_field_write(key, policy, out);
	(void)fputc('\n', out);
}

void policy_print(const struct policy *policy, const struct policy_notes *notes, FILE *out)
{
	const char *section = "";

	for (int row = 0; row < ROW_COUNT; row++) {
		if (policy_keys[row].type == KEY_MATCH)
			continue;
		if (strcmp(section, policy_keys[row].section) != 0) {
			(void)fprintf(out, "%s[%s]\n", *section ? "\n" : "",
				      policy_keys[row].section);
			section = policy_keys[row].section;
		}
		key_print(policy, row, notes, out);
	}
}

void policy_file_names(const struct policy *policy, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < policy->n_files && used + 1 < size; i++) {
		(void)snprintf(ret + used, size - used, "%s%s", i ? "," : "", policy->files[i]);
		used = strlen(ret);
	}
}
