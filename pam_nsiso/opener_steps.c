/* The steps of the opener, one function each; see opener_steps.h. */
#include "opener_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "mnt.h"
#include "opener_folder.h"
#include "opener_limits.h"
#include "opener_unit.h"
#include "unit.h"

/* Into the record before they are made. */
static int record_cgroups(const struct opener *o, struct errmsg *e)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < o->cgroups.n && r == 0; i++) {
		const struct instance_cgroup *at = &o->cgroups.one[i].at;

		/* The limits are those of the user's folder: its use is what they are to be compared with. */
		r = instance_append(o->record, e, "cgroup=%s %s\norigin=%s\naccount=%s %.*s\n",
				    at->v2 ? "v2" : "v1", at->path, at->origin,
				    at->v2 ? "v2" : "v1", (int)(strrchr(at->path, '/') - at->path),
				    at->path);
	}
	return r;
}

/* A detached mount of what the session sees of one hierarchy, and the init enters the group by. */
static int make_view(struct opener_steps *s, const struct cgroup_one *one, struct errmsg *e)
{
	static const char *const names[] = WIRE_VIEW_NAMES;
	const bool is_whole = !one->controller && !one->is_split;
	unsigned view = is_whole ? VIEW_V2 : VIEW_SPLIT;
	size_t i;
	int *fd;

	for (i = 0; one->controller && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(*one->controller ? one->controller : "unified", names[i]) == 0)
			view = VIEW_OTHER + (unsigned)i;
	fd = &s->fd[LAUNCH_VIEW + view];
	*fd = mnt_copy(is_whole ? one->user : one->dir, one->at.path, false, 0, e);
	if (*fd < 0)
		return *fd;
	if (one->controller)
		return 0;
	s->fd[LAUNCH_CGROUP] = fcntl(one->dir, F_DUPFD_CLOEXEC, 3);
	return s->fd[LAUNCH_CGROUP] < 0 ? errmsg_set(e, -errno, "cannot keep a descriptor") : 0;
}

/* For the init, which reads the use there. */
static int keep_account(struct opener_steps *s, int folder, struct errmsg *e)
{
	int *fd = &s->fd[LAUNCH_ACCOUNT];

	_Static_assert(LAUNCH_COUNT - LAUNCH_ACCOUNT >= INSTANCE_CGROUPS_MAX, "room for each");
	while (*fd >= 0)
		fd++;
	*fd = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	return *fd < 0 ? errmsg_set(e, -errno, "cannot keep a descriptor") : 0;
}

/* Readable for the init's account, whatever the caller's umask. */
static int open_account(struct opener_steps *s, const struct cgroup_one *one, struct errmsg *e)
{
	if (fchmod(one->user, 0755) < 0)
		return errmsg_set(e, -errno, "cannot open cgroup %s", one->at.path);
	return keep_account(s, one->user, e);
}

static int apply_cgroup_make(const struct plan *plan, const struct step *step, void *ctx,
			     struct errmsg *e)
{
	struct opener_steps *s = ctx;
	struct cgroup_set *set = &s->o->cgroups;
	unsigned i;
	int r;

	r = cgroup_locate(s->o->facts.cgroup, plan_text(plan, step->s1), plan_text(plan, step->s2),
			  opener_controllers(plan, LEVEL_USER) |
				  opener_controllers(plan, LEVEL_SESSION),
			  set, e);
	if (r == 0)
		r = record_cgroups(s->o, e);
	for (i = 0; i < set->n && r == 0; i++)
		set->one[i].is_split = !set->one[i].controller && (step->flags & STEP_SESSION);
	if (r == 0)
		r = cgroup_make(set, e);
	for (i = 0; i < set->n && r == 0; i++) {
		r = make_view(s, &set->one[i], e);
		if (r == 0)
			r = open_account(s, &set->one[i], e);
	}
	return r;
}

/* All of the user's at once: those that are not among them are reset. */
static int apply_user_limits(struct opener_steps *s, struct errmsg *e)
{
	if (s->limited)
		return 0;
	s->limited = true;
	return opener_apply_limits(s->o, false, e);
}

/* Those of the session are set with its group. */
static int apply_cgroup_limit(const struct plan *plan, const struct step *step, void *ctx,
			      struct errmsg *e)
{
	(void)plan;
	return step->flags & STEP_SESSION ? 0 : apply_user_limits(ctx, e);
}

/* The use of the slice is what the limits are compared with. */
static int apply_unit_enter(const struct plan *plan, const struct step *step, void *ctx,
			    struct errmsg *e)
{
	struct opener_steps *s = ctx;
	char folder[NSISO_PATH_MAX];
	int r = instance_append(s->o->record, e, "account=v2 %s\n",
				unit_slice_folder(s->o->facts.uid, folder));

	(void)plan, (void)step;
	return r < 0 ? r : opener_unit_enter(s->o, s->o->facts.id, e);
}

/* Only what is used of steps and text; see unpack_plan() of nsshell-init. */
static int apply_launch(const struct plan *plan, const struct step *step, void *ctx,
			struct errmsg *e)
{
	struct opener_steps *s = ctx;
	const struct iovec body[2] = {
		{ (void *)plan,
		  offsetof(struct plan, steps) + plan->n_steps * sizeof(plan->steps[0]) },
		{ (void *)plan->text, plan->text_len },
	};
	int pair[2], r;

