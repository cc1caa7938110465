/*
 * Looking at all instances from outside, while they come and go.  Nothing is locked, so nobody waits: what
 * has ended meanwhile is passed over, and whether an instance lives is asked of the kernel.
 */
#ifndef NSISO_INSTANCE_LIST_H
#define NSISO_INSTANCE_LIST_H

#include "instance.h"
#include "nsiso.h"

struct errmsg;

enum instance_life {
	INSTANCE_STARTING, /* a login is making it: no supervisor has it yet */
	INSTANCE_ALIVE,    /* its supervisor holds the lock of the record */
	INSTANCE_DEAD,     /* leftovers that nobody supervises */
};

struct instance_found {
	const char *user, *id; /* the names of its folders */
	int dir;               /* the open folder, for as long as the visit lasts */
	enum instance_life life;
	struct instance_record record; /* what it has so far; user and id may be missing */
};

/* Told of one instance; 0: go on, anything else ends the walk. */
typedef int instance_visit(void *ctx, const struct instance_found *found, struct errmsg *e);

/*
 * Visits all instances below the folder path, or those of one user when user is not NULL.  A folder that
 * does not exist has none.  0, the visitor's answer, or -errno; never makes or changes anything.
 */
int instance_walk(const char *path, const char *user, instance_visit *visit, void *ctx,
		  struct errmsg *e);

#endif
