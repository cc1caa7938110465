/*
 * Stopping all processes of a user's instances, and letting them go on.
 */
#ifndef NSISO_FREEZE_H
#define NSISO_FREEZE_H

#include <stdbool.h>

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

/*
 * For the end of one instance.  Where the kernel freezes, the openers stand still too, and the dead would stay for
 * ever: their parents do not see it.
 */
bool freeze_holds_openers(const struct instance_found *found);
/* Kills what is the user's own in such an instance, then lets go on what is left of all: 0 or -errno. */
int freeze_kill(const struct instance_record *record, struct errmsg *e);
/* Afterwards: the user's other instances, if there are any, stand still again. */
void freeze_rest(const char *user);

#endif
