/*
 * What a login's policy comes to, as ordered steps for three actors:
 *   opener      the process that called pam_open_session: makes cgroups, enters them, joins
 *   supervisor  outside, host namespaces: sets the clock offsets, clones the init
 *   init        PID 1 inside: mounts, host name, network
 * Plain data of fixed size without pointers: it goes over a socket to nsshell-init as it is.
 */
#ifndef NSISO_PLAN_H
#define NSISO_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nsiso.h"

struct errmsg;
struct facts;
struct policy;

/* Of the layout below and of the steps: another number with each change, for a package that is upgraded
 * between a login's start and its session. */
#ifndef PLAN_VERSION
#define PLAN_VERSION 3
#endif
#define PLAN_STEPS_MAX 256
#define PLAN_TEXT_MAX 16384

enum plan_actor { ACTOR_OPENER, ACTOR_SUPERVISOR, ACTOR_INIT };

/* s1, s2: texts; n1, n2: numbers; flags: STEP_* below.  The comment says what each kind uses. */
enum step_kind {
	/* s1 parent: "self" or a path in the hierarchy, s2 "USER/ID"; flags SESSION: sessions get groups below */
	STEP_CGROUP_MAKE,
	/*
	 * s1 v2 name of the file, s2 text that it takes (see policy_limit_next() for io.max), n1 the number
	 * in it or POLICY_LIMIT_MAX, n2 cpu.max: the period; flags OPTIONAL, SESSION
	 */
	STEP_CGROUP_LIMIT,
	STEP_LAUNCH,     /* start the supervisor and send it the plan */
	STEP_HAND_OVER,  /* make what the session sees of its folder, send it to the init */
	STEP_UNIT_ENTER, /* s1 slice: below it, with all CGROUP_LIMITs as properties of units */
	STEP_UNIT_SCOPE, /* s1 slice for supervisor and init, once the first opener has joined */
	STEP_CGROUP_SESSION, /* wait until the init is out of the way, make the session's group; flags DELEGATE */
	STEP_CGROUP_ENTER, /* the opener itself; the init, where it is not born in its group */
	STEP_JOIN,         /* wait until the init is ready; n1 CLONE_NEW* flags of setns(2) */
	STEP_TIME_OFFSET,  /* n1 seconds of uptime to start with */
	STEP_CLONE,        /* n1 CLONE_NEW* flags of clone3(2) */
	STEP_CGROUP_NS,    /* unshare the cgroup namespace */
	STEP_PROPAGATION,  /* s1 "slave" or "private": the whole tree */
	STEP_SUID_KEEP,    /* s1 file: remember it before NOSUID */
	STEP_NOSUID,       /* the whole tree */
	STEP_SUID_RESTORE, /* all files of SUID_KEEP: put back without nosuid */
	STEP_BIND,         /* s1 source, s2 target; flags RDONLY, MAYBE */
	STEP_HOME,      /* s1 folder of homes, s2 own; n1 size of a private one, 0: the real one */
	STEP_TMPFS,     /* s1 target; n1 bytes, n2 inodes */
	STEP_MQUEUE,    /* a mqueue file system of the new ipc namespace on /dev/mqueue, if there */
	STEP_READ_ONLY, /* s1 path, recursive; flags MAYBE */
	STEP_NOEXEC,    /* s1 path, recursive; flags MAYBE */
	STEP_HIDE,      /* s1 path; flags MAYBE */
	STEP_CGROUP_VIEW, /* s1 cover it with what HAND_OVER brought, if it did; flags RDONLY, MAYBE */
	STEP_RUNDIR, /* wait for HAND_OVER; s1 path that shows the own folder, none of the others */
	STEP_PROC,   /* a new procfs; flags HIDEPID */
	STEP_USER_NS, /* s1 uid map, s2 gid map (man 7 user_namespaces); n1 CLONE_NEW* that it owns; NESTED */
	STEP_USER_MOUNTS, /* a copy of all mounts, owned by the user namespace */
	STEP_HOSTNAME,    /* s1 */
	STEP_LOOPBACK_UP, /* */
	STEP_KIND_COUNT
};

