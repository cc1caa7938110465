/*
 * What an instance's record keeps of the policy that made it: enough to tell later whether the policy of today is
 * another one, and which keys differ, in a few hundred bytes.
 */
#ifndef NSISO_POLICY_DIGEST_H
#define NSISO_POLICY_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "policy_keys.h"

struct policy;

#define POLICY_DIGEST_KEY \
	8 /* characters for a key: 16 bits for its name and 16 for its value, in hex */
#define POLICY_DIGEST_KEYS_MAX (ROW_COUNT * POLICY_DIGEST_KEY + 1)

struct policy_digest {
	uint64_t
		hash; /* FNV-1a of the effective policy's text, as policy_print() gives it without notes */
	char keys[POLICY_DIGEST_KEYS_MAX]; /* of those that the text has */
};

/* 0, or -ENOMEM. */
int policy_digest(const struct policy *policy, struct policy_digest *ret);
/*
 * The rows whose values are not those of the other text of keys, which another release may have written: what that
 * one did not know differs, too.  Their number.  One change of 65536 is not seen by its key, and then only in
 * the hash.
 */
unsigned policy_digest_differs(const struct policy_digest *digest, const char *keys,
			       bool ret[ROW_COUNT]);

#endif
