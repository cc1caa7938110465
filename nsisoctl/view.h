/*
 * What the subcommands say of instances, gathered in one walk: each is looked at once, and what it answers is
 * of that moment.
 */
#ifndef NSISO_VIEW_H
#define NSISO_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cgroup_use.h"
#include "instance_list.h"
#include "policy_age.h"
#include "table.h"

struct errmsg;

enum view_state {
	VIEW_STARTING, /* a login is making it */
	VIEW_ACTIVE,
	VIEW_LINGERING, /* without a session, for a time */
	VIEW_CLOSING,   /* takes no more sessions */
	VIEW_FROZEN,
	VIEW_SILENT, /* its supervisor lives and does not answer */
	VIEW_DEAD,   /* leftovers: nsisoctl gc */
	VIEW_STATE_COUNT
};

struct view {
	char user[NSISO_USER_MAX], id[NSISO_ID_MAX];
	enum view_state state;
	time_t since;        /* 0: not known */
	uint64_t n_sessions; /* USE_UNKNOWN: its supervisor did not say */
	uint64_t n_pids;     /* processes in it */
	uint64_t memory; /* bytes; USE_UNKNOWN: its cgroups do not say; with systemd the user's */
	uint64_t linger_left; /* ms; UINT64_MAX: no end is set */
	enum policy_age policy;
	struct instance_record record;
};

struct views {
	size_t n, room;
	struct view *view;
};

/*
 * All instances (name NULL), those of a user, or the one with an id; by user, then by age.  0, also when there
 * is none, or -errno.
 */
int views_read(const char *name, struct views *ret, struct errmsg *e);
/* The same; -ENOENT when there is none. */
int views_find(const char *name, struct views *ret, struct errmsg *e);
/* The one living instance of a user or with an id; -ENOENT, -ENOTUNIQ. */
int view_find(const char *name, struct view *ret, struct errmsg *e);
/* Its folder, as long as it is there; -errno. */
int view_open(const struct view *view, struct errmsg *e);
void views_done(struct views *views);

const char *view_state_name(enum view_state state);
enum table_colour view_state_colour(enum view_state state);

#endif
