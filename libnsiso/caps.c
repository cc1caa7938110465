/* Capabilities by libcap-ng; see caps.h. */
#include "caps.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

#include "errmsg.h"

static int apply_bounding(uint64_t keep, struct errmsg *e)
{
	int cap;

	/* From the process's own state, so that nothing but the bounding set changes. */
	if (capng_get_caps_process() < 0)
		return errmsg_setx(e, -EIO, "cannot read the capabilities");
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(keep & 1ULL << cap))
			(void)capng_update(CAPNG_DROP, CAPNG_BOUNDING_SET, (unsigned)cap);
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return errmsg_setx(e, -EPERM, "cannot drop the capability bounding set");
	return 0;
}

/* Whether the bounding set has nothing beyond keep. */
static bool is_bounded(uint64_t keep)
{
	int cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0)
			break; /* younger than this kernel */
		if (r == 1 && !(keep & 1ULL << cap))
			return false;
	}
	return true;
}

int caps_drop(uint64_t keep, bool no_new_privs, struct errmsg *e)
{
	int r;

	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errmsg_set(e, -errno, "cannot set no_new_privs");
	if (no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return errmsg_setx(e, -EIO, "no_new_privs is not set after it was set");
	if (is_bounded(keep))
		return 0;
	if (capng_get_caps_process() == 0 && !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)) {
		if (no_new_privs)
			return 0;
		return errmsg_setx(e, -EPERM,
				   "cannot drop the capability bounding set without CAP_SETPCAP");
	}
	r = apply_bounding(keep, e);
	if (r == 0 && !is_bounded(keep))
		r = errmsg_setx(e, -EIO,
				"the capability bounding set is larger than it was set to");
	return r;
}

int caps_check_none(struct errmsg *e)
{
	if (capng_get_caps_process() < 0)
		return errmsg_setx(e, -EIO, "cannot read the capabilities");
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE ||
	    capng_have_capabilities(CAPNG_SELECT_AMBIENT) > CAPNG_NONE)
		return errmsg_setx(e, -EPERM, "the session would start with capabilities");
	return 0;
}

int caps_clear(struct errmsg *e)
{
	if (capng_get_caps_process() < 0)
		return errmsg_setx(e, -EIO, "cannot read the capabilities");
	capng_clear(CAPNG_SELECT_CAPS);
	capng_clear(CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return errmsg_setx(e, -EPERM, "cannot drop the capabilities");
	return caps_check_none(e);
}

int caps_drop_one(unsigned capability, struct errmsg *e)
{
	if (capng_get_caps_process() < 0)
		return errmsg_setx(e, -EIO, "cannot read the capabilities");
	(void)capng_update(CAPNG_DROP,
			   CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
				   CAPNG_BOUNDING_SET,
			   capability);
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0 || capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 0)
		return errmsg_setx(e, -EPERM, "cannot drop capability %u", capability);
	return 0;
}
