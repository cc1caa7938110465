/*
 * The files of a policy folder that thousands of logins share, read once: the policy that each user's own file
 * is laid over.  What is laid over what, and what fits, is decided by the functions that a login uses.
 */
#ifndef NSISO_POLICY_STACK_H
#define NSISO_POLICY_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "policy_names.h"
#include "policy_scan.h"

struct errmsg;
struct facts;

#define STACK_KEPT 64 /* results that are remembered: one for each set of files that fit */

struct stack_file {
	char file[64]; /* below the folder */
	char *text;
	size_t len;
	bool is_clean;
	bool is_used; /* it fits somebody, whatever the service and the remote host */
	struct policy_scan scan;
};

struct stack_result {
	uint8_t fits[POLICY_NAMES_MAX / 8];
	struct policy policy;
};

struct policy_stack {
	struct policy base;       /* what conf.d is laid over */
	struct stack_file *files; /* of conf.d, in their order; default.conf is in base alone */
	size_t count;
	struct stack_result *kept;
	size_t n_kept;
	policy_report *report; /* faults of several files together */
	void *ctx;
};

/* Takes text, which is for free(), also when it fails. */
int stack_add(struct policy_stack *stack, const char *file, char *text, size_t len, bool is_clean,
	      struct errmsg *e);
/*
 * The policy of that login as far as it does not depend on the user's own file; faulty files are left out.
 * NULL: e says why.  Valid until the next call.
 */
const struct policy *stack_find(struct policy_stack *stack, const struct facts *facts,
				struct errmsg *e);
/* Sets is_used of the files that fit this user. */
void stack_use(struct policy_stack *stack, const struct facts *facts);
void stack_done(struct policy_stack *stack);

#endif
