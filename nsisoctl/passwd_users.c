/* All users, read once; see passwd_users.h. */
#include "passwd_users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errmsg.h"
#include "groups.h"
#include "nss_sources.h"
#include "policy.h"

static int name_compare(const void *a, const void *b)
{
	return strcmp(((const struct passwd_user *)a)->name, ((const struct passwd_user *)b)->name);
}

static int account_add(struct passwd_users *users, size_t *room, const struct passwd *entry)
{
	struct passwd_user *user;

	if (!policy_user_is_safe(entry->pw_name) || users->count == PASSWD_USERS_MAX)
		return 0;
	if (users->count == *room) {
		size_t wanted = *room ? 2 * *room : 256;
		struct passwd_user *grown = reallocarray(users->list, wanted, sizeof(*users->list));

		if (!grown)
			return -ENOMEM;
		users->list = grown;
		*room = wanted;
	}
	user = &users->list[users->count++];
	memset(user, 0, sizeof(*user));
	(void)snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	return 0;
}

int passwd_users_read(struct passwd_users *ret, struct errmsg *e)
{
	struct passwd_users users = { 0 };
	const struct passwd *entry;
	size_t room = 0;
	int r = 0;

	setpwent();
	while (r == 0 && (entry = getpwent()))
		r = account_add(&users, &room, entry);
	endpwent();
	if (r < 0) {
		passwd_users_done(&users);
		return errmsg_set(e, r, "cannot list the users");
	}
	if (users.count > 1)
		qsort(users.list, users.count, sizeof(*users.list), name_compare);
	users.is_complete = nss_is_local("passwd") && nss_is_local("group");
	memcpy(ret, &users, sizeof(*ret));
	return 0;
}

void passwd_users_done(struct passwd_users *users)
{
	free(users->list);
	memset(users, 0, sizeof(*users));
}

const struct passwd_user *passwd_users_find(const struct passwd_users *users, const char *name)
{
	struct passwd_user wanted = { .uid = 0 };

	if (users->count == 0 || strlen(name) >= sizeof(wanted.name))
		return NULL;
	memcpy(wanted.name, name, strlen(name) + 1);
	return bsearch(&wanted, users->list, users->count, sizeof(wanted), name_compare);
}

bool passwd_users_has(const struct passwd_users *users, const char *name)
{
	return passwd_users_find(users, name) || getpwnam(name);
}

void passwd_users_facts(const struct passwd_user *user, struct facts *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->user, user->name, sizeof(ret->user));
	ret->uid = user->uid;
	ret->gid = user->gid;
	(void)snprintf(ret->service, sizeof(ret->service), "sshd");
	ret->in_group = groups_has;
}
