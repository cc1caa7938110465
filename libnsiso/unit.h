/*
 * Limits on a host that is run by systemd: they are properties of the user's slice, and of the scope of a
 * session.  A process is never moved out of where logind has put it.
 */
#ifndef NSISO_UNIT_H
#define NSISO_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsiso.h"
#include "plan.h"
#include "unit_bus.h"

struct errmsg;

#define UNIT_LIMITS_MAX 48       /* of a user and of a session together */
#define UNIT_SLICE "nsiso.slice" /* that supervisors and inits are in */

/* By the kernel's v2 name, with the text of the v2 file. */
struct unit_limit {
	const char *name, *text;
	bool optional; /* failure is a warning */
	bool session;  /* of this session alone */
};

/* Those of a plan, into an array of UNIT_LIMITS_MAX; their number, or -E2BIG. */
int unit_limits_of(const struct plan *plan, struct unit_limit *ret, struct errmsg *e);

/* A user; the state folder (/run/nsiso/USER) is locked by the caller. */
struct unit_user {
	const char *user;
	uid_t uid;
	int dir;          /* state folder of the user */
	int64_t deadline; /* see wire_now() */
	/* Told of what an optional limit could not do; may be NULL. */
	void (*warn)(void *ctx, const char *text);
	void *ctx;
};

/* "user-UID.slice", and its folder in the hierarchy; ret holds NSISO_PATH_MAX. */
const char *unit_slice(uid_t uid, char *ret);
const char *unit_slice_folder(uid_t uid, char *ret);
/* "nsiso-USER-ID.scope", of supervisor and init; ret holds UNIT_NAME_MAX. */
const char *unit_scope(const char *user, const char *id, char *ret);

/*
 * Puts this process below the user's slice, into a scope of its own where logind has not put it there, and
 * brings the limits into force, read back from the kernel.  Limits that were set by an earlier call and are
 * not among these get the values back that they had before.
 */
int unit_enter(const struct unit_user *user, const char *id, const struct unit_limit *limits,
	       unsigned n, struct errmsg *e);
/* The same without moving anybody: the limits of the user, for those that are logged in now. */
int unit_limit(const struct unit_user *user, const struct unit_limit *limits, unsigned n,
	       struct errmsg *e);
/*
 * Takes back what was set of the user's slice, with the files that systemd keeps it in.  Idempotent.  Forks.
 * -EDEADLK: systemd is about to stop the slice, try again when it has.
 */
int unit_revert(const struct unit_user *user, struct errmsg *e);
/* The same for a process that may not fork, while it is below the slice; else nothing is done. */
int unit_revert_inside(const struct unit_user *user, struct errmsg *e);
/* Whether the state folder has instances: while it has, nothing is to be reverted. */
bool unit_user_has_instances(int dir);

#endif
