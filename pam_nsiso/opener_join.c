/*
 * Joining an instance that is there.  Whether it is alive is asked of the kernel (the record's lock, the
 * sockets), never concluded from a file; a supervisor or init that does not answer is killed, because a
 * second instance must not be built beside one that might still act.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "instance_ask.h"
#include "opener.h"
#include "opener_limits.h"
#include "opener_unit.h"
#include "state.h"
#include "sys.h"
#include "wire.h"

static int send_register(int conn, uint32_t max_sessions)
{
	AUTO_CLOSE int self = sys_pidfd_open(getpid());
	struct wire_fds fds = { .n = 1, .fd = { self } };

	return self < 0 ? -errno : wire_send(conn, WIRE_REGISTER, max_sessions, NULL, 0, &fds);
}

/* The init's answer proves that it lives, and has the user namespace that our child is to enter. */
static int await_welcome(int ping, int64_t deadline, int *user_ns)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_welcome welcome;
	struct wire_head head;
	ssize_t n = wire_wait(ping, &head, &welcome, sizeof(welcome), &fds, deadline);

	if (n >= 0 && (head.type != WIRE_WELCOME || (size_t)n != sizeof(welcome)))
		n = -EPROTO;
	if (n >= 0 && fds.n && welcome.map == MAP_IDENTITY)
		*user_ns = take_fd(&fds.fd[0]);
	wire_close_fds(&fds);
	return n < 0 ? (int)n : 0;
}

/* What was found of an instance that takes us. */
struct place {
	int conn, init;    /* to the supervisor; pidfd of the init */
	uint32_t revision; /* of the supervisor */
	uint64_t namespaces;
};

/* 0: *place has the init; 1: this instance takes no more sessions; -errno, or what it refuses with. */
static int await_pidfd(struct opener *o, int ctl, struct place *place, struct errmsg *e)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	char text[ERRMSG_MAX];
	ssize_t n = wire_wait(ctl, &head, text, sizeof(text) - 1, &fds, o->deadline);

	if (n < 0)
		return n == -ECONNRESET ? 1 : errmsg_set(e, (int)n, "no answer");
	if (head.type == WIRE_PIDFD && fds.n == 1) {
		place->init = fds.fd[0];
		place->namespaces = head.value;
		place->revision = head.revision;
		return 0;
	}
	wire_close_fds(&fds);
	text[n] = '\0';
	if (head.type == WIRE_ERROR && head.code == -EUSERS)
		o->told = OPENER_FULL;
	return head.type == WIRE_ERROR && head.code < 0 ? errmsg_setx(e, head.code, "%s", text) : 1;
}

/*
 * Registers with supervisor and init at once, so that both work in parallel.
 * 0: *place is filled (and o->user_ns, if there is one); 1: this instance takes no more sessions;
 * -ETIMEDOUT: one is stuck; -errno.
 */
static int ask(struct opener *o, int dir, struct place *place, struct errmsg *e)
{
	AUTO_CLOSE int ctl = instance_connect(dir, "ctl"), ping = -1;
	int r;

	if (ctl == -EAGAIN) /* nobody has accepted for a whole backlog */
		return -ETIMEDOUT;
	ping = ctl < 0 ? ctl : instance_connect(dir, "in/init");
	if (ping == -EAGAIN)
		return -ETIMEDOUT;
	if (ping < 0) /* nobody listens (any more); else it is this process that can't connect */
		return ping == -ECONNREFUSED || ping == -ENOENT ?
			       1 :
			       errmsg_set(e, ping, "cannot connect");
	r = send_register(ctl, o->policy->session.max_sessions);
	if (r < 0)
		return r == -EPIPE || r == -ECONNRESET ? 1 : errmsg_set(e, r, "cannot register");
	r = await_pidfd(o, ctl, place, e);
	if (r)
		return r;
	r = await_welcome(ping, o->deadline, &o->user_ns);
	if (r == 0)
		place->conn = take_fd(&ctl);
	if (r == -ECONNRESET)
		return 1;
	return r < 0 ? errmsg_set(e, r, "no answer of the init") : 0;
}

/* No group of its own, and an account of its use: it was made where systemd has the groups. */
static bool is_in_units(const struct instance_record *record)
{
	return record->n_cgroups == 0 && record->n_accounts;
}

/* With the limits that the policy has now. */
static int enter_units(struct opener *o, const char *id, struct errmsg *e)
{
	int r = opener_plan(o, e);

	if (r < 0 || !opener_has_units(o))
		return r;
	return opener_unit_enter(o, id, e);
}

static int join(struct opener *o, const struct instance_record *record, int init,
		uint64_t namespaces, struct session *ret, struct errmsg *e)
{
	int r;

	r = cgroup_open(record, &o->cgroups, e);
	if (r == 0)
		r = opener_join_limits(o, e);
	if (r == 0)
		r = cgroup_enter(&o->cgroups, e);
	if (r == 0 && is_in_units(record))
		r = enter_units(o, record->id, e);
	if (r == 0)
		r = opener_enter_namespaces(o, init, namespaces, e);
	if (r < 0) {
		struct errmsg ignored;

		(void)cgroup_leave(&o->cgroups, &ignored);
		cgroup_close(&o->cgroups);
		return r;
	}
	cgroup_close(&o->cgroups);
	ret->joined = true;
	ret->namespaces = namespaces;
	(void)snprintf(ret->id, sizeof(ret->id), "%s", record->id);
	(void)snprintf(ret->cgroup, sizeof(ret->cgroup), "%s",
		       record->n_cgroups   ? record->cgroup[0].path :
		       is_in_units(record) ? record->account[0].path :
					     "");
	return 0;
}

