/*
 * The init of one instance: PID 1 of its pid namespace.  Carries out the plan's steps inside, gives up all
 * privilege but CAP_KILL, tells login shells of its user what they need, and ends the instance.
 */
#ifndef NSISO_INIT_H
#define NSISO_INIT_H

#include "plan.h"
#include "supervisor.h"

struct errmsg;

/* With SIGTERM, in place of a grace: to end if there is no other process in the pid namespace. */
#define INIT_END_IF_ALONE (-1)
/* How it ends: told by the supervisor, told by somebody else, or then; anything else is a failure. */
enum init_status { INIT_STATUS_ORDERED, INIT_STATUS_ALONE = 3, INIT_STATUS_TOLD = 4 };

/* In the cloned child; supervisor is a pidfd of the parent.  Never returns. */
void init_run(struct plan *plan, struct launch *launch, int supervisor) __attribute__((noreturn));

/* The steps of ACTOR_INIT; ctx is the struct launch. */
extern step_apply *const init_steps[STEP_KIND_COUNT];

/* STEP_HOME; see init_home.c. */
step_apply init_apply_home;
/* STEP_USER_NS and STEP_USER_MOUNTS; see init_user.c. */
step_apply init_apply_user_ns, init_apply_user_mounts;
/* STEP_CGROUP_ENTER and STEP_CGROUP_VIEW; see init_cgroup.c. */
step_apply init_apply_cgroup_enter, init_apply_cgroup_view;
/* The helper of those steps, if there is one, is of no more use. */
void init_end_helper(struct launch_user *user);

#define INIT_ACCOUNTS_MAX (LAUNCH_COUNT - LAUNCH_ACCOUNT)

struct init_use {
	int sock;                       /* listening */
	int account[INIT_ACCOUNTS_MAX]; /* folders; -1: none */
	int64_t since;                  /* s of CLOCK_REALTIME */
};

/* Answers one who has connected; see init_use.c. */
void init_tell_use(const struct init_use *from, const char *id, uid_t user);

/* To the unprivileged account for good, the last of it the death signal; -errno. */
int init_harden(const struct plan *plan, int supervisor, struct errmsg *e);

#endif
