/*
 * The folder of all instances, STATEDIR/USER/ID: opened, locked by user, walked.
 * It belongs to root alone; nothing in it is ever followed by name twice.
 */
#ifndef NSISO_STATE_H
#define NSISO_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct errmsg;

/* In a user's folder beside the instances: the user is frozen, and gets no further logins. */
#define STATE_FROZEN ".frozen"

/* Makes (0700) and opens the folder; it and all above must belong to root and be writable by nobody else. */
int state_open(const char *path, struct errmsg *e);
/*
 * Makes and opens the folder of a user (a name that policy_user_is_safe()) and locks it for as long as the
 * descriptor lives.  Waits until deadline (see wire_now()), then -ETIMEDOUT.
 */
int state_lock_user(int state, const char *user, int64_t deadline, struct errmsg *e);
/*
 * Locks an open file or folder for this descriptor alone; who only looks at it holds the lock for a moment, too.
 * Waits until deadline, then -ETIMEDOUT.
 */
int state_lock(int fd, int64_t deadline);
/*
 * Whether the supervisor of the instance in dir is alive: it holds the lock of the record.  Who can't be
 * asked is taken for alive: the others are ended.
 */
bool state_is_alive(int dir);

#endif
