/* What the host can do: asked once a login, by a handful of cheap calls. */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/statfs.h>

#include "errmsg.h"
#include "facts.h"
#include "nsiso.h"

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

int facts_kernel(struct facts *ret, struct errmsg *e)
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
	return 0;
}
