/* The files that many logins share; see policy_stack.h. */
#include "policy_stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "policy_fault.h"
#include "policy_match.h"

int stack_add(struct policy_stack *stack, const char *file, char *text, size_t len, bool is_clean,
	      struct errmsg *e)
{
	struct policy_faults silent = { .file = file };
	struct stack_file *grown = NULL;
	struct stack_file *added;

	if (stack->count < POLICY_NAMES_MAX)
		grown = reallocarray(stack->files, stack->count + 1, sizeof(*grown));
	if (!grown) {
		free(text);
		return errmsg_set(e, -ENOMEM, "cannot keep %s", file);
	}
	stack->files = grown;
	added = &grown[stack->count++];
	memset(added, 0, sizeof(*added));
	(void)snprintf(added->file, sizeof(added->file), "%s", file);
	added->text = text;
	added->len = len;
	added->is_clean = is_clean;
	if (is_clean)
		policy_scan(text, len, &added->scan, &silent);
	return 0;
}

/* A bit for each file that fits; -errno when a group cannot be looked up. */
static int fits_find(const struct policy_stack *stack, const struct facts *facts, uint8_t *ret)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct stack_file *file = &stack->files[i];
		struct policy_faults faults = { .file = file->file,
						.report = stack->report,
						.ctx = stack->ctx };
		int r = file->is_clean ? policy_scan_fits(&file->scan, facts, 0, &faults) : 0;

		if (r < 0)
			return r;
		if (r > 0)
			ret[i / 8] |= (uint8_t)(1 << i % 8);
	}
	return 0;
}

static struct stack_result *result_make(struct policy_stack *stack, const uint8_t *fits)
{
	struct stack_result *result;

	if (!stack->kept)
		stack->kept = calloc(STACK_KEPT, sizeof(*stack->kept));
	if (!stack->kept)
		return NULL;
	result = &stack->kept[stack->n_kept++ % STACK_KEPT];
	memcpy(result->fits, fits, sizeof(result->fits));
	memcpy(&result->policy, &stack->base, sizeof(result->policy));
	for (size_t i = 0; i < stack->count; i++)
		if (fits[i / 8] & 1 << i % 8)
			(void)policy_parse(&result->policy, stack->files[i].text,
					   stack->files[i].len, stack->files[i].file, NULL,
					   stack->report, stack->ctx);
	(void)policy_check(&result->policy, stack->report, stack->ctx);
	return result;
}

const struct policy *stack_find(struct policy_stack *stack, const struct facts *facts,
				struct errmsg *e)
{
	uint8_t fits[POLICY_NAMES_MAX / 8] = { 0 };
	const struct stack_result *result;
	int r = fits_find(stack, facts, fits);

	if (r < 0) {
		(void)errmsg_set(e, r, "cannot match the files of conf.d");
		return NULL;
	}
	for (size_t i = 0; i < stack->n_kept && i < STACK_KEPT; i++)
		if (memcmp(stack->kept[i].fits, fits, sizeof(fits)) == 0)
			return &stack->kept[i].policy;
	result = result_make(stack, fits);
	if (!result)
		(void)errmsg_set(e, -ENOMEM, "cannot lay the files over each other");
	return result ? &result->policy : NULL;
}

void stack_use(struct policy_stack *stack, const struct facts *facts)
{
	const unsigned ignored = 1U << ROW_MATCH_SERVICE | 1U << ROW_MATCH_RHOST;

	for (size_t i = 0; i < stack->count; i++) {
		struct stack_file *file = &stack->files[i];
		struct policy_faults silent = { .file = file->file };

		if (!file->is_used && file->is_clean)
			file->is_used = policy_scan_fits(&file->scan, facts, ignored, &silent) != 0;
	}
}

void stack_done(struct policy_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		free(stack->files[i].text);
	free(stack->files);
	free(stack->kept);
	memset(stack, 0, sizeof(*stack));
}
