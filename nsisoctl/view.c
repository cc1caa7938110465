/* What the subcommands say of instances; see view.h. */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errmsg.h"
#include "instance_procs.h"

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

/* The wall clock when a process started, from its ticks since boot. */
static time_t time_of_start(uint64_t ticks)
{
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec now, up;

	if (ticks == 0 || clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return 0;
	return now.tv_sec - up.tv_sec + (time_t)(ticks / hz);
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
	ret->record = found->record;
	ret->since = time_of_start(found->record.supervisor.start);
	r = instance_procs(&found->record, &pids, e);
	if (r < 0)
		return r;
	ret->n_pids = pids.n;
	pid_list_done(&pids);
	return 0;
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

void views_done(struct views *views)
{
	free(views->view);
	*views = (struct views){ .n = 0 };
}
