/*
 * Everything that decides a login and does not stand in the policy: who logs in through what, and what
 * the host can do.  Read once; plan_build() and the [match] of a policy see nothing but this.
 */
#ifndef NSISO_FACTS_H
#define NSISO_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsiso.h"

struct errmsg;
struct policy;

#define FACTS_GIDS_MAX 256  /* of the user; the kernel maps 340 ranges (man 7 user_namespaces) */
#define FACTS_RANGES_MAX 16 /* of subordinate ids */

enum cgroup_layout {
	CGROUP_NONE,   /* no hierarchy at /sys/fs/cgroup */
	CGROUP_V2,     /* one cgroup2 at /sys/fs/cgroup */
	CGROUP_HYBRID, /* v1 controllers below /sys/fs/cgroup, cgroup2 at /sys/fs/cgroup/unified */
	CGROUP_V1,     /* v1 controllers alone */
};

/* Who sets limits. */
enum cgroup_backend {
	BACKEND_CGROUPFS, /* we, in a subtree of our own */
	BACKEND_SYSTEMD,  /* the host's systemd, as properties of units; cgroup version 2 */
};

struct facts {
	char user[NSISO_USER_MAX];
	uid_t uid;
	gid_t gid;
	char home[NSISO_PATH_MAX];
	bool has_nsshell; /* for a login shell: no proof of isolation, but without it there is hardly any */
	char service[64]; /* PAM_SERVICE */
	char rhost[256];  /* PAM_RHOST; empty: none */
	char tty[32];     /* PAM_TTY; empty: none.  For the book of sessions alone */
	char host[65];    /* gethostname(2) */
	/* Limits of the user go to a cgroup beside the real one: running instances must not feel them. */
	bool is_trial;
	char id[NSISO_ID_MAX]; /* of the instance to be made: lower-case hex */
	uid_t init_uid;        /* of NSISO_ACCOUNT */
	gid_t init_gid;
	enum cgroup_layout cgroup;
	enum cgroup_backend backend;
	/* Only where the policy makes a user namespace; see facts_maps(). */
	unsigned n_gids, n_subuid, n_subgid;
	gid_t gids[FACTS_GIDS_MAX]; /* supplementary groups */
	struct facts_range {
		uint32_t start, count;
	} subuid[FACTS_RANGES_MAX], subgid[FACTS_RANGES_MAX]; /* subordinate ids (man 5 subuid) */
	/*
	 * 1: the user is a member of the group of that name, 0: not (or no such group), -errno.
	 * NULL: facts_in_group() asks NSS; tests put their own here.
	 */
	int (*in_group)(const struct facts *facts, const char *group);
};

/* Fills user, uid, gid, home, has_nsshell through getpwnam_r(3), host from gethostname(2). */
int facts_user(const char *user, struct facts *ret, struct errmsg *e);
/*
 * Fills init_uid, init_gid, cgroup, and backend as the policy asks for it: auto is systemd where that runs the
 * host and its cgroups are of version 2.  -EOPNOTSUPP: not to be had here, and nothing takes its place.
 */
int facts_kernel(struct facts *ret, const struct policy *policy, struct errmsg *e);
/* Before that: whether the backend may come to be systemd. */
bool facts_may_have_units(const struct policy *policy);
/*
 * Fills what the user namespace of the policy needs: gids for map=identity, subordinate ids for map=root
 * with subid=auto (through libsubid, so from whatever nsswitch.conf names; -ENOENT when there are none,
 * -EOPNOTSUPP without the library).
 */
int facts_maps(struct facts *ret, const struct policy *policy, struct errmsg *e);
/* A fresh random id in ret->id. */
int facts_id(struct facts *ret, struct errmsg *e);
/* As the member in_group says; asks NSS for that one group only when a policy names it. */
int facts_in_group(const struct facts *facts, const char *group);

#endif
