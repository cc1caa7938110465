/*
 * Ids for user namespaces: supplementary groups, and subordinate ranges by libsubid.  The library is loaded
 * only for a policy that asks for it: other logins must not pay for what it brings along.
 */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "policy.h"

#ifdef NSISO_SUBID
#include <shadow/subid.h>

typedef int get_ranges(const char *owner, struct subid_range **ranges);
typedef int get_owners(uid_t id, uid_t **owners);
typedef bool init_library(const char *program, FILE *log);

/* The open library, and which of its two kinds of ids is read. */
struct subids {
	get_ranges *ranges;
	get_owners *owners;
	const struct facts *facts;
	uint32_t own;
};

/*
 * Two maps must never share an id.  Of two ranges that overlap, one has an end in the other: whoever has
 * it is refused.
 */
static int check_owner(const struct subids *ids, unsigned long id, struct errmsg *e)
{
	AUTO_FREE uid_t *owners = NULL;
	int i, n = ids->owners((uid_t)id, &owners);

	for (i = 0; i < n; i++)
		if (owners[i] != ids->facts->uid)
			return errmsg_setx(e, -EPERM,
					   "the subordinate id %lu of user %s is uid %u's, too", id,
					   ids->facts->user, (unsigned)owners[i]);
	return 0;
}

/* Host root and the user's own id can't be subordinates, and no range may run over the end. */
static int copy_range(const struct subids *ids, const struct subid_range *from,
		      struct facts_range *ret, struct errmsg *e)
{
	unsigned long end = from->start + from->count;
	int r;

	if (from->start == 0 || from->count == 0 || end < from->start || end > UINT32_MAX - 1UL ||
	    (ids->own >= from->start && ids->own < end))
		return errmsg_setx(e, -EINVAL,
				   "the subordinate ids %lu:%lu of user %s are not usable",
				   from->start, from->count, ids->facts->user);
	r = check_owner(ids, from->start, e);
	if (r == 0)
		r = check_owner(ids, end - 1, e);
	*ret = (struct facts_range){ (uint32_t)from->start, (uint32_t)from->count };
	return r;
}

static int read_ranges(const struct subids *ids, struct facts_range *ret, unsigned *ret_n,
		       struct errmsg *e)
{
	AUTO_FREE struct subid_range *ranges = NULL;
	int i, n = ids->ranges(ids->facts->user, &ranges), r = 0;

	if (n <= 0)
		return errmsg_setx(
			e, -ENOENT,
			"user %s has no subordinate ids (see subuid(5)): add some, or use [user] "
			"subid = none",
			ids->facts->user);
	if (n > FACTS_RANGES_MAX)
		return errmsg_setx(e, -E2BIG, "user %s has more than %d ranges of subordinate ids",
				   ids->facts->user, FACTS_RANGES_MAX);
	for (i = 0; i < n && r == 0; i++)
		r = copy_range(ids, &ranges[i], &ret[i], e);
	*ret_n = (unsigned)n;
	return r;
}

static int find_functions(void *library, const char *ranges, const char *owners, struct subids *ret,
			  struct errmsg *e)
{
	*(void **)&ret->ranges = dlsym(library, ranges);
	*(void **)&ret->owners = dlsym(library, owners);
	return ret->ranges && ret->owners ?
		       0 :
		       errmsg_setx(e, -EOPNOTSUPP, "%s is too old", NSISO_SUBID);
}

static int read_both(void *library, struct facts *ret, struct errmsg *e)
{
	struct subids ids = { .facts = ret, .own = ret->uid };
	int r;

	r = find_functions(library, "subid_get_uid_ranges", "subid_get_uid_owners", &ids, e);
	if (r == 0)
		r = read_ranges(&ids, ret->subuid, &ret->n_subuid, e);
	ids.own = ret->gid;
	if (r == 0)
		r = find_functions(library, "subid_get_gid_ranges", "subid_get_gid_owners", &ids,
				   e);
	if (r == 0)
		r = read_ranges(&ids, ret->subgid, &ret->n_subgid, e);
	return r;
}

/* Its messages would go to the caller's standard error; a name for them would be a leak. */
static int read_subids(struct facts *ret, struct errmsg *e)
{
	void *library = dlopen(NSISO_SUBID, RTLD_NOW | RTLD_LOCAL);
	FILE *null = library ? fopen("/dev/null", "we") : NULL;
	init_library *init;
	int r;

	if (!library)
		return errmsg_setx(e, -EOPNOTSUPP,
				   "cannot load %s: install it, or use [user] subid = none",
				   NSISO_SUBID);
	*(void **)&init = dlsym(library, "subid_init");
	if (!null || !init || !init(NULL, null))
		r = errmsg_setx(e, -EOPNOTSUPP, "cannot use %s", NSISO_SUBID);
	else
		r = read_both(library, ret, e);
	(void)dlclose(library);
	if (null)
		(void)fclose(null);
	return r;
}
#else
static int read_subids(struct facts *ret, struct errmsg *e)
{
	(void)ret;
	return errmsg_setx(e, -EOPNOTSUPP, "built without libsubid: use [user] subid = none");
}
#endif

static int read_gids(struct facts *ret, struct errmsg *e)
{
	int n = FACTS_GIDS_MAX;

	if (getgrouplist(ret->user, ret->gid, ret->gids, &n) < 0)
		return errmsg_setx(e, -E2BIG, "user %s is in more than %d groups", ret->user,
				   FACTS_GIDS_MAX);
	ret->n_gids = (unsigned)n;
	return 0;
}

int facts_maps(struct facts *ret, const struct policy *policy, struct errmsg *e)
{
	ret->n_gids = ret->n_subuid = ret->n_subgid = 0;
	if (policy->user.map == MAP_IDENTITY)
		return read_gids(ret, e);
	if (policy->user.map == MAP_ROOT && policy->user.subid == SUBID_AUTO)
		return read_subids(ret, e);
	return 0;
}
