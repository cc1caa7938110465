/* The folder of a new instance, STATEDIR/USER/ID. */
#ifndef NSISO_OPENER_FOLDER_H
#define NSISO_OPENER_FOLDER_H

#include "opener.h"
#include "wire.h"

struct errmsg;

/*
 * Makes it, with the record (o->dir, o->record) and what the supervisor gets with the plan into fds.
 * -EAGAIN: the user's folder is gone.
 */
int opener_make_folder(struct opener *o, int fds[LAUNCH_COUNT], struct errmsg *e);
/* Makes what the session sees of it, and the descriptors of WIRE_LATER but those of cgroups into fds. */
int opener_make_inside(const struct opener *o, int fds[LAUNCH_COUNT], struct errmsg *e);

/* Writes into the record what the instance is made from; for who looks at it later. */
int opener_describe(const struct opener *o, struct errmsg *e);

#endif
