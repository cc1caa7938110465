/*
 * The process that opens a session: from a policy to being inside.  It is somebody else's process: nothing
 * here exits, prints, or leaves anything changed when it fails.
 */
#ifndef NSISO_OPENER_H
#define NSISO_OPENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "facts.h"
#include "nsiso.h"
#include "plan.h"
#include "policy.h"
#include "spawn.h"

struct errmsg;

#define OPENER_TIMEOUT 5000 /* ms for a supervisor or an init to answer */

#define OPENER_FULL "you have too many sessions already" /* for struct opener's told */
#define OPENER_FROZEN "your sessions here are suspended"

/* One opening; pam_sm_open_session() has it on the heap, for a caller's stack may be small. */
struct opener {
	int64_t begin; /* CLOCK_MONOTONIC in µs, for the log */
	const char *statedir;
	struct facts facts;
	const struct policy *policy;
	const struct policy *limits; /* the same with the limits that root has laid over it */
	struct plan plan;
	struct cgroup_set cgroups;
	bool entered; /* the cgroups */
	/* Told of what the admin should know of a login that goes on: what happened, and to what or why. */
	void (*warn)(const struct opener *o, const char *what, const char *text);
	/* For nsisoctl trial: told of each step, whoever carried it out; NULL: nothing is measured. */
	void (*traced)(const struct opener *o, unsigned index, uint64_t usec, bool failed);
	void *pamh;       /* for warn and traced */
	int64_t deadline; /* ms; see wire_now() */
	int user_dir;     /* locked folder of the user */
	int user_ns;      /* see struct session */
	int dir, record;  /* the new instance's */
	int conn;         /* to the supervisor */
	/* What the user is told of a refusal, when it is no fault of ours; NULL: nothing but a reference. */
	const char *told;
	unsigned beside;   /* scope=session: instances of the user that have a session */
	uint32_t revision; /* of the supervisor; see wire.h */
	struct spawn spawn;
};

/* What an open session keeps. */
struct session {
	char *opener; /* a page that reads 1 in the opener and 0 in what it forks */
	int conn;     /* to the supervisor; its closing says nothing, a WIRE_LEAVE does */
	int user_ns;  /* map=identity: what the privileged child enters; else -1 */
	uid_t uid;
	gid_t gid;
	bool joined; /* an instance that was there; false: a new one */
	char id[NSISO_ID_MAX];
	uint64_t namespaces; /* SYS_NEW* flags */
	uint64_t bounding;
	bool no_new_privs;
	char cgroup[NSISO_PATH_MAX + 128]; /* the first one; empty: none */
};

/*
 * While the policy is not read yet: where a user of nsshell has no instance, starts the supervisor, which takes its
 * time to load.  Best effort.  opener_cancel() must follow.
 */
void opener_prefetch(struct opener *o);
/* Ends what was started and not used, also after opener_run(). */
void opener_cancel(struct opener *o);
/*
 * Finds or builds the instance for o->facts and o->policy and joins it.  On failure this process is where
 * it was, and what was made is gone or will be removed by the supervisor; no_new_privs stays, which cannot be
 * taken back.
 */
int opener_run(struct opener *o, struct session *ret, struct errmsg *e);

/* Whether the calling process can be moved at all; -errno. */
int opener_check_caller(struct errmsg *e);
/* -EPERM or -EBUSY: the user has processes outside of any instance that the policy does not bear. */
int opener_check_outside(const struct opener *o, struct errmsg *e);

/* What the policy comes to on this host, into o->facts and o->plan. */
int opener_plan(struct opener *o, struct errmsg *e);
/* 0: joined; 1: there is none to join, leftovers are cleaned; -errno. */
int opener_join(struct opener *o, struct session *ret, struct errmsg *e);
/* -EAGAIN: the user's folder vanished with its last instance, lock it anew. */
int opener_build(struct opener *o, struct session *ret, struct errmsg *e);

/* Tells the supervisor (of that revision, see wire.h) that this process is inside, and whose session it is. */
void opener_commit(const struct opener *o, int conn, uint32_t revision);

/* The last step of both: setns(2) into all at once, in the old working directory where that exists. */
int opener_enter_namespaces(struct opener *o, int init, uint64_t namespaces, struct errmsg *e);

#endif
