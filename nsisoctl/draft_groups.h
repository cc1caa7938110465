/*
 * Users for whom a draft changes the same: thousands of them have few policies.
 */
#ifndef NSISO_DRAFT_GROUPS_H
#define NSISO_DRAFT_GROUPS_H

#include <stddef.h>

struct errmsg;
struct show_result;

#define GROUPS_KEPT 32 /* different changes; users with further ones are counted alone */
#define GROUP_NAMES 8  /* of a group that are named */

struct draft_groups {
	struct draft_group {
		char *text; /* of the change */
		char names[GROUP_NAMES][33];
		unsigned count;
	} list[GROUPS_KEPT];
	unsigned count;
	unsigned other; /* users with changes that are not kept */
};

int groups_add(struct draft_groups *groups, const char *user, const struct show_result *old,
	       const struct show_result *new, struct errmsg *e);
int groups_add_text(struct draft_groups *groups, const char *user, const char *text,
		    struct errmsg *e);
/* All of them, for people; *ret is for free(). */
int groups_text(const struct draft_groups *groups, char **ret, struct errmsg *e);
void groups_done(struct draft_groups *groups);

#endif
