/* Members of groups, remembered; see groups.h. */
#include "groups.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "nss_sources.h"

#define GROUPS_MAX 256 /* later ones are asked for each time */

struct known_group {
	char *name;
	bool exists;
	gid_t gid;
	char **members; /* by name */
	size_t count;
};

/* Of the whole run: the program answers one question and ends. */
static struct known_group known[GROUPS_MAX];
static size_t n_known;
static enum { LOCAL_UNKNOWN, LOCAL_YES, LOCAL_NO } local;

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* false: no memory; then it is as if nothing had been read. */
static bool members_copy(struct known_group *ret, char **members)
{
	size_t count = 0;

	while (members[count])
		count++;
	ret->members = calloc(count + 1, sizeof(*ret->members));
	if (!ret->members)
		return false;
	for (ret->count = 0; ret->count < count; ret->count++) {
		ret->members[ret->count] = strdup(members[ret->count]);
		if (!ret->members[ret->count])
			return false;
	}
	qsort(ret->members, count, sizeof(*ret->members), name_compare);
	return true;
}

/* NULL: it cannot be remembered. */
static const struct known_group *group_learn(const char *name)
{
	struct known_group *group = &known[n_known];
	const struct group *entry;

	if (n_known == GROUPS_MAX)
		return NULL;
	errno = 0;
	entry = getgrnam(name);
	if (!entry && errno != 0 && errno != ENOENT)
		return NULL;
	group->name = strdup(name);
	group->exists = entry != NULL;
	group->gid = entry ? entry->gr_gid : 0;
	if (!group->name || (entry && !members_copy(group, entry->gr_mem)))
		return NULL;
	n_known++;
	return group;
}

static const struct known_group *group_find(const char *name)
{
	for (size_t i = 0; i < n_known; i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return group_learn(name);
}

int groups_has(const struct facts *facts, const char *group)
{
	const struct known_group *found = NULL;
	const char *user = facts->user;
	struct facts plain;

	if (local == LOCAL_UNKNOWN)
		local = nss_is_local("group") ? LOCAL_YES : LOCAL_NO;
	if (local == LOCAL_YES)
		found = group_find(group);
	if (!found) {
		memcpy(&plain, facts, sizeof(plain));
		plain.in_group = NULL;
		return facts_in_group(&plain, group);
	}
	if (!found->exists)
		return 0;
	return found->gid == facts->gid || bsearch(&user, found->members, found->count,
						   sizeof(*found->members), name_compare) != NULL;
}
