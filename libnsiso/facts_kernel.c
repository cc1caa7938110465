/* What the host can do: asked once a login, by a handful of cheap calls. */
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "errmsg.h"
#include "facts.h"
#include "nsiso.h"
#include "policy.h"

#define CGROUP2_MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC */

static unsigned long file_system(const char *path)
{
	struct statfs st;

	return statfs(path, &st) < 0 ? 0 : (unsigned long)st.f_type;
}

/* The places that systemd gave them and everybody keeps (systemd docs/CGROUP_DELEGATION.md). */
static enum cgroup_layout cgroup_layout(void)
{
	unsigned long type = file_system("/sys/fs/cgroup");

	if (type == CGROUP2_MAGIC)
		return CGROUP_V2;
	if (type == 0)
		return CGROUP_NONE;
	if (file_system("/sys/fs/cgroup/unified") == CGROUP2_MAGIC)
		return CGROUP_HYBRID;
	return CGROUP_V1;
}

/* sd_booted(3), with no library. */
static bool is_run_by_systemd(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

bool facts_may_have_units(const struct policy *policy)
{
	return policy->cgroup.enable && policy->cgroup.backend != POLICY_BACKEND_CGROUPFS &&
	       is_run_by_systemd();
}

/*
 * Where systemd runs the host, groups made behind its back lose their controllers at its whim, so that is
 * never what comes of a missing library.
 */
static int decide_backend(struct facts *ret, const struct policy *policy, struct errmsg *e)
{
	const enum policy_backend wanted = policy->cgroup.backend;

	ret->backend = BACKEND_CGROUPFS;
	if (!policy->cgroup.enable || wanted == POLICY_BACKEND_CGROUPFS)
		return 0;
	if (!is_run_by_systemd() || ret->cgroup != CGROUP_V2) {
		if (wanted == POLICY_BACKEND_AUTO)
			return 0;
		return errmsg_setx(
			e, -EOPNOTSUPP,
			"[cgroup] backend = systemd needs a host that is run by systemd, "
			"with cgroup version 2");
	}
#ifndef NSISO_SYSTEMD
	return errmsg_setx(e, -EOPNOTSUPP,
			   "systemd runs this host, and nsiso is built without libsystemd: use "
			   "[cgroup] backend = cgroupfs");
#else
	ret->backend = BACKEND_SYSTEMD;
	return 0;
#endif
}

int facts_kernel(struct facts *ret, const struct policy *policy, struct errmsg *e)
{
	char buffer[4096];
	struct passwd account, *found;
	int r;

	r = getpwnam_r(NSISO_ACCOUNT, &account, buffer, sizeof(buffer), &found);
	if (r != 0)
		return errmsg_set(e, -r, "cannot look up account %s", NSISO_ACCOUNT);
	if (!found)
		return errmsg_setx(e, -ENOENT, "there is no account %s (see pam_nsiso(8), FILES)",
				   NSISO_ACCOUNT);
	if (account.pw_uid == 0)
		return errmsg_setx(e, -EPERM, "account %s must not have uid 0", NSISO_ACCOUNT);
	ret->init_uid = account.pw_uid;
	ret->init_gid = account.pw_gid;
	ret->cgroup = cgroup_layout();
	return decide_backend(ret, policy, e);
}
