/* Whether an instance still has the policy that its user's next login would get. */
#ifndef NSISO_POLICY_AGE_H
#define NSISO_POLICY_AGE_H

#include "instance.h"

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
/* "current", "stale", or "-". */
const char *policy_age_name(enum policy_age age);

#endif
