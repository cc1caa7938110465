/*
 * Giving up what root may do; see privilege.h.  A second line of defence behind a parser that takes hostile
 * files: so where a container or a user namespace does not allow a step, the next one is done all the same.
 */
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "errmsg.h"
#include "nsiso.h"
#include "policy_value.h"

#define NOBODY 65534 /* the kernel's overflow id */

struct identity {
	uid_t uid;
	gid_t gid;
	const char *name; /* for its groups; NULL: without any */
};

/* sudo(8) sets SUDO_UID; who could forge it is root already. */
static bool caller_find(struct identity *ret)
{
	const char *text = getenv("SUDO_UID");
	const struct passwd *account;
	struct errmsg ignored;
	uint64_t uid = 0;

	if (!text || value_number(text, 1, UINT32_MAX - 1, &uid, &ignored) < 0)
		return false;
	account = getpwuid((uid_t)uid);
	if (!account)
		return false;
	ret->uid = account->pw_uid;
	ret->gid = account->pw_gid;
	ret->name = account->pw_name;
	return true;
}

static void account_find(struct identity *ret)
{
	const struct passwd *account = getpwnam(NSISO_ACCOUNT);

	ret->uid = account ? account->pw_uid : NOBODY;
	ret->gid = account ? account->pw_gid : NOBODY;
	ret->name = NULL;
}

static int identity_take(const struct identity *identity)
{
	int r = identity->name ? initgroups(identity->name, identity->gid) : setgroups(0, NULL);

	if (r < 0 || setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	return 0;
}

int privilege_drop(bool as_caller, struct errmsg *e)
{
	struct identity identity;
	bool is_caller;
	int r;

	if (geteuid() != 0)
		return 0;
	is_caller = as_caller && caller_find(&identity);
	if (!is_caller)
		account_find(&identity);
	/* The change of the user id would take what is to stay, too. */
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	(void)capng_get_caps_process();
	capng_clear(CAPNG_SELECT_BOUNDS);
	(void)capng_apply(CAPNG_SELECT_BOUNDS);
	r = identity_take(&identity);
	/* Who called sudo(8) must not read by our rights what is not his to read. */
	if (r < 0 && is_caller)
		return errmsg_set(e, r, "cannot become %s", identity.name);
	capng_clear(CAPNG_SELECT_ALL);
	if (!is_caller)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				   CAP_DAC_READ_SEARCH);
	(void)capng_apply(CAPNG_SELECT_CAPS);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}
