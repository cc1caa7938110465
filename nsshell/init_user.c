/*
 * The user namespace U of an instance, and M1, the copy of its mounts that U owns.  Both are made by a
 * helper that is the user as far as ids go, because the owner of a user namespace is whoever makes it
 * (man 7 user_namespaces), and that ends before anybody is let in: nobody can trace or enter it.  The init
 * itself stays in the initial user namespace; it keeps two descriptors and hands them out.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "sys.h"

#define SECBIT_NO_SETUID_FIXUP (1 << 2) /* linux/securebits.h */

/* What the helper is told to do, and answers with 0 or an errno. */
enum order { ORDER_LIMIT, ORDER_MOUNTS };

static int answer(int sock, int result)
{
	int error = result < 0 ? errno : 0;

	return send(sock, &error, sizeof(error), MSG_NOSIGNAL) == (ssize_t)sizeof(error) ? error :
											   EPIPE;
}

/* Zero further user namespaces below U, for everybody in it (kernel/ucount.c, since Linux 4.9). */
static int forbid_nested(void)
{
	AUTO_CLOSE int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) != 1 ? -1 : 0;
}

/*
 * Becomes the user without losing CAP_SYS_ADMIN: hosts that forbid user namespaces to users
 * (kernel.unprivileged_userns_clone=0, AppArmor's restriction) let this one be made all the same.
 */
static int become_user(const struct plan *plan)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 ||
	    setgroups(0, NULL) < 0 || setresgid(plan->gid, plan->gid, plan->gid) < 0 ||
	    setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return -1;
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static __attribute__((noreturn)) void helper_run(const struct plan *plan, uint64_t namespaces,
						 int sock)
{
	enum order order;
	int r = become_user(plan);

	if (r == 0)
		r = (int)syscall(SYS_unshare, namespaces);
	if (answer(sock, r) != 0)
		_exit(1);
	while (recv(sock, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
		r = order == ORDER_LIMIT ? forbid_nested() : (int)syscall(SYS_unshare, SYS_NEWNS);
		if (answer(sock, r) == EPIPE) /* its end is an answer, too */
			break;
	}
	_exit(0);
}

static int await(int sock, const char *what, struct errmsg *e)
{
	int error = EPIPE;

	if (recv(sock, &error, sizeof(error), 0) != (ssize_t)sizeof(error))
		error = EPIPE;
	return error ? errmsg_set(e, -error, "cannot %s", what) : 0;
}

static int give_order(int sock, enum order order, const char *what, struct errmsg *e)
{
	if (send(sock, &order, sizeof(order), MSG_NOSIGNAL) != (ssize_t)sizeof(order))
		return errmsg_set(e, -errno, "cannot %s", what);
	return await(sock, what, e);
}

/* All of it in one write, as the kernel wants it. */
static int write_proc(pid_t pid, const char *name, const char *text, struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return errmsg_set(e, -errno, "cannot write %s of the user namespace", name);
	return 0;
}

static int open_ns(pid_t pid, const char *name, struct errmsg *e)
{
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open the %s namespace of the helper", name) :
			fd;
}

/* First setgroups: what is allowed there can't be changed any more once groups are mapped. */
static int write_maps(const struct plan *plan, const struct step *step, pid_t pid, struct errmsg *e)
{
	int r = 0;

	if (!(step->flags & STEP_SETGROUPS))
		r = write_proc(pid, "setgroups", "deny", e);
	if (r == 0)
		r = write_proc(pid, "uid_map", plan_text(plan, step->s1), e);
	if (r == 0)
		r = write_proc(pid, "gid_map", plan_text(plan, step->s2), e);
	return r;
}

/* Host name, message queues and network that U owns are those of the whole instance: we join them. */
static int join_owned(const struct step *step, pid_t pid, struct errmsg *e)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} owned[] = { { SYS_NEWUTS, "uts" }, { SYS_NEWIPC, "ipc" }, { SYS_NEWNET, "net" } };
	size_t i;

	for (i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		AUTO_CLOSE int fd = -1;

		if (!(step->n1 & owned[i].flag))
			continue;
		fd = open_ns(pid, owned[i].name, e);
		if (fd < 0)
			return fd;
		if (syscall(SYS_setns, fd, 0) < 0)
			return errmsg_set(e, -errno, "cannot join the %s namespace", owned[i].name);
	}
	return 0;
}

static int start_helper(const struct plan *plan, const struct step *step, struct launch_user *user,
			struct errmsg *e)
{
	struct sys_clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return errmsg_set(e, -errno, "cannot make a socket pair");
	user->helper = sys_clone3(&args);
	if (user->helper == 0) {
		(void)close(pair[0]);
		helper_run(plan, step->n1, pair[1]);
	}
	(void)close(pair[1]);
	user->sock = pair[0];
	if (user->helper < 0)
		return errmsg_set(e, -errno, "cannot clone a helper");
	r = await(user->sock, "make a user namespace", e);
	/* What the kernel calls a full device is a setting of the host (man 7 user_namespaces). */
	if (r == -ENOSPC)
		return errmsg_setx(e, r,
				   "cannot make a user namespace: user.max_user_namespaces "
				   "allows no more");
	return r;
}

int init_apply_user_ns(const struct plan *plan, const struct step *step, void *ctx,
		       struct errmsg *e)
{
	struct launch_user *user = &((struct launch *)ctx)->user;
	int r;

	r = start_helper(plan, step, user, e);
	if (r == 0)
		r = write_maps(plan, step, user->helper, e);
	if (r == 0)
		r = join_owned(step, user->helper, e);
	if (r == 0 && !(step->flags & STEP_NESTED))
		r = give_order(user->sock, ORDER_LIMIT, "forbid nested user namespaces", e);
	if (r < 0)
		return r;
	user->ns = open_ns(user->helper, "user", e);
	return user->ns < 0 ? user->ns : 0;
}

int init_apply_user_mounts(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	struct launch_user *user = &((struct launch *)ctx)->user;
	int r;

	(void)plan, (void)step;
	r = give_order(user->sock, ORDER_MOUNTS, "copy the mounts for the user namespace", e);
	if (r < 0)
		return r;
	user->mounts = open_ns(user->helper, "mnt", e);
	return user->mounts < 0 ? user->mounts : 0;
}

void init_end_helper(struct launch_user *user)
{
	if (user->helper > 0) {
		(void)kill(user->helper, SIGKILL);
		while (waitpid(user->helper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	user->helper = 0;
	close_fd(&user->sock);
}
