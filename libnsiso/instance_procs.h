/* The processes of an instance, as the host numbers them. */
#ifndef NSISO_INSTANCE_PROCS_H
#define NSISO_INSTANCE_PROCS_H

#include <stddef.h>
#include <sys/types.h>

#include "instance.h"

struct errmsg;

struct pid_list {
	size_t n, room;
	pid_t *pid;
};

/*
 * All processes in the instance's cgroup and below it, in rising order: the init, the openers, the user's.
 * Without a cgroup those in its pid namespace, or in its mounts when it has no pid namespace of its own.  0
 * (none: it has ended) or -errno.
 */
int instance_procs(const struct instance_record *record, struct pid_list *ret, struct errmsg *e);
/* Safe on a zeroed one. */
void pid_list_done(struct pid_list *list);

#endif
