/*
 * The supervisor of one instance: root, in the host's namespaces.  It clones the init, keeps the book of
 * openers by pidfd, and removes what is left when the init has ended.
 */
#ifndef NSISO_SUPERVISOR_H
#define NSISO_SUPERVISOR_H

#include <sys/types.h>

#include "plan.h"
#include "wire.h"

struct errmsg;

#define SUPERVISOR_SESSIONS_MAX WIRE_SESSIONS_MAX /* of one instance, and who asks about it */

#define LAUNCH_SUID_MAX 16 /* files that suid= may name */

/* The user namespace while it is made; all -1 without one, helper 0. */
struct launch_user {
	pid_t helper;
	int sock;   /* to the helper */
	int ns;     /* the user namespace */
	int mounts; /* the mount namespace that it owns */
};

/* What came with the plan (-1 where absent), and what steps leave for later ones. */
struct launch {
	int conn;             /* to the opener that started us */
	int fd[LAUNCH_COUNT]; /* enum launch_fd */
	struct launch_user user;
	unsigned n_suid;
	struct {
		int tree;      /* detached mount of the file */
		uint16_t path; /* in the plan's text */
	} suid[LAUNCH_SUID_MAX];
};

/*
 * Runs the instance until its end; returns the exit status.  In the child that becomes the init it does
 * not return.  Before the init is ready every failure is sent to the opener.
 */
int supervisor_run(struct plan *plan, struct launch *launch);

/* Gives back the pages below the caller's frame that what it has called before has used. */
void stack_release(void);
/* The same, and the plan (from mmap(2)). */
void plan_release(struct plan *plan);

/* Logs the processes of the user that share the host's mounts; see outside.h. */
void supervisor_warn_outside(uid_t uid, const char *user, const char *id);

/* SIGTERM to what is in the cgroup of the record in dir, then up to grace ms for it to be empty. */
void supervisor_drain(int dir, uint32_t grace);

#endif
