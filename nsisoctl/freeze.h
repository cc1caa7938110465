/*
 * Stopping all processes of a user's instances, and letting them go on.
 */
#ifndef NSISO_FREEZE_H
#define NSISO_FREEZE_H

#include "view.h"

struct errmsg;

/*
 * Keeps further logins out, then stops what runs, and returns when all stands still.  In cgroup version 2 the kernel does it,
 * init and openers included; elsewhere SIGSTOP, again until no process is left that runs, and what the user
 * himself had stopped is remembered.  0 (also: it was frozen), -ENOENT: no instance, -errno.
 */
int user_freeze(const char *user, struct errmsg *e);
/* The reverse; 0 (also: it was not frozen) or -errno. */
int user_thaw(const char *user, struct errmsg *e);

#endif
