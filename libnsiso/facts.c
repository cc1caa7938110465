/*
 * The facts of a login that come from the account databases: who the user is, and groups when a
 * policy asks for one.  Never walks all users or groups.  What the host can do is found out
 * elsewhere.
 */
#include "facts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"

#define PASSWD_SIZE 16384         /* bytes of a passwd entry; nobody has a larger one */
#define GIDS_MAX 1024             /* groups of one user */
#define GROUP_SIZE 4096           /* of a group entry, at first */
#define GROUP_SIZE_MAX (4U << 20) /* groups of 100,000 members exist */

/* "/home/alice//" and "" are what some databases have. */
static int home_copy(const char *home, char *ret, struct errmsg *e)
{
	size_t len = strlen(home);

	while (len > 1 && home[len - 1] == '/')
		len--;
	if (len >= NSISO_PATH_MAX)
		return errmsg_setx(e, -ENAMETOOLONG, "the home directory has more than %d bytes",
				   NSISO_PATH_MAX - 1);
	if (len > 0 && *home != '/')
		return errmsg_setx(e, -EINVAL, "the home directory is not an absolute path");
	memset(ret, 0, NSISO_PATH_MAX);
	memcpy(ret, len > 0 ? home : "/", len > 0 ? len : 1);
	return 0;
}

int facts_user(const char *user, struct facts *ret, struct errmsg *e)
{
	char buffer[PASSWD_SIZE];
	char host[sizeof(ret->host)] = "";
	char home[sizeof(ret->home)];
	struct passwd entry;
	struct passwd *found = NULL;
	int r;

	if (!policy_user_is_safe(user))
		return errmsg_setx(e, -EINVAL, "the user name cannot be part of a path");
	do {
		r = getpwnam_r(user, &entry, buffer, sizeof(buffer), &found);
	} while (r == EINTR);
	if (r != 0)
		return errmsg_set(e, -r, "cannot look up the user %s", user);
	if (!found)
		return errmsg_setx(e, -ENOENT, "no user %s", user);
	if (home_copy(entry.pw_dir, home, e) < 0)
		return errmsg_wrap(e, "cannot use the entry of %s", user);
	if (gethostname(host, sizeof(host)) < 0)
		return errmsg_set(e, -errno, "cannot read the host name");
	host[sizeof(host) - 1] = '\0';
	/* The databases may take another spelling of the name: what they say is the name. */
	if (!policy_user_is_safe(entry.pw_name))
		return errmsg_setx(e, -EINVAL, "the user name cannot be part of a path");
	memset(ret->user, 0, sizeof(ret->user));
	memcpy(ret->user, entry.pw_name, strlen(entry.pw_name));
	memcpy(ret->home, home, sizeof(ret->home));
	memcpy(ret->host, host, sizeof(ret->host));
	ret->uid = entry.pw_uid;
	ret->gid = entry.pw_gid;
	ret->has_nsshell = strcmp(entry.pw_shell, NSISO_BINDIR "/nsshell") == 0;
	return 0;
}

int facts_id(struct facts *ret, struct errmsg *e)
{
	unsigned char bytes[(NSISO_ID_MAX - 1) / 2];

	/* Without waiting: a login is no place to wait for the entropy of an early boot. */
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes))
		return errmsg_set(e, errno ? -errno : -EIO, "cannot make a random id");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(ret->id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/*
 * By the user's list and not by the group's members: what a directory service (sssd with
 * ignore_group_members) leaves out of the latter is in the former.
 */
static int group_has(const struct group *group, const struct facts *facts)
{
	gid_t gids[GIDS_MAX];
	int n = GIDS_MAX;

	if (group->gr_gid == facts->gid)
		return 1;
	if (getgrouplist(facts->user, facts->gid, gids, &n) < 0)
		return -E2BIG;
	while (n-- > 0)
		if (gids[n] == group->gr_gid)
			return 1;
	return 0;
}

/* With room for an entry of size bytes: 1, 0, or -errno, -ERANGE when it needs more. */
static int group_ask(const struct facts *facts, const char *name, size_t size)
{
	AUTO_FREE char *buffer = malloc(size);
	struct group entry;
	struct group *found = NULL;
	int r;

	if (!buffer)
		return -ENOMEM;
	do {
		r = getgrnam_r(name, &entry, buffer, size, &found);
	} while (r == EINTR);
	if (r != 0)
		return -r;
	return found ? group_has(found, facts) : 0;
}

int facts_in_group(const struct facts *facts, const char *group)
{
	int r = -ERANGE;

	if (facts->in_group)
		return facts->in_group(facts, group);
	for (size_t size = GROUP_SIZE; r == -ERANGE && size <= GROUP_SIZE_MAX; size *= 4)
		r = group_ask(facts, group, size);
	return r;
}
