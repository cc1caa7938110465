/*
 * Limits that root has set for a user while an instance runs, over those of the policy: the file .limits in
 * the user's state folder, root's alone, gone with the user's last instance.  A line each:
 *     until=SECONDS KEY=VALUE
 * SECONDS of CLOCK_BOOTTIME, 0: for as long as the instance lives; KEY and VALUE as in [cgroup], "session."
 * included.
 */
#ifndef NSISO_LIMITS_LIVE_H
#define NSISO_LIMITS_LIVE_H

#include <stddef.h>
#include <stdint.h>

struct errmsg;
struct policy;

#define LIMITS_LIVE_FILE ".limits"
#define LIMITS_LIVE_MAX 24
#define LIMITS_LIVE_VALUE_MAX 512 /* bytes of a value, NUL included */

struct limits_live {
	unsigned n;
	struct limit_live {
		uint64_t until;  /* seconds of CLOCK_BOOTTIME; 0: no end */
		const char *key; /* of the key table */
		char value[LIMITS_LIVE_VALUE_MAX];
	} entry[LIMITS_LIVE_MAX];
};

/* CLOCK_BOOTTIME in seconds. */
uint64_t limits_live_now(void);
/*
 * From the open state folder of a user; no file: none.  -EINVAL: not as above, or not root's alone; another
 * -errno: it cannot be read.  Then *ret has none.
 */
int limits_live_read(int user, struct limits_live *ret, struct errmsg *e);
/* Renamed into place; without entries the file is removed. */
int limits_live_write(int user, const struct limits_live *live, struct errmsg *e);
/*
 * Puts a limit in the place of one with the same key; an empty value takes it away from the user, value NULL gives
 * back the policy's.  Checked as the policy's are: -EINVAL with the reason.
 */
int limits_live_set(struct limits_live *live, const char *key, const char *value, uint64_t until,
		    struct errmsg *e);
/* Forgets what is over at that time; the time when the next one is over, 0: none. */
uint64_t limits_live_expire(struct limits_live *live, uint64_t now);
/* Lays all of them over the limits of a policy. */
int limits_live_lay(const struct limits_live *live, struct policy *policy, struct errmsg *e);

#endif
