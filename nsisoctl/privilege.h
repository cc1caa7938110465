/*
 * Giving up what root may do, for work that needs only to read.
 */
#ifndef NSISO_PRIVILEGE_H
#define NSISO_PRIVILEGE_H

#include <stdbool.h>

struct errmsg;

/*
 * For good, as far as this process can: it becomes NSISO_ACCOUNT with nothing left but the right to read any
 * file; with as_caller and under sudo(8) it becomes who called that, without any right.  Nothing happens
 * when it is not root's.  0, or -errno when it cannot become the caller.
 */
int privilege_drop(bool as_caller, struct errmsg *e);

#endif
