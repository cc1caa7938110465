/* The cgroups of a test: below those that it was started in. */
#ifndef TESTS_WORLD_CGROUP_H
#define TESTS_WORLD_CGROUP_H

#include <stdbool.h>

void world_cgroup_make(void);
void world_cgroup_enter(void);
/* Kills what is left inside; false when they can't be removed, or when sessions left folders there. */
bool world_cgroup_remove(void);

#endif
