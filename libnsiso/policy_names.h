/*
 * The names of the policy files in a directory.
 */
#ifndef NSISO_POLICY_NAMES_H
#define NSISO_POLICY_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct errmsg;

#define POLICY_NAMES_MAX 1024 /* files of conf.d: each login reads them all */

struct policy_names {
	size_t count;
	size_t room;
	char **names;
};

/* All *.conf that do not begin with a dot, at most max, in strcmp order.  0, or -errno with a sentence. */
int policy_names_read(int dir, size_t max, struct policy_names *ret, struct errmsg *e);
/* One more in its place, unless it is there. */
int policy_names_add(struct policy_names *names, const char *name, struct errmsg *e);
/* Safe on a zeroed one. */
void policy_names_done(struct policy_names *names);
/* [A-Za-z0-9._-]+, and short enough for an origin: conf.d has no other names. */
bool policy_name_is_safe(const char *name);

#endif
