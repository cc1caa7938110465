/*
 * From the text of a key to its field in struct policy and back, by the key's type.
 */
#ifndef NSISO_POLICY_FIELD_H
#define NSISO_POLICY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "errmsg.h"
#include "policy_keys.h"

struct policy;

struct policy_input {
	const char *text;
	bool optional; /* the mark "?" of limits */
	size_t at;     /* out: where in text the fault is */
	struct errmsg e;
};

/*
 * Every key but those of [match].  0, or -EINVAL with in->e and in->at; then the field is
 * untouched.
 */
int policy_field_read(const struct policy_key *key, struct policy_input *in, struct policy *policy);
/* The value as policy_field_read() takes it. */
void policy_field_write(const struct policy_key *key, const struct policy *policy, FILE *out);
/* Whether the key is a list without items. */
bool policy_field_is_empty(const struct policy_key *key, const struct policy *policy);
/* The field of a limit, which may be unset; NULL for other keys. */
const struct policy_limit *policy_field_limit(const struct policy_key *key,
					      const struct policy *policy);

#endif
