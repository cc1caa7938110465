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

/* Faults are nsisoctl check's to tell. */
static void silent(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx, (void)file, (void)line, (void)column, (void)text;
}

enum policy_age policy_age(const struct instance_record *record)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	AUTO_FREE struct facts *facts = calloc(1, sizeof(*facts));
	struct errmsg ignored;
	uint64_t hash = 0;
	char text[17];

	if (!policy || !facts || !record->policy[0] ||
	    facts_user(record->user, facts, &ignored) < 0)
		return POLICY_AGE_UNKNOWN;
	(void)snprintf(facts->service, sizeof(facts->service), "%s", record->service);
	if (policy_find(NSISO_CONFDIR, facts, silent, NULL, policy, &ignored) < 0 ||
	    policy_hash(policy, &hash) < 0)
		return POLICY_AGE_UNKNOWN;
	(void)snprintf(text, sizeof(text), "%016" PRIx64, hash);
	return strcmp(text, record->policy) == 0 ? POLICY_CURRENT : POLICY_STALE;
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
