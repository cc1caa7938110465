/* The user namespace of a plan: which id is which, as the texts that the kernel takes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "plan_builder.h"
#include "policy.h"
#include "sys.h"

#define MAP_SIZE 4096 /* bytes: what one write to uid_map may have (man 7 user_namespaces) */

struct map {
	char text[MAP_SIZE];
	size_t used;
	bool overflow;
};

static void add_range(struct map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	size_t left = sizeof(map->text) - map->used;
	int n = snprintf(map->text + map->used, left, "%u %u %u\n", inside, outside, count);

	if ((size_t)n >= left)
		map->overflow = true;
	else
		map->used += (size_t)n;
}

/* 0 is the user, from 1 on the subordinate ids follow each other. */
static void map_root(struct map *map, uint32_t own, const struct facts_range *ranges, unsigned n)
{
	uint32_t inside = 1;
	unsigned i;

	add_range(map, 0, own, 1);
	for (i = 0; i < n; i++) {
		add_range(map, inside, ranges[i].start, ranges[i].count);
		inside += ranges[i].count;
	}
}

/* The own groups; never the host's group 0, and none twice. */
static void map_groups(struct map *map, const struct facts *facts)
{
	unsigned i, j;

	add_range(map, facts->gid, facts->gid, 1);
	for (i = 0; i < facts->n_gids; i++) {
		for (j = 0; j < i && facts->gids[j] != facts->gids[i]; j++)
			;
		if (j == i && facts->gids[i] != facts->gid && facts->gids[i] != 0)
			add_range(map, facts->gids[i], facts->gids[i], 1);
	}
}

static uint16_t add_map(struct builder *b, const struct map *map)
{
	if (map->overflow && b->error == 0)
		b->error = errmsg_setx(b->e, -E2BIG, "user %s has too many ids for one map",
				       b->facts->user);
	return builder_add_text(b, map->text, map->used);
}

uint64_t plan_user_owned(const struct policy *policy)
{
	uint64_t flags = 0;

	if (policy->user.map != MAP_ROOT)
		return 0;
	flags |= policy->ipc.enable ? SYS_NEWIPC : 0;
	flags |= policy->uts.enable ? SYS_NEWUTS : 0;
	flags |= policy->net.mode == NET_NONE ? SYS_NEWNET : 0;
	return flags;
}

void plan_user_add(struct builder *b)
{
	const struct facts *facts = b->facts;
	struct map uids = { .used = 0 }, gids = { .used = 0 };
	struct step *step;

	if (b->policy->user.map == MAP_NONE)
		return;
	if (facts->uid == 0 || facts->gid == 0) {
		b->error = errmsg_setx(b->e, -EPERM, "the host's uid 0 and gid 0 are never mapped");
		return;
	}
	step = builder_add_step(b, STEP_USER_NS);
	step->n1 = SYS_NEWUSER | plan_user_owned(b->policy);
	if (b->policy->user.map == MAP_ROOT) {
		map_root(&uids, facts->uid, facts->subuid, facts->n_subuid);
		map_root(&gids, facts->gid, facts->subgid, facts->n_subgid);
	} else {
		add_range(&uids, facts->uid, facts->uid, 1);
		map_groups(&gids, facts);
	}
	/* Only with ids that the admin gave for it: else a group that shuts its members out could be left
	 * (CVE-2018-7169). */
	if (facts->n_subgid && b->policy->user.map == MAP_ROOT)
		step->flags |= STEP_SETGROUPS;
	if (b->policy->user.nested)
		step->flags |= STEP_NESTED;
	step->s1 = add_map(b, &uids);
	step->s2 = add_map(b, &gids);
}
