/*
 * Building a new instance: the image of the supervisor is started first and loads while the folder, the
 * record and the sockets are made; then the plan goes to it.  From the record on, whatever happens, the
 * instance can be ended by anybody who finds it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "mnt.h"
#include "opener.h"
#include "opener_steps.h"
#include "state.h"
#include "sys.h"
#include "wire.h"

static int bind_socket(int dir, const char *name, mode_t mode, struct errmsg *e)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       name);
	/* The mode by hand: the caller's umask is not ours to change. */
	if (sock < 0 || bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dir, name, mode, 0) < 0)
		return errmsg_set(e, -errno, "cannot make the socket %s", name);
	return take_fd(&sock);
}

static int make_record(struct opener *o, struct errmsg *e)
{
	const struct facts *facts = &o->facts;

	o->record = openat(o->dir, "record",
			   O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->record < 0 || flock(o->record, LOCK_EX | LOCK_NB) < 0)
		return errmsg_set(e, -errno, "cannot make the record of instance %s", facts->id);
	return instance_append(o->record, e,
			       "version=1\nuser=%s\nuid=%u\nid=%s\nscope=%s\nservice=%s\n",
			       facts->user, (unsigned)facts->uid, facts->id,
			       o->policy->session.scope == SCOPE_USER ? "user" : "session",
			       facts->service);
}

/* What the session sees of it: the init's socket, and an empty file and folder to cover others with. */
static int make_inside(int dir, struct errmsg *e)
{
	AUTO_CLOSE int in = -1, null = -1;

	if (mkdirat(dir, "in", 0755) < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	in = openat(dir, "in", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || fchmod(in, 0755) < 0 || mkdirat(in, "void", 0) < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	null = openat(in, "null", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (null < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	return take_fd(&in);
}

static int make_folder(struct opener *o, struct errmsg *e)
{
	if (mkdirat(o->user_dir, o->facts.id, 0700) < 0)
		return errmsg_set(e, errno == ENOENT ? -EAGAIN : -errno, "cannot make instance %s",
				  o->facts.id);
	o->dir = openat(o->user_dir, o->facts.id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (o->dir < 0) {
		(void)errmsg_set(e, -errno, "cannot open instance %s", o->facts.id);
		(void)unlinkat(o->user_dir, o->facts.id, AT_REMOVEDIR);
		return e->code;
	}
	return 0;
}

/* Everything that the supervisor gets with the plan but the cgroups, which are a step of the plan. */
static int make_launch(struct opener *o, int fds[LAUNCH_COUNT], struct errmsg *e)
{
	AUTO_CLOSE int in = -1;
	int r;

	r = make_record(o, e);
	if (r < 0)
		return r;
	in = make_inside(o->dir, e);
	if (in < 0)
		return in;
	fds[LAUNCH_CTL] = bind_socket(o->dir, "ctl", 0600, e);
	if (fds[LAUNCH_CTL] < 0)
		return fds[LAUNCH_CTL];
	if (listen(fds[LAUNCH_CTL], SOMAXCONN) < 0)
		return errmsg_set(e, -errno, "cannot listen on the socket ctl");
	fds[LAUNCH_INIT] = bind_socket(in, "init", 0666, e);
	if (fds[LAUNCH_INIT] < 0)
		return fds[LAUNCH_INIT];
	fds[LAUNCH_RUNDIR] =
		mnt_copy(in, "the run folder", false,
			 SYS_ATTR_RDONLY | SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC, e);
	if (fds[LAUNCH_RUNDIR] < 0)
		return fds[LAUNCH_RUNDIR];
	fds[LAUNCH_OPENER] = sys_pidfd_open(getpid());
	return fds[LAUNCH_OPENER] < 0 ? errmsg_set(e, -errno, "cannot make a pidfd") : 0;
}

static int build(struct opener *o, struct session *ret, struct errmsg *e)
{
	struct opener_steps steps = { .o = o };
	int i, r;

	for (i = 0; i < LAUNCH_COUNT; i++)
		steps.fd[i] = -1;
	r = make_launch(o, steps.fd, e);
	if (r == 0) {
		steps.fd[LAUNCH_RECORD] = o->record;
		steps.fd[LAUNCH_DIR] = o->dir;
		r = plan_apply(&o->plan, ACTOR_OPENER, opener_steps, &steps, e);
	}
	for (i = 0; i < LAUNCH_COUNT; i++)
		if (i != LAUNCH_RECORD && i != LAUNCH_DIR)
			close_fd(&steps.fd[i]);
	if (r < 0)
		return r;
	ret->namespaces = o->plan.namespaces;
	(void)snprintf(ret->id, sizeof(ret->id), "%s", o->facts.id);
	(void)snprintf(ret->cgroup, sizeof(ret->cgroup), "%s",
		       o->cgroups.n ? o->cgroups.one[0].at.path : "");
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
}

/* The host name goes into the plan, the account's ids too: all that can be wrong is known before we make
 * anything. */
static int prepare(struct opener *o, struct errmsg *e)
{
	int r = facts_kernel(&o->facts, e);

	if (r == 0)
		r = facts_maps(&o->facts, o->policy, e);
	return r < 0 ? r : plan_build(o->policy, &o->facts, &o->plan, e);
}

int opener_build(struct opener *o, struct session *ret, struct errmsg *e)
{
	int r;

	o->dir = o->record = o->user_ns = -1;
	o->entered = false;
	o->conn = spawn_start(&o->spawn, o->facts.user, o->facts.id, e);
	if (o->conn < 0)
		return o->conn;
	r = prepare(o, e);
	if (r == 0)
		r = make_folder(o, e);
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
