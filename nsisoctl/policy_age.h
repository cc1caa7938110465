/* Whether an instance still has the policy that its user's next login would get. */
#ifndef NSISO_POLICY_AGE_H
#define NSISO_POLICY_AGE_H

#include <stdbool.h>

#include "instance.h"
#include "policy_keys.h"

enum policy_age {
	POLICY_AGE_UNKNOWN, /* the record does not say, or the policy can't be read now */
	POLICY_CURRENT,
	POLICY_STALE,
	POLICY_AGE_COUNT
};

/*
 * Compares the hash in the record with that of the policy of a login through the same service, read by the login's own
 * functions.
 */
enum policy_age policy_age(const struct instance_record *record);
/*
 * The rows that differ; keys is the line of the record (policy_digest.h), empty where an earlier release has written
 * it.  Their number; 0 also where that is not known.
 */
unsigned policy_age_keys(const struct instance_record *record, const char *keys,
			 bool ret[ROW_COUNT]);

/* What a changed key takes to come into force for who is logged in. */
enum policy_hold { HOLD_APPLY, HOLD_NEXT_SESSION, HOLD_NEXT_INSTANCE };

enum policy_hold policy_age_hold(int row);
/* "current", "stale", or "-". */
const char *policy_age_name(enum policy_age age);

#endif
