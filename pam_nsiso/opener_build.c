/*
 * Building a new instance.  The image of the supervisor is started first and loads while the plan, the
 * folder and the record are made; it and the init work while the opener makes the rest.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "opener.h"
#include "opener_folder.h"
#include "opener_steps.h"
#include "opener_unit.h"
#include "state.h"
#include "unit.h"
#include "wire.h"

static int build(struct opener *o, struct session *ret, struct errmsg *e)
{
	struct opener_steps steps = { .o = o, .later = -1, .init = -1 };
	int i, r;

	for (i = 0; i < LAUNCH_COUNT; i++)
		steps.fd[i] = -1;
	r = opener_make_folder(o, steps.fd, e);
	if (r == 0) {
		steps.fd[LAUNCH_RECORD] = o->record;
		steps.fd[LAUNCH_DIR] = o->dir;
		r = plan_apply(&o->plan, ACTOR_OPENER, opener_steps, opener_report, &steps, e);
	}
	for (i = 0; i < LAUNCH_COUNT; i++)
		if (i != LAUNCH_RECORD && i != LAUNCH_DIR)
			close_fd(&steps.fd[i]);
	close_fd(&steps.later);
	close_fd(&steps.init);
	if (r < 0)
		return r;
	ret->namespaces = o->plan.namespaces;
	(void)snprintf(ret->id, sizeof(ret->id), "%s", o->facts.id);
	(void)snprintf(ret->cgroup, sizeof(ret->cgroup), "%s",
		       o->cgroups.n ? o->cgroups.one[0].at.path : "");
	if (opener_has_units(o))
		(void)unit_slice_folder(o->facts.uid, ret->cgroup);
	return 0;
}

/*
 * After a failure.  The supervisor, if it runs, sees our end of the socket close and ends the instance
 * itself; if it never came to that, we do.
 */
static void clean_up(struct opener *o)
{
	const int64_t deadline = wire_now() + OPENER_TIMEOUT;
	struct timespec pause = { .tv_nsec = 1000000 };
	struct errmsg ignored;

	/* Before our socket closes: then the supervisor kills who is in there. */
	if (o->entered)
		(void)cgroup_leave(&o->cgroups, &ignored);
	close_fd(&o->conn);
	spawn_finish(&o->spawn);
	if (o->dir < 0)
		return;
	close_fd(&o->record);
	while (state_is_alive(o->dir) && wire_now() < deadline)
		(void)nanosleep(&pause, NULL);
	if (!state_is_alive(o->dir))
		(void)instance_end(o->dir, o->facts.id, &ignored);
	if (opener_has_units(o))
		opener_unit_leave(o);
}

int opener_build(struct opener *o, struct session *ret, struct errmsg *e)
{
	int r;

	o->dir = o->record = o->user_ns = -1;
	o->entered = false;
	if (o->conn < 0)
		o->conn = spawn_start(&o->spawn, o->facts.user, o->facts.id, e);
	if (o->conn < 0)
		return o->conn;
	r = opener_plan(o, e);
	if (r == 0)
		r = build(o, ret, e);
	if (r == 0) {
		ret->conn = take_fd(&o->conn);
		ret->user_ns = take_fd(&o->user_ns);
	} else
		clean_up(o);
	close_fd(&o->user_ns);
	spawn_finish(&o->spawn);
	cgroup_close(&o->cgroups);
	close_fd(&o->record);
	close_fd(&o->dir);
	return r;
}
