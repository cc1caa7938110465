/* A temporary folder that the tests of one program work in. */
#ifndef NSISO_TESTS_FOLDER_H
#define NSISO_TESTS_FOLDER_H

extern char folder[]; /* its path, once it is made */
extern int dir;       /* it, opened */

/* The set-up of a group of tests. */
int folder_make(void **state);
/* Its tear-down: fails when something was left in the folder. */
int folder_remove(void **state);

#endif
