/* The steps of the init, one function each; they run as root in the new namespaces before anybody else. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "mnt.h"
#include "sys.h"

#define LATER_TIMEOUT 10000 /* ms for the opener's descriptors: it gives up before */

/* Opens a path of the policy; 1 when it is missing and may be. */
static int open_path(const struct step *step, const char *path, int *ret, struct errmsg *e)
{
	*ret = mnt_open(path, e);
	if (*ret == -ENOENT && (step->flags & STEP_MAYBE))
		return 1;
	return *ret < 0 ? *ret : 0;
}

static int apply_cgroup_ns(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	(void)plan, (void)step, (void)ctx;
	if (syscall(SYS_unshare, SYS_NEWCGROUP) < 0)
		return errmsg_set(e, -errno, "cannot make a cgroup namespace");
	return 0;
}

static int apply_propagation(const struct plan *plan, const struct step *step, void *ctx,
			     struct errmsg *e)
{
	bool private = strcmp(plan_text(plan, step->s1), "private") == 0;
	AUTO_CLOSE int root = mnt_open("/", e);

	(void)ctx;
	if (root < 0)
		return root;
	return mnt_set(root, "/", true, 0, private ? MS_PRIVATE : MS_SLAVE, e);
}

static int apply_nosuid(const struct plan *plan, const struct step *step, void *ctx,
			struct errmsg *e)
{
	AUTO_CLOSE int root = mnt_open("/", e);

	(void)plan, (void)step, (void)ctx;
	if (root < 0)
		return root;
	return mnt_set(root, "/", true, SYS_ATTR_NOSUID, 0, e);
}

static int apply_suid_keep(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	struct launch *launch = ctx;
	AUTO_CLOSE int path = -1;
	int r, tree;

	if (launch->n_suid == LAUNCH_SUID_MAX)
		return errmsg_setx(e, -E2BIG, "suid= names more than %d files", LAUNCH_SUID_MAX);
	r = open_path(step, plan_text(plan, step->s1), &path, e);
	if (r)
		return r < 0 ? r : 0;
	tree = mnt_copy(path, plan_text(plan, step->s1), false, 0, e);
	if (tree < 0)
		return tree;
	launch->suid[launch->n_suid].tree = tree;
	launch->suid[launch->n_suid++].path = step->s1;
	return 0;
}

static int apply_suid_restore(const struct plan *plan, const struct step *step, void *ctx,
			      struct errmsg *e)
{
	struct launch *launch = ctx;
	unsigned i;
	int r;

	(void)step;
	for (i = 0; i < launch->n_suid; i++) {
		r = mnt_attach(launch->suid[i].tree, plan_text(plan, launch->suid[i].path), e);
		if (r < 0)
			return r;
		close_fd(&launch->suid[i].tree);
	}
	return 0;
}

static int apply_bind(const struct plan *plan, const struct step *step, void *ctx, struct errmsg *e)
{
	const char *source = plan_text(plan, step->s1), *target = plan_text(plan, step->s2);
	AUTO_CLOSE int path = -1, tree = -1;
	int r;

	(void)ctx;
	r = open_path(step, source, &path, e);
	if (r)
		return r < 0 ? r : 0;
	tree = mnt_copy(path, source, true, step->flags & STEP_RDONLY ? SYS_ATTR_RDONLY : 0, e);
	if (tree < 0)
		return tree;
	return mnt_attach(tree, target, e);
}

static int apply_tmpfs(const struct plan *plan, const struct step *step, void *ctx,
		       struct errmsg *e)
{
	struct mnt_tmpfs tmpfs = { .size = step->n1, .inodes = step->n2, .mode = 01777 };
	const char *name = plan_text(plan, step->s1);
	AUTO_CLOSE int path = -1, tree = -1;
	int r;

	(void)ctx;
	r = open_path(step, name, &path, e);
	if (r)
		return r < 0 ? r : 0;
	tree = mnt_new_tmpfs(&tmpfs, e);
	return tree < 0 ? tree : mnt_attach_at(tree, path, name, e);
}

static int apply_mqueue(const struct plan *plan, const struct step *step, void *ctx,
			struct errmsg *e)
{
	AUTO_CLOSE int target = mnt_open("/dev/mqueue", e), tree = -1;

	(void)plan, (void)step, (void)ctx;
	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	tree = mnt_new("mqueue", NULL, NULL, SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC, e);
	if (tree < 0)
		return tree;
	return mnt_attach_at(tree, target, "/dev/mqueue", e);
}

/* A copy of the tree, with the flag on it, over itself: the flag holds for all below. */
static int cover_with(const struct plan *plan, const struct step *step, uint64_t attributes,
		      struct errmsg *e)
{
	const char *name = plan_text(plan, step->s1);
	AUTO_CLOSE int path = -1, tree = -1;
	int r;

