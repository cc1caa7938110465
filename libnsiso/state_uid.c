/* See state_uid.h. */
#include "state_uid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errmsg.h"
#include "nsiso.h"

#define LINK_MAX 24 /* bytes of ".uid-4294967295" and some */

static void name_link(uid_t uid, char ret[LINK_MAX])
{
	(void)snprintf(ret, LINK_MAX, ".uid-%u", (unsigned)uid);
}

/* Whose it is; empty when it is gone. */
static int read_link(int state, const char *link, char ret[NSISO_USER_MAX])
{
	ssize_t n = readlinkat(state, link, ret, NSISO_USER_MAX - 1);

	ret[n > 0 ? n : 0] = '\0';
	return n < 0 && errno != ENOENT ? -errno : 0;
}

static bool is_there(int state, const char *user)
{
	struct stat st;

	return user[0] && fstatat(state, user, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int state_uid_claim(int state, const char *user, uid_t uid, struct errmsg *e)
{
	char link[LINK_MAX], owner[NSISO_USER_MAX];
	int r;

	name_link(uid, link);
	if (symlinkat(user, state, link) == 0)
		return 0;
	if (errno != EEXIST)
		return errmsg_set(e, -errno, "cannot make the mark of uid %u", (unsigned)uid);
	r = read_link(state, link, owner);
	if (r < 0)
		return errmsg_set(e, r, "cannot read the mark of uid %u", (unsigned)uid);
	if (strcmp(owner, user) == 0)
		return 0;
	if (is_there(state, owner))
		return errmsg_setx(e, -EPERM,
				   "uid %u has instances under the name %s: end them first, by "
				   "nsisoctl kill %s",
				   (unsigned)uid, owner, owner);
	/* Left behind, or just being removed. */
	(void)unlinkat(state, link, 0);
	if (symlinkat(user, state, link) < 0)
		return errmsg_set(e, -errno, "cannot make the mark of uid %u", (unsigned)uid);
	return 0;
}

/* A login may have made the folder anew meanwhile, and have found the mark still there. */
void state_uid_forget(int state, const char *user, uid_t uid)
{
	char link[LINK_MAX], owner[NSISO_USER_MAX];

	name_link(uid, link);
	if (read_link(state, link, owner) < 0 || strcmp(owner, user) != 0)
		return;
	(void)unlinkat(state, link, 0);
	if (is_there(state, user))
		(void)!symlinkat(user, state, link);
}
