/*
 * home=own and home=private: a read-only tmpfs over the folder of homes, with nothing in it but the way to
 * the user's own home.  Nothing of the user's is opened here but its home, without following links.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "init.h"
#include "mnt.h"
#include "sys.h"

/* Makes the folders of a relative path one below the other; the last one's descriptor. */
static int make_way(int base, const char *way, struct errmsg *e)
{
	AUTO_CLOSE int at = openat(base, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NSISO_PATH_MAX];
	size_t len;
	int next;

	while (at >= 0 && *way) {
		len = strcspn(way, "/");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, way);
		if (mkdirat(at, name, 0755) < 0)
			return errmsg_set(e, -errno, "cannot make a place for the home");
		next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close_fd(&at);
		at = next;
		way += len + strspn(way + len, "/");
	}
	if (at < 0)
		return errmsg_set(e, -errno, "cannot make a place for the home");
	return take_fd(&at);
}

/* What the session sees as its home: the real one, or an empty file system of its own. */
static int home_tree(const struct plan *plan, const struct step *step, struct errmsg *e)
{
	const char *home = plan_text(plan, step->s2);
	struct mnt_tmpfs tmpfs = {
		.size = step->n1, .inodes = 65536, .mode = 0700, .uid = plan->uid, .gid = plan->gid
	};
	AUTO_CLOSE int path = -1;

	if (step->n1)
		return mnt_new_tmpfs(&tmpfs, e);
	path = mnt_open(home, e);
	return path < 0 ? path : mnt_copy(path, home, true, 0, e);
}

int init_apply_home(const struct plan *plan, const struct step *step, void *ctx, struct errmsg *e)
{
	const char *base = plan_text(plan, step->s1), *home = plan_text(plan, step->s2);
	struct mnt_tmpfs tmpfs = { .mode = 0755 };
	AUTO_CLOSE int tree = home_tree(plan, step, e), cover = -1, place = -1;
	int r;

	(void)ctx;
	/* A user without a home logs in as on any host: to "/". */
	if (tree < 0 && tree != -ENOENT)
		return tree;
	cover = mnt_new_tmpfs(&tmpfs, e);
	if (cover < 0)
		return cover;
	place = make_way(cover, home + strlen(base) + 1, e);
	if (place < 0)
		return place;
	r = mnt_attach(cover, base, e);
	if (r < 0)
		return r;
	if (tree >= 0) {
		r = mnt_attach_at(tree, place, home, e);
		if (r < 0)
			return r;
	}
	return mnt_set(cover, base, false, SYS_ATTR_RDONLY, 0, e);
}