	(void)step;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return errmsg_set(e, -errno, "cannot make a socket pair");
	s->later = pair[0];
	s->fd[LAUNCH_LATER] = pair[1];
	r = wire_send_launch(s->o->conn, WIRE_PLAN, body, 2, s->fd, LAUNCH_RECORD,
			     LAUNCH_LATER + 1);
	close_fd(&s->fd[LAUNCH_LATER]);
	return r < 0 ? errmsg_set(e, r, "cannot send the plan to %s", NSISO_INIT_PATH) : 0;
}

/*
 * The slice comes and goes with the user's sessions: what is kept is the folder that it comes and goes in.
 * Without it there is nothing to tell, which is no reason to refuse a login.
 */
static int keep_slices(struct opener_steps *s, struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	char folder[NSISO_PATH_MAX];

	(void)unit_slice_folder(s->o->facts.uid, folder);
	*strrchr(folder, '/') = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? 0 : keep_account(s, fd, e);
}

static int apply_hand_over(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	struct opener_steps *s = ctx;
	int r = opener_make_inside(s->o, s->fd, e);

	(void)plan, (void)step;
	if (r == 0 && s->o->policy->cgroup.enable && s->o->facts.backend == BACKEND_SYSTEMD)
		r = keep_slices(s, e);
	if (r < 0)
		return r;
	r = wire_send_launch(s->later, WIRE_LATER, NULL, 0, s->fd, LAUNCH_INIT, LAUNCH_COUNT);
	/* The init is gone: why stands in its message, which the last step will read. */
	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	return r < 0 ? errmsg_set(e, r, "cannot send descriptors to the init") : 0;
}

static int apply_cgroup_enter(const struct plan *plan, const struct step *step, void *ctx,
			      struct errmsg *e)
{
	struct opener_steps *s = ctx;
	int r = apply_user_limits(s, e);

	(void)plan, (void)step;
	if (r < 0)
		return r;
	s->o->entered = true; /* also when only half of it succeeds */
	return cgroup_enter(&s->o->cgroups, e);
}

/* One message of supervisor or init; each comes once. */
static int await_one(struct opener_steps *s, struct errmsg *e)
{
	struct opener *o = s->o;
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	char text[ERRMSG_MAX];
	ssize_t n = wire_wait(o->conn, &head, text, sizeof(text) - 1, &fds, o->deadline);

	if (n < 0)
		return errmsg_set(e, (int)n, "no answer from %s", NSISO_INIT_PATH);
	if (head.type == WIRE_PIDFD && fds.n == 1 && s->init < 0) {
		s->init = fds.fd[0];
		o->revision = head.revision;
		return 0;
	}
	if (head.type == WIRE_READY && fds.n && o->plan.map == MAP_IDENTITY)
		o->user_ns = take_fd(&fds.fd[0]);
	wire_close_fds(&fds);
	text[n] = '\0';
	if (head.type == WIRE_TRACE && o->traced) {
		o->traced(o, (unsigned)(head.value >> 32) & 0xffff, head.value & UINT32_MAX,
			  head.value >> 63);
		return 0;
	}
	if (head.type == WIRE_ERROR && head.code < 0)
		return errmsg_setx(e, head.code, "%s", text);
	if (head.type != WIRE_READY)
		return errmsg_setx(e, -EPROTO, "unexpected message %d from %s", head.type,
				   NSISO_INIT_PATH);
	s->ready = true;
	return 0;
}

static int await_init(struct opener_steps *s, struct errmsg *e)
{
	int r = 0;

	while (r == 0 && (!s->ready || s->init < 0))
		r = await_one(s, e);
	return r;
}

/* v2 hands controllers down to the sessions' groups only when no process is beside them any more. */
static int apply_cgroup_session(const struct plan *plan, const struct step *step, void *ctx,
				struct errmsg *e)
{
	struct opener_steps *s = ctx;
	int r = s->o->facts.cgroup == CGROUP_V2 ? await_init(s, e) : 0;

	(void)plan;
	return r < 0 ? r : opener_make_session(s->o, step->flags, e);
}

static int apply_join(const struct plan *plan, const struct step *step, void *ctx, struct errmsg *e)
{
	struct opener_steps *s = ctx;
	int r;

	(void)plan;
	/* While the init is at work. */
	r = opener_describe(s->o, e);
	if (r == 0)
		r = await_init(s, e);
	if (r == 0)
		r = opener_enter_namespaces(s->o, s->init, step->n1, e);
	if (r < 0)
		return r;
	opener_commit(s->o, s->o->conn, s->o->revision);
	return 0;
}

void opener_report(void *ctx, unsigned index, uint64_t usec, int r)
{
	const struct opener_steps *s = ctx;

	s->o->traced(s->o, index, usec, r < 0);
}

step_apply *const opener_steps[STEP_KIND_COUNT] = {
	[STEP_CGROUP_MAKE] = apply_cgroup_make,   [STEP_LAUNCH] = apply_launch,
	[STEP_HAND_OVER] = apply_hand_over,       [STEP_CGROUP_LIMIT] = apply_cgroup_limit,
	[STEP_UNIT_ENTER] = apply_unit_enter,     [STEP_CGROUP_SESSION] = apply_cgroup_session,
	[STEP_CGROUP_ENTER] = apply_cgroup_enter, [STEP_JOIN] = apply_join,
};
