/*
 * All users that the passwd database tells of, read once: what concerns every user asks here, and not the
 * databases again for each of them.
 */
#ifndef NSISO_PASSWD_USERS_H
#define NSISO_PASSWD_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "facts.h"

struct errmsg;

#define PASSWD_USERS_MAX 1000000 /* more are not looked at */

struct passwd_user {
	char name[NSISO_USER_MAX];
	uid_t uid;
	gid_t gid;
};

struct passwd_users {
	struct passwd_user *list; /* by name; users whose name no policy can have are left out */
	size_t count;
	bool is_complete; /* local files alone: directory services may know more users than they list */
};

int passwd_users_read(struct passwd_users *ret, struct errmsg *e);
void passwd_users_done(struct passwd_users *users);
/* NULL: it is not in the list.  A directory service may still know it. */
const struct passwd_user *passwd_users_find(const struct passwd_users *users, const char *name);
/* Whether there is such a user, in the list or not. */
bool passwd_users_has(const struct passwd_users *users, const char *name);
/* What the policy files of a login by ssh are matched with; a home is not among it. */
void passwd_users_facts(const struct passwd_user *user, struct facts *ret);

#endif
