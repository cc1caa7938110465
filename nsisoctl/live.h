/*
 * The limits of users that are logged in: those of their policy as it is now, with what root has set over it,
 * brought into force by the functions of the login.
 */
#ifndef NSISO_LIVE_H
#define NSISO_LIVE_H

#include "limits_live.h"
#include "view.h"

struct errmsg;

struct live {
	const char *user;
	int state, dir; /* the folder of all, and the user's, which is locked */
	struct views views;
	struct limits_live limits; /* what is over is gone already */
};

/* Locks a user who has an instance, so that logins wait; -ENOENT: he has none. */
int live_open(const char *user, struct live *ret, struct errmsg *e);
void live_close(struct live *live);
/*
 * Brings the policy's limits and those of live->limits into force, and has the supervisors do it again when the first
 * of the latter is over.  What cannot be set and is best effort is told on standard error.
 */
int live_apply(const struct live *live, struct errmsg *e);
/* Keeps live->limits and applies them; if that fails all is as before. */
int live_set(struct live *live, struct errmsg *e);

#endif
