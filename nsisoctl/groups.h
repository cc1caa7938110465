/*
 * Members of the groups that policies name, remembered: asking the databases for each of thousands of users
 * takes longer than all else.
 */
#ifndef NSISO_GROUPS_H
#define NSISO_GROUPS_H

#include <stdbool.h>

struct facts;

/* As facts.in_group.  Answers as facts_in_group() does; what is not in the local files is asked for there. */
int groups_has(const struct facts *facts, const char *group);

#endif