	r = open_path(step, name, &path, e);
	if (r)
		return r < 0 ? r : 0;
	tree = mnt_copy(path, name, true, attributes, e);
	if (tree < 0)
		return tree;
	return mnt_attach_at(tree, path, name, e);
}

static int apply_read_only(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	(void)ctx;
	return cover_with(plan, step, SYS_ATTR_RDONLY, e);
}

static int apply_noexec(const struct plan *plan, const struct step *step, void *ctx,
			struct errmsg *e)
{
	(void)ctx;
	return cover_with(plan, step, SYS_ATTR_NOEXEC, e);
}

/* What the opener has made while we were at work. */
static int receive_later(struct launch *launch, struct errmsg *e)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	ssize_t n = wire_wait(launch->fd[LAUNCH_LATER], &head, NULL, 0, &fds,
			      wire_now() + LATER_TIMEOUT);

	if (n == 0 && head.type != WIRE_LATER)
		n = -EPROTO;
	if (n == 0)
		n = wire_take_launch(launch->fd, head.value, &fds);
	return n < 0 ? errmsg_set(e, (int)n, "no descriptors from the opener") : 0;
}

static int apply_rundir(const struct plan *plan, const struct step *step, void *ctx,
			struct errmsg *e)
{
	struct launch *launch = ctx;
	int r = receive_later(launch, e);

	return r < 0 ? r : mnt_attach(launch->fd[LAUNCH_RUNDIR], plan_text(plan, step->s1), e);
}

/* Covered with the run folder's empty file or folder, which nobody but root may enter. */
static int apply_hide(const struct plan *plan, const struct step *step, void *ctx, struct errmsg *e)
{
	const char *name = plan_text(plan, step->s1);
	AUTO_CLOSE int path = -1, empty = -1, tree = -1;
	struct stat st;
	int r;

	(void)ctx;
	r = open_path(step, name, &path, e);
	if (r)
		return r < 0 ? r : 0;
	if (fstat(path, &st) < 0)
		return errmsg_set(e, -errno, "cannot examine %s", name);
	empty = mnt_open(S_ISDIR(st.st_mode) ? NSISO_RUNDIR "/void" : NSISO_RUNDIR "/null", e);
	if (empty < 0)
		return empty;
	tree = mnt_copy(empty, name, false,
			SYS_ATTR_RDONLY | SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC, e);
	if (tree < 0)
		return tree;
	return mnt_attach_at(tree, path, name, e);
}

static int apply_proc(const struct plan *plan, const struct step *step, void *ctx, struct errmsg *e)
{
	bool hide = step->flags & STEP_HIDEPID;
	AUTO_CLOSE int tree = mnt_new("proc", hide ? "hidepid" : NULL, "invisible",
				      SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC, e);

	(void)plan, (void)ctx;
	if (tree < 0)
		return tree;
	return mnt_attach(tree, "/proc", e);
}

static int apply_hostname(const struct plan *plan, const struct step *step, void *ctx,
			  struct errmsg *e)
{
	const char *name = plan_text(plan, step->s1);

	(void)ctx;
	if (sethostname(name, strlen(name)) < 0)
		return errmsg_set(e, -errno, "cannot set the host name %s", name);
	return 0;
}

static int apply_loopback_up(const struct plan *plan, const struct step *step, void *ctx,
			     struct errmsg *e)
{
	AUTO_CLOSE int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	(void)plan, (void)step, (void)ctx;
	if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return errmsg_set(e, -errno, "cannot reach the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return errmsg_set(e, -errno, "cannot bring the loopback interface up");
	return 0;
}

step_apply *const init_steps[STEP_KIND_COUNT] = {
	[STEP_CGROUP_ENTER] = init_apply_cgroup_enter,
	[STEP_CGROUP_VIEW] = init_apply_cgroup_view,
	[STEP_CGROUP_NS] = apply_cgroup_ns,
	[STEP_PROPAGATION] = apply_propagation,
	[STEP_SUID_KEEP] = apply_suid_keep,
	[STEP_NOSUID] = apply_nosuid,
	[STEP_SUID_RESTORE] = apply_suid_restore,
	[STEP_BIND] = apply_bind,
	[STEP_HOME] = init_apply_home,
	[STEP_TMPFS] = apply_tmpfs,
	[STEP_MQUEUE] = apply_mqueue,
	[STEP_READ_ONLY] = apply_read_only,
	[STEP_NOEXEC] = apply_noexec,
	[STEP_HIDE] = apply_hide,
	[STEP_RUNDIR] = apply_rundir,
	[STEP_PROC] = apply_proc,
	[STEP_USER_NS] = init_apply_user_ns,
	[STEP_USER_MOUNTS] = init_apply_user_mounts,
	[STEP_HOSTNAME] = apply_hostname,
	[STEP_LOOPBACK_UP] = apply_loopback_up,
};
