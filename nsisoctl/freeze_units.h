/* Stopping a user's processes where systemd has the groups. */
#ifndef NSISO_FREEZE_UNITS_H
#define NSISO_FREEZE_UNITS_H

#include <stdbool.h>
#include <sys/types.h>

struct errmsg;

/* Freezes or thaws (see systemctl(1)) all units of the user's slice that there are now. */
int freeze_units(uid_t uid, bool freeze, struct errmsg *e);

#endif
