/* What a draft changes: keys, and steps of the plan; see show.h. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "plan_words.h"
#include "policy_keys.h"
#include "show.h"

struct lines {
	unsigned count;
	char text[PLAN_STEPS_MAX][PLAN_WORDS_MAX];
};

static bool key_diff(const struct policy *old, const struct policy *new, int row, FILE *out)
{
	AUTO_FREE char *old_text = show_value_text(old, row);
	AUTO_FREE char *new_text = show_value_text(new, row);
	char old_origin[80];
	char new_origin[80];

	if (!old_text || !new_text || strcmp(old_text, new_text) == 0)
		return false;
	show_origin(old, row, old_origin, sizeof(old_origin));
	show_origin(new, row, new_origin, sizeof(new_origin));
	(void)fprintf(out, "[%s] %s: %s (%s) -> %s (%s)\n", policy_keys[row].section,
		      policy_keys[row].name, *old_text ? old_text : "(empty)", old_origin,
		      *new_text ? new_text : "(empty)", new_origin);
	return true;
}

static void lines_fill(const struct plan *plan, struct lines *ret)
{
	ret->count = plan->n_steps;
	for (unsigned i = 0; i < plan->n_steps; i++)
		(void)plan_words(plan, &plan->steps[i], ret->text[i]);
}

/* Length of the longest common part of what is behind each pair of lines. */
typedef unsigned short common_table[PLAN_STEPS_MAX + 1][PLAN_STEPS_MAX + 1];

static void common_find(const struct lines *a, const struct lines *b, common_table common)
{
	for (unsigned i = a->count; i-- > 0;)
		for (unsigned j = b->count; j-- > 0;) {
			if (strcmp(a->text[i], b->text[j]) == 0)
				common[i][j] = (unsigned short)(common[i + 1][j + 1] + 1);
			else
				common[i][j] = common[i + 1][j] > common[i][j + 1] ?
						       common[i + 1][j] :
						       common[i][j + 1];
		}
}

static bool lines_diff(const struct lines *a, const struct lines *b, common_table common, FILE *out)
{
	unsigned i = 0, j = 0;
	bool differs = false;

	while (i < a->count || j < b->count) {
		if (i < a->count && j < b->count && strcmp(a->text[i], b->text[j]) == 0) {
			i++;
			j++;
			continue;
		}
		differs = true;
		if (j == b->count || (i < a->count && common[i + 1][j] >= common[i][j + 1]))
			(void)fprintf(out, "- %s\n", a->text[i++]);
		else
			(void)fprintf(out, "+ %s\n", b->text[j++]);
	}
	return differs;
}

static bool plans_diff(const struct plan *old, const struct plan *new, FILE *out)
{
	AUTO_FREE struct lines *lines = calloc(2, sizeof(*lines));
	AUTO_FREE unsigned short *common = calloc(1, sizeof(common_table));

	if (!lines || !common)
		return false;
	lines_fill(old, &lines[0]);
	lines_fill(new, &lines[1]);
	common_find(&lines[0], &lines[1], (unsigned short(*)[PLAN_STEPS_MAX + 1]) common);
	return lines_diff(&lines[0], &lines[1], (unsigned short(*)[PLAN_STEPS_MAX + 1]) common,
			  out);
}

bool show_diff(const struct show_result *old, const struct show_result *new, FILE *out)
{
	const char *before = old->skip_reason ? old->skip_reason : "isolated";
	const char *after = new->skip_reason ? new->skip_reason : "isolated";
	bool differs = strcmp(before, after) != 0;

	if (differs)
		(void)fprintf(out, "login: %s -> %s\n", before, after);
	for (int row = 0; row < ROW_COUNT; row++)
		if (policy_keys[row].type != KEY_MATCH)
			differs |= key_diff(&old->policy, &new->policy, row, out);
	return plans_diff(&old->plan, &new->plan, out) || differs;
}