static int kill_stuck(struct opener *o, int dir, struct errmsg *e)
{
	struct instance_record record;
	int r = instance_read(dir, &record, e);

	if (r == 0)
		r = instance_kill(&record, e);
	o->deadline = wire_now() + OPENER_TIMEOUT;
	return r;
}

/* A supervisor of another release keeps what it has; the way out is to end it. */
static int explain(const struct instance_record *record, int r, struct errmsg *e)
{
	if (r == -EPROTONOSUPPORT)
		return errmsg_setx(e, r,
				   "instance %s is run by another release of nsiso, whose messages "
				   "differ: end it by SIGTERM to its supervisor, process %d",
				   record->id, (int)record->supervisor.pid);
	return errmsg_wrap(e, "instance %s", record->id);
}

/* 0: joined; 1: not this one; -errno. */
static int try_one(struct opener *o, int dir, const struct instance_record *record,
		   struct session *ret, struct errmsg *e)
{
	AUTO_CLOSE int conn = -1, init = -1;
	struct place place = { .conn = -1, .init = -1 };
	int r;

	if (record->uid != o->facts.uid)
		return errmsg_setx(e, -EPERM, "instance %s of user %s belongs to uid %u, not %u",
				   record->id, o->facts.user, (unsigned)record->uid,
				   (unsigned)o->facts.uid);
	close_fd(&o->user_ns);
	r = ask(o, dir, &place, e);
	conn = place.conn;
	init = place.init;
	if (r == -ETIMEDOUT) {
		r = kill_stuck(o, dir, e);
		return r < 0 ? r : 1;
	}
	if (r)
		return r < 0 ? explain(record, r, e) : 1;
	r = join(o, record, init, place.namespaces, ret, e);
	if (r == -ESRCH || r == -ENOENT) /* it has ended between its answer and our step */
		return 1;
	if (r < 0)
		return r;
	opener_commit(o, conn, place.revision);
	ret->conn = take_fd(&conn);
	ret->user_ns = take_fd(&o->user_ns);
	return 0;
}

/* 0: joined; 1: not one to join; -errno. */
static int try_shared(struct opener *o, int dir, struct session *ret, struct errmsg *e)
{
	struct instance_record record;
	int r = instance_read(dir, &record, e);

	if (r < 0)
		return r == -ENOENT ? 1 : r;
	return record.shared ? try_one(o, dir, &record, ret, e) : 1;
}

/* One that is ending has no session any more. */
static void count_beside(struct opener *o, int dir)
{
	struct instance_record record;
	struct errmsg ignored;

	if (o->policy->session.max_sessions && instance_read(dir, &record, &ignored) == 0 &&
	    !record.ending)
		o->beside++;
}

static int visit(struct opener *o, const char *id, struct session *ret, struct errmsg *e)
{
	AUTO_CLOSE int dir =
		openat(o->user_dir, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct errmsg leftover;
	int r = 1;

	if (dir < 0)
		return errno == ENOENT ? 1 : errmsg_set(e, -errno, "cannot open instance %s", id);
	if (o->policy->session.scope == SCOPE_USER)
		r = try_shared(o, dir, ret, e);
	/* What nobody supervises any more is ended here; what resists must not keep the user out. */
	if (r == 1 && !state_is_alive(dir))
		(void)instance_end(dir, id, &leftover);
	else if (r == 1 && o->policy->session.scope == SCOPE_SESSION)
		count_beside(o, dir);
	return r;
}

/* 1: another one may be built. */
static int check_beside(struct opener *o, struct errmsg *e)
{
	const uint32_t max = o->policy->session.max_sessions;

	if (max == 0 || o->beside < max)
		return 1;
	o->told = OPENER_FULL;
	return errmsg_setx(e, -EUSERS, "user %s has %u sessions, and max_sessions is %u",
			   o->facts.user, o->beside, (unsigned)max);
}

int opener_join(struct opener *o, struct session *ret, struct errmsg *e)
{
	int fd = openat(o->user_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 1;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	o->beside = 0;
	if (!entries) {
		r = errmsg_set(e, -errno, "cannot read the folder of user %s", o->facts.user);
		close_fd(&fd);
		return r;
	}
	for (errno = 0; r == 1 && (entry = readdir(entries)); errno = 0)
		if (entry->d_name[0] != '.')
			r = visit(o, entry->d_name, ret, e);
	/* An instance that is not seen would get another one beside it. */
	if (r == 1 && errno)
		r = errmsg_set(e, -errno, "cannot read the folder of user %s", o->facts.user);
	(void)closedir(entries);
	close_fd(&o->user_ns);
	return r == 1 ? check_beside(o, e) : r;
}
