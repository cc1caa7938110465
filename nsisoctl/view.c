/* What the subcommands say of instances; see view.h. */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance_ask.h"
#include "instance_procs.h"
#include "policy_trust.h"
#include "state.h"

#define ANSWER_TIMEOUT 500 /* ms for a supervisor to answer */

struct gathering {
	const char *id; /* NULL: all */
	struct views *views;
};

static const struct {
	const char *name;
	enum table_colour colour;
} states[VIEW_STATE_COUNT] = {
	[VIEW_STARTING] = { "starting", COLOUR_NONE },
	[VIEW_ACTIVE] = { "active", COLOUR_GREEN },
	[VIEW_LINGERING] = { "lingering", COLOUR_YELLOW },
	[VIEW_CLOSING] = { "closing", COLOUR_YELLOW },
	[VIEW_FROZEN] = { "frozen", COLOUR_BLUE },
	[VIEW_SILENT] = { "silent", COLOUR_RED },
	[VIEW_DEAD] = { "dead", COLOUR_RED },
};

const char *view_state_name(enum view_state state)
{
	return states[state].name;
}

enum table_colour view_state_colour(enum view_state state)
{
	return states[state].colour;
}

/*
 * What its own cgroups say: those of the user's other instances are not in it. Where these don't count memory,
 * as systemd has the groups, by user, or as version 2 counts it where the limit is: what the user's say.
 */
static uint64_t memory_of(const struct instance_record *record)
{
	struct cgroup_use use;

	cgroup_use_init(&use);
	for (unsigned i = 0; i < record->n_cgroups; i++) {
		AUTO_CLOSE int dir = open(record->cgroup[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0)
			cgroup_use_read(dir, record->cgroup[i].v2, USE_BIT(USE_MEMORY), &use);
	}
	if (use.at[USE_MEMORY] == USE_UNKNOWN)
		cgroup_use_of(record, &use);
	return use.at[USE_MEMORY];
}

static bool is_frozen(const struct instance_found *found)
{
	struct stat st;

	return fstatat(found->dir, "../" STATE_FROZEN, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Who can't be asked because he is of another release lives all the same. */
static int ask(const struct instance_found *found, struct view *ret, struct errmsg *e)
{
	AUTO_FREE struct instance_state *state = malloc(sizeof(*state));
	struct errmsg ignored;
	int r;

	if (!state)
		return errmsg_set(e, -ENOMEM, "cannot ask instance %s", found->id);
	r = instance_ask_state(found->dir, state, wire_now() + ANSWER_TIMEOUT, &ignored);
	if (r == -ETIMEDOUT)
		ret->state = VIEW_SILENT;
	else if (r == -ESRCH) /* its last act is at work */
		ret->state = VIEW_CLOSING;
	if (r < 0)
		return 0;
	ret->n_sessions = state->head.n_sessions;
	ret->linger_left = state->head.linger_left;
	if (state->head.flags & WIRE_STATE_CLOSING)
		ret->state = VIEW_CLOSING;
	else if (state->head.flags & WIRE_STATE_LINGERING)
		ret->state = VIEW_LINGERING;
	return 0;
}

static int fill(const struct instance_found *found, struct view *ret, struct errmsg *e)
{
	static const enum view_state of_life[] = {
		[INSTANCE_STARTING] = VIEW_STARTING,
		[INSTANCE_ALIVE] = VIEW_ACTIVE,
		[INSTANCE_DEAD] = VIEW_DEAD,
	};
	struct pid_list pids;
	int r;

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->user, sizeof(ret->user), "%s", found->user);
	(void)snprintf(ret->id, sizeof(ret->id), "%s", found->id);
	ret->state = of_life[found->life];
	if (ret->state == VIEW_ACTIVE && found->record.supervisor.pid == 0)
		ret->state = VIEW_STARTING;
	ret->record = found->record;
	ret->since = (time_t)found->record.created;
	ret->n_sessions = USE_UNKNOWN;
	ret->memory = memory_of(&found->record);
	r = instance_procs(&found->record, &pids, e);
	if (r < 0)
		return r;
	ret->n_pids = pids.n;
	pid_list_done(&pids);
	if (ret->state != VIEW_ACTIVE)
		return 0;
	r = ask(found, ret, e);
	if (ret->state != VIEW_CLOSING && is_frozen(found))
		ret->state = VIEW_FROZEN;
	ret->policy = policy_age(&found->record);
	return r;
}

static int gather(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	const struct gathering *gathering = ctx;
	struct views *views = gathering->views;

	if (gathering->id && strcmp(gathering->id, found->id) != 0)
		return 0;
	if (views->n == views->room) {
		size_t room = views->room ? 2 * views->room : 16;
		void *list = reallocarray(views->view, room, sizeof(views->view[0]));

		if (!list)
			return errmsg_set(e, -ENOMEM, "cannot list the instances");
		views->view = list;
		views->room = room;
	}
	if (fill(found, &views->view[views->n], e) < 0)
		return e->code;
	views->n++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct view *x = a, *y = b;
	int r = strcmp(x->user, y->user);

	if (r == 0)
		r = (x->since > y->since) - (x->since < y->since);
	return r ? r : strcmp(x->id, y->id);
}

int views_read(const char *name, struct views *ret, struct errmsg *e)
{
	struct gathering gathering = { .views = ret };
	int r;

	*ret = (struct views){ .n = 0 };
	r = instance_walk(NSISO_RUNDIR, name, gather, &gathering, e);
	if (r == 0 && name && ret->n == 0) {
		gathering.id = name;
		r = instance_walk(NSISO_RUNDIR, NULL, gather, &gathering, e);
	}
	if (r < 0) {
		views_done(ret);
		return r;
	}
	if (ret->n)
		qsort(ret->view, ret->n, sizeof(ret->view[0]), compare);
	return 0;
}

int views_find(const char *name, struct views *ret, struct errmsg *e)
{
	int r = views_read(name, ret, e);

	if (r == 0 && ret->n == 0)
		return errmsg_setx(e, -ENOENT, "there is no instance of user '%s' or with that id",
				   name);
	return r;
}

int view_find(const char *name, struct view *ret, struct errmsg *e)
{
	struct views views;
	int r = views_find(name, &views, e);
	size_t n_alive = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < views.n; i++) {
		if (views.view[i].state == VIEW_DEAD || views.view[i].state == VIEW_STARTING)
			continue;
		*ret = views.view[i];
		n_alive++;
	}
	views_done(&views);
	if (n_alive == 0)
		return errmsg_setx(e, -ENOENT, "no instance of '%s' is alive", name);
	if (n_alive > 1)
		return errmsg_setx(e, -ENOTUNIQ,
				   "'%s' has %zu instances: name one by its id, see nsisoctl list",
				   name, n_alive);
	return 0;
}

int view_open(const struct view *view, struct errmsg *e)
{
	AUTO_CLOSE int state = trust_dir_open(NSISO_RUNDIR, e);
	AUTO_CLOSE int user = -1;
	int dir = state;

	if (state < 0)
		return state;
	user = openat(state, view->user, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = user < 0 ? -1 :
			 openat(user, view->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? errmsg_set(e, -errno, "cannot open instance %s", view->id) : dir;
}

void views_done(struct views *views)
{
	free(views->view);
	*views = (struct views){ .n = 0 };
}
