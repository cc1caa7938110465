/* The init's own cgroups, and what sessions see of theirs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "mnt.h"
#include "sys.h"

static const char *const view_names[] = WIRE_VIEW_NAMES;

#define OTHERS (sizeof(view_names) / sizeof(view_names[0]))
#define VIEW_FLAGS (SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC)

static int enter(int folder, const char *file, struct errmsg *e)
{
	AUTO_CLOSE int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot enter the cgroup");
	return 0;
}

/* v1: by one thread, which takes no lock of all processes ("tasks", pid 0). */
int init_apply_cgroup_enter(const struct plan *plan, const struct step *step, void *ctx,
			    struct errmsg *e)
{
	const struct launch *launch = ctx;
	const int *view = launch->fd + LAUNCH_VIEW;
	int r = 0;
	size_t i;

	(void)plan, (void)step;
	if (view[VIEW_SPLIT] >= 0)
		r = enter(view[VIEW_SPLIT], "init/cgroup.procs", e);
	for (i = 0; i < OTHERS && r == 0; i++)
		if (view[VIEW_OTHER + i] >= 0)
			r = enter(view[VIEW_OTHER + i],
				  strcmp(view_names[i], "unified") == 0 ? "cgroup.procs" : "tasks",
				  e);
	return r;
}

/* A folder of its own that has one for each hierarchy, as hosts with v1 do it. */
static int cover_v1(const int *view, int target, const char *name, struct errmsg *e)
{
	struct mnt_tmpfs tmpfs = { .mode = 0755 };
	AUTO_CLOSE int tree = mnt_new_tmpfs(&tmpfs, e);
	size_t i;
	int r;

	if (tree < 0)
		return tree;
	r = mnt_attach_at(tree, target, name, e);
	for (i = 0; i < OTHERS && r == 0; i++) {
		AUTO_CLOSE int folder = -1;

		if (view[VIEW_OTHER + i] < 0)
			continue;
		if (mkdirat(tree, view_names[i], 0755) == 0)
			folder = openat(tree, view_names[i],
					O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = folder < 0 ? errmsg_set(e, errno ? -errno : -EIO, "cannot make %s/%s", name,
					    view_names[i]) :
				 mnt_attach_at(view[VIEW_OTHER + i], folder, name, e);
	}
	return r < 0 ? r : mnt_set(tree, name, true, VIEW_FLAGS | SYS_ATTR_RDONLY, MS_PRIVATE, e);
}

/*
 * Programs look there for the limits that they are under (language runtimes, nproc, container managers), and
 * would find the host's.  Nothing comes with the hand-over when the groups are not ours: then all of the host's
 * stays, to be looked at.
 */
int init_apply_cgroup_view(const struct plan *plan, const struct step *step, void *ctx,
			   struct errmsg *e)
{
	const struct launch *launch = ctx;
	const int *view = launch->fd + LAUNCH_VIEW;
	const char *name = plan_text(plan, step->s1);
	const uint64_t flags = VIEW_FLAGS | (step->flags & STEP_RDONLY ? SYS_ATTR_RDONLY : 0);
	AUTO_CLOSE int target = mnt_open(name, e);
	int v2 = view[VIEW_V2] >= 0 ? view[VIEW_V2] : view[VIEW_SPLIT];
	size_t i;
	int r;

	if (target < 0)
		return target == -ENOENT && (step->flags & STEP_MAYBE) ? 0 : target;
	if (v2 >= 0) {
		r = mnt_set(v2, name, false, flags, MS_PRIVATE, e);
		return r < 0 ? r : mnt_attach_at(v2, target, name, e);
	}
	for (i = 0; i < OTHERS; i++)
		if (view[VIEW_OTHER + i] >= 0)
			return cover_v1(view, target, name, e);
	return mnt_set(target, name, true, SYS_ATTR_RDONLY, 0, e);
}
