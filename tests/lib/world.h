/*
 * A private world for tests that open real sessions as root: an own mount namespace with an own /run, /dev,
 * /dev/log, accounts and nsshell-init, and cgroups below the one that the test runs in.  Nothing of it
 * outlives the test.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WORLD "/run/world" /* root's alone to write, as all above it */
#define WORLD_MODULE_MAX 512

/* Accounts: these two, nsiso, and root. */
#define WORLD_ALICE 61001
#define WORLD_BOB 61002

/*
 * Runs body in a process inside of the world and cleans up behind it; the exit status for main().  Skips
 * the whole test where a world can't be made.  That process inherits all orphans below it.
 */
int world_run(int (*body)(void));
/* NSISO_BUILD/NAME. */
const char *world_build(const char *name);
/* What parent= of a policy has to be here; false when there is no cgroup hierarchy to use. */
const char *world_cgroup_parent(void);
/* Writes a file, its folder is made; mode 0644. */
void world_write(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes what has come to /dev/log since the last time; lines behind one another. */
void world_log(char *ret, size_t size);
/* Reaps until there is no process left below this one, ms at most; the number of those that are left. */
int world_reap(int timeout);
/*
 * What sessions have left behind in the state folder, cgroups, mounts and the list of processes: a text,
 * empty if nothing.  world_remember() says what there is without any.
 */
void world_remember(void);
void world_leftovers(char *ret, size_t size);
/* Two results: after what came before, all processes and all the rest are gone. */
void world_check_clean(const char *after);

#endif
