/*
 * An instance's cgroups: one folder in the v2 hierarchy, or one in each v1 hierarchy whose controller the
 * policy uses.  Names and values are the kernel's v2 ones; v1 gets them translated
 * (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/).  Errors: -errno with the text in e.
 */
#ifndef NSISO_CGROUP_H
#define NSISO_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "facts.h"
#include "instance.h"

struct errmsg;

/* One bit a controller that limits need. */
enum cgroup_controller {
	CONTROLLER_MEMORY = 1,
	CONTROLLER_PIDS = 2,
	CONTROLLER_CPU = 4,
	CONTROLLER_CPUSET = 8,
	CONTROLLER_IO = 16, /* v1: blkio */
};

/* Whom a limit holds for: all instances of the user, or one session. */
enum cgroup_level { LEVEL_USER, LEVEL_SESSION };

struct cgroup_set {
	unsigned n;
	struct cgroup_one {
		struct instance_cgroup at; /* paths, as they go into the record */
		const char *controller;    /* v1: its name; v2: NULL; hybrid's v2: "", has none */
		char parent[NSISO_PATH_MAX + 128]; /* folder that holds the users' folders */
		int user, dir; /* open folders of user and instance; -1: not made yet */
		int session;   /* of one session; -1: it has none of its own here */
		bool is_fresh; /* the user's folder was made just now: nothing is set in it */
		bool is_split; /* v2: the instance's processes are in folders below, "init" and "s-N" */
	} one[INSTANCE_CGROUPS_MAX];
};

/* The controller (one bit) of a v1 hierarchy; 0: none that limits need. */
unsigned cgroup_controller_bit(const char *name);
/* The controller (one bit) that a limit of this v2 name needs; 0: unknown name. */
unsigned cgroup_controller_of(const char *limit);
/*
 * Works out the folders for "USER/ID" below parent ("self": where this process is; else a path in the
 * hierarchy) and where this process comes from.  Makes nothing.  A v1 controller that is not mounted is
 * left out; without any, one v1 hierarchy is taken for keeping account of the processes alone.
 */
int cgroup_locate(enum cgroup_layout layout, const char *parent, const char *name,
		  unsigned controllers, struct cgroup_set *ret, struct errmsg *e);
/* Makes and opens the folders of a located set; with is_split the one of the init, too. */
int cgroup_make(struct cgroup_set *set, struct errmsg *e);
/*
 * Makes a folder for one session where it is to have one: v2 when the instance is split, v1 for these
 * controllers.  The caller holds the lock of the user, or the folder may be swept away while it is empty.
 */
int cgroup_session_make(struct cgroup_set *set, unsigned controllers, struct errmsg *e);
/*
 * v2: the session's folder becomes the user's, with the controllers that this host has, and one->session a
 * folder below it for the processes.  After the session's limits.
 */
int cgroup_delegate(struct cgroup_set *set, uid_t uid, gid_t gid, struct errmsg *e);
/* Opens the folders that a record names. */
int cgroup_open(const struct instance_record *record, struct cgroup_set *ret, struct errmsg *e);
/*
 * Sets one limit, v2 name and text as a plan has them, where it differs, and reads it back.
 * -ENODEV: this host has not got the controller; -EOPNOTSUPP: version 1 has nothing like it.
 */
int cgroup_limit(const struct cgroup_set *set, enum cgroup_level level, const char *limit,
		 const char *text, struct errmsg *e);
/*
 * Sets a limit of the user back to the kernel's default; path, for io.max: that of one device alone.  What is
 * not there needs no setting back.
 */
int cgroup_reset(const struct cgroup_set *set, const char *limit, const char *path,
		 struct errmsg *e);
/* Moves this (single-threaded) process in; back to where it came from. */
int cgroup_enter(const struct cgroup_set *set, struct errmsg *e);
int cgroup_leave(const struct cgroup_set *set, struct errmsg *e);
void cgroup_close(struct cgroup_set *set);

#endif
