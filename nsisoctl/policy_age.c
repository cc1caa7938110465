/* Whether an instance's policy is the one of today; see policy_age.h. */
#include "policy_age.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_digest.h"

/* Faults are nsisoctl check's to tell. */
static void silent(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx, (void)file, (void)line, (void)column, (void)text;
}

/* Of the policy that a login through the same service would get. */
static bool digest_now(const struct instance_record *record, struct policy_digest *ret)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	AUTO_FREE struct facts *facts = calloc(1, sizeof(*facts));
	struct errmsg ignored;

	if (!policy || !facts || !record->policy[0] ||
	    facts_user(record->user, facts, &ignored) < 0)
		return false;
	(void)snprintf(facts->service, sizeof(facts->service), "%s", record->service);
	return policy_find(NSISO_CONFDIR, facts, silent, NULL, policy, &ignored) >= 0 &&
	       policy_digest(policy, ret) == 0;
}

enum policy_age policy_age(const struct instance_record *record)
{
	struct policy_digest digest;
	char text[17];

	if (!digest_now(record, &digest))
		return POLICY_AGE_UNKNOWN;
	(void)snprintf(text, sizeof(text), "%016" PRIx64, digest.hash);
	return strcmp(text, record->policy) == 0 ? POLICY_CURRENT : POLICY_STALE;
}

unsigned policy_age_keys(const struct instance_record *record, const char *keys,
			 bool ret[ROW_COUNT])
{
	struct policy_digest digest;

	memset(ret, 0, ROW_COUNT * sizeof(ret[0]));
	return *keys && digest_now(record, &digest) ? policy_digest_differs(&digest, keys, ret) : 0;
}

enum policy_hold policy_age_hold(int row)
{
	const struct policy_key *key = &policy_keys[row];

	if (!policy_key_is_limit(key))
		return HOLD_NEXT_INSTANCE;
	return strncmp(key->name, "session.", strlen("session.")) == 0 ? HOLD_NEXT_SESSION :
									 HOLD_APPLY;
}

const char *policy_age_name(enum policy_age age)
{
	static const char *const names[POLICY_AGE_COUNT] = {
		[POLICY_AGE_UNKNOWN] = "-",
		[POLICY_CURRENT] = "current",
		[POLICY_STALE] = "stale",
	};

	return names[age];
}
