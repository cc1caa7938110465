/* Ending instances from outside, in whatever state they are. */
#ifndef NSISO_END_H
#define NSISO_END_H

#include <stdint.h>

#include "instance_list.h"

struct errmsg;

/*
 * Ends a visited instance and waits until it is gone.  Its supervisor does it in good order (grace: ms, or
 * WIRE_GRACE_POLICY); one that does not answer is killed with its init, and what nobody supervises is ended from the
 * record.  One that a login is just making is waited for first.  0 (also: it was gone already) or -errno.
 */
int end_instance(const struct instance_found *found, uint64_t grace, struct errmsg *e);
/* Only when it is dead: 1 it was and is gone now, 0 it is not, -errno. */
int end_dead(const struct instance_found *found, struct errmsg *e);
/*
 * What is left of a user who has no instance any more: limits of the slice that systemd has of him, the empty folder,
 * the mark of the uid.  0, also when there is an instance, or -errno.
 */
int end_user(const char *user, uid_t uid, struct errmsg *e);

#endif
