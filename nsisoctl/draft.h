/*
 * A policy file as it would be: its faults, and what it would change for whom.
 */
#ifndef NSISO_DRAFT_H
#define NSISO_DRAFT_H

#include <stdio.h>

#include "store.h"

struct errmsg;

#define DRAFT_USERS_MAX \
	1000 /* whose policies are compared; of more users the rest is not looked at */

struct draft {
	const struct store *store;
	const char *text;
	size_t len;
	unsigned faults;
	unsigned first_line; /* of the faults in the draft; 0: none has a line */
	char *effect;        /* what would change, for people; for free() */
};

/*
 * Prints faults to stderr and fills the last three members.  A fault is also what the draft makes of the policy of
 * a user that has none without it.  0, or -errno when it cannot be judged.
 */
int draft_check(struct draft *draft, struct errmsg *e);

#endif
