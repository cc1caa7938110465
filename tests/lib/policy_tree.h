/*
 * A tree of its own for the tests of policies, so that all folders up to / can be right or wrong.
 */
#ifndef NSISO_TESTS_POLICY_TREE_H
#define NSISO_TESTS_POLICY_TREE_H

#include <stdbool.h>

/* No folder of that name is on any host: what clears it can hurt nobody. */
#define POLICY_TREE_TOP "/nsiso-test-tree"
#define POLICY_TREE POLICY_TREE_TOP "/nsiso"

/*
 * Enter a mount namespace with an empty root folder; without privilege inside a user namespace.
 * false: this host does not allow it.
 */
bool policy_tree_enter(void);
/* Set-up of a test: POLICY_TREE with empty conf.d and users.d; 0, or -1. */
int policy_tree_make(void **state);
/* A file with mode 0644. */
bool policy_tree_write(const char *path, const char *text);

#endif
