/* Groups whose members have root do things for them, or read what root alone should. */
#ifndef NSISO_ROOT_GROUPS_H
#define NSISO_ROOT_GROUPS_H

#include <stdbool.h>

#define ROOT_GROUPS 7

struct policy;

extern const struct root_group {
	const char *name;
	const char *sockets[2]; /* a policy that hides them closes the door; none: device files */
} root_groups[ROOT_GROUPS];

/* Whether a member under that policy gets at it, where it is. */
bool root_group_is_open(const struct root_group *group, const struct policy *policy);

#endif