enum step_flags {
	STEP_OPTIONAL = 1, /* failure is a warning */
	STEP_MAYBE = 2,    /* a missing path is no error */
	STEP_RDONLY = 4,
	STEP_HIDEPID = 8,
	STEP_NESTED = 16,    /* further user namespaces can be made inside */
	STEP_SETGROUPS = 32, /* setgroups(2) stays allowed in the user namespace */
	STEP_SESSION = 64,   /* a limit of one session, not of the user */
	STEP_DELEGATE = 128, /* the session's group is the user's to divide */
};

struct step {
	uint8_t kind;    /* enum step_kind */
	uint8_t actor;   /* enum plan_actor */
	uint16_t flags;  /* enum step_flags */
	uint16_t s1, s2; /* offsets into text; 0: the empty string */
	uint64_t n1, n2;
};

/* steps and text are used from their beginning; plan_size() and plan_pack() send no more than that. */
struct plan {
	uint32_t version; /* PLAN_VERSION */
	uint16_t n_steps;
	uint16_t text_len; /* bytes of text in use; text[0] is always NUL */
	uint32_t uid, gid; /* the user */
	uint32_t init_uid, init_gid;
	uint32_t grace;           /* ms */
	uint32_t linger;          /* ms; 0: not, POLICY_FOREVER: while it is used */
	uint32_t idle, lifetime;  /* ms; 0: no end */
	uint32_t no_new_privs;    /* 0 or 1; for nsshell */
	uint32_t nested;          /* 0 or 1 */
	uint32_t warn_outside;    /* 0 or 1: the supervisor logs processes outside */
	uint32_t trace;           /* 0 or 1: supervisor and init tell of each step, WIRE_TRACE */
	uint32_t map;             /* enum policy_map; for nsshell */
	uint64_t bounding;        /* for nsshell: capabilities that stay in the bounding set */
	uint64_t namespaces;      /* CLONE_NEW* flags that an opener joins */
	uint16_t user, id, shell; /* offsets into text */
	uint16_t home;
	struct step steps[PLAN_STEPS_MAX];
	char text[PLAN_TEXT_MAX];
};

/* The text behind an offset; never NULL. */
static inline const char *plan_text(const struct plan *plan, uint16_t offset)
{
	return plan->text + offset;
}

/* Pure: policy and facts in, steps out.  -E2BIG when the plan does not fit; *ret untouched on failure. */
int plan_build(const struct policy *policy, const struct facts *facts, struct plan *ret,
	       struct errmsg *e);
/* The steps of limits and of the session's group alone: what a login needs that joins an instance. */
int plan_build_limits(const struct policy *policy, const struct facts *facts, struct plan *ret,
		      struct errmsg *e);
/* One line a step: "ACTOR  step  arguments". */
void plan_print(const struct plan *plan, FILE *out);
/* "mount,pid,ipc" of CLONE_NEW* flags; ret holds at least 64 bytes. */
void plan_namespaces(uint64_t flags, char *ret, size_t size);

/* A function that carries out one step; ctx is the actor's. */
typedef int step_apply(const struct plan *plan, const struct step *step, void *ctx,
		       struct errmsg *e);
/* Told of a step that was carried out, or failed: its index, µs, 0 or -errno.  ctx is the actor's. */
typedef void step_traced(void *ctx, unsigned index, uint64_t usec, int r);
/*
 * Runs an actor's steps in order through its table (indexed by kind); stops at the first failure.  Of a plan with
 * trace, traced is told.
 */
int plan_apply(const struct plan *plan, enum plan_actor actor,
	       step_apply *const table[STEP_KIND_COUNT], step_traced *traced, void *ctx,
	       struct errmsg *e);

#endif
