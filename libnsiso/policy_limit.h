/*
 * The limits of [cgroup]: from the text of a key to struct policy, back, and to what the kernel's v2 files
 * take.
 */
#ifndef NSISO_POLICY_LIMIT_H
#define NSISO_POLICY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy.h"
#include "policy_field.h"

#define POLICY_LIMIT_TEXT_MAX (NSISO_PATH_MAX + 160) /* bytes of a value as text, NUL included */

/* The v2 name: "memory.max". */
extern const char *const policy_limit_names[LIMIT_COUNT];

/* As policy_field_read() and policy_field_write(); field is the struct policy_limit of the key. */
int policy_limit_read(const struct policy_key *key, struct policy_input *in, void *field);
void policy_limit_write(const struct policy_key *key, const void *field, FILE *out);

/*
 * What is to be written for a limit (into policy->cgroup.limit or .session): the text as the v2 file takes
 * it, but for io.max, where a path stands in place of the device's number, with all four rates.  Start with *at = 0; false: no more.  All have one text, io.max
 * has one for each device.
 */
bool policy_limit_next(const struct policy *policy, const struct policy_limit *limits,
		       enum policy_limit_id id, size_t *at, char ret[POLICY_LIMIT_TEXT_MAX]);

#endif
