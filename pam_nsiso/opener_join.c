/*
 * Joining an instance that is there.  Whether it is alive is asked of the kernel (the record's lock, the
 * sockets), never concluded from a file; a supervisor or init that does not answer is killed, because a
 * second instance must not be built beside one that might still act.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "opener.h"
#include "state.h"
#include "sys.h"
#include "wire.h"

#define KILL_TIMEOUT 2000 /* ms for a killed process to be gone */

/* By way of the open folder: the path may be longer than a socket address. */
static int connect_to(int dir, const char *name)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       name);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&sock);
}

static int send_register(int conn)
{
	AUTO_CLOSE int self = sys_pidfd_open(getpid());
	struct wire_fds fds = { .n = 1, .fd = { self } };

	return self < 0 ? -errno : wire_send(conn, WIRE_REGISTER, 0, NULL, 0, &fds);
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

/*
 * Registers with supervisor and init at once, so that both work in parallel.
 * 0: *conn and *init are open (and *user_ns, if there is one); 1: this instance takes no more sessions; -ETIMEDOUT: one is stuck; -errno.
 */
static int ask(struct opener *o, int dir, int *conn, int *init, uint64_t *namespaces)
{
	AUTO_CLOSE int ctl = connect_to(dir, "ctl"), ping = -1;
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	char text[ERRMSG_MAX];
	ssize_t n;
	int r;

	if (ctl == -EAGAIN) /* nobody has accepted for a whole backlog */
		return -ETIMEDOUT;
	ping = ctl < 0 ? ctl : connect_to(dir, "in/init");
	if (ping == -EAGAIN)
		return -ETIMEDOUT;
	if (ping < 0) /* nobody listens (any more); else it is this process that can't connect */
		return ping == -ECONNREFUSED || ping == -ENOENT ? 1 : ping;
	r = send_register(ctl);
	if (r < 0)
		return r == -EPIPE || r == -ECONNRESET ? 1 : r;
	n = wire_wait(ctl, &head, text, sizeof(text), &fds, o->deadline);
	if (n < 0)
		return n == -ECONNRESET ? 1 : (int)n;
	if (head.type != WIRE_PIDFD || fds.n != 1) {
		wire_close_fds(&fds);
		return 1;
	}
	*init = fds.fd[0];
	*namespaces = head.value;
	r = await_welcome(ping, o->deadline, &o->user_ns);
	if (r < 0)
		close_fd(init);
	else
		*conn = take_fd(&ctl);
	return r == -ECONNRESET ? 1 : r;
}

static int join(struct opener *o, const struct instance_record *record, int init,
		uint64_t namespaces, struct session *ret, struct errmsg *e)
{
	int r;

	r = cgroup_open(record, &o->cgroups, e);
	if (r == 0)
		r = cgroup_enter(&o->cgroups, e);
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
		       record->n_cgroups ? record->cgroup[0].path : "");
	return 0;
}

/* Both at once: the end of the supervisor alone is the init's end too, but only if it is not stopped. */
static int kill_stuck(struct opener *o, int dir, struct errmsg *e)
{
	struct instance_record record;
	int r = instance_read(dir, &record, e);

	if (r < 0)
		return r;
	r = process_kill(&record.init, KILL_TIMEOUT);
	if (r == 0)
		r = process_kill(&record.supervisor, KILL_TIMEOUT);
	if (r < 0)
		return errmsg_set(e, r, "cannot kill the supervisor or init of instance %s",
				  record.id);
	o->deadline = wire_now() + OPENER_TIMEOUT;
	return 0;
}

/* 0: joined; 1: not this one; -errno. */
static int try_one(struct opener *o, int dir, const struct instance_record *record,
		   struct session *ret, struct errmsg *e)
{
	AUTO_CLOSE int conn = -1, init = -1;
	uint64_t namespaces = 0;
	int r;

	if (record->uid != o->facts.uid)
		return errmsg_setx(e, -EPERM, "instance %s of user %s belongs to uid %u, not %u",
				   record->id, o->facts.user, (unsigned)record->uid,
				   (unsigned)o->facts.uid);
	close_fd(&o->user_ns);
	r = ask(o, dir, &conn, &init, &namespaces);
	if (r == -ETIMEDOUT) {
		r = kill_stuck(o, dir, e);
		return r < 0 ? r : 1;
	}
	if (r)
		return r < 0 ? errmsg_set(e, r, "cannot register with instance %s", record->id) : 1;
	r = join(o, record, init, namespaces, ret, e);
	if (r == -ESRCH || r == -ENOENT) /* it has ended between its answer and our step */
		return 1;
	if (r < 0)
		return r;
	(void)wire_send(conn, WIRE_COMMIT, 0, NULL, 0, NULL);
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
	return r;
}

int opener_join(struct opener *o, struct session *ret, struct errmsg *e)
{
	int fd = openat(o->user_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 1;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

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
	return r;
}
