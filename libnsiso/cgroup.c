/* Where an instance's cgroups are, making them and moving in; see cgroup.h. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "cgroup_files.h"
#include "cleanup.h"
#include "errmsg.h"

#define ROOT "/sys/fs/cgroup"
#define UNIFIED ROOT "/unified"
#define CGROUP_MAGIC 0x27e0eb /* CGROUP_SUPER_MAGIC */

static const struct {
	unsigned bit;
	const char *name;
} controllers_v1[] = {
	{ CONTROLLER_MEMORY, "memory" }, { CONTROLLER_PIDS, "pids" }, { CONTROLLER_CPU, "cpu" },
	{ CONTROLLER_CPUSET, "cpuset" }, { CONTROLLER_IO, "blkio" },
};

unsigned cgroup_controller_bit(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(controllers_v1) / sizeof(controllers_v1[0]); i++)
		if (strcmp(controllers_v1[i].name, name) == 0)
			return controllers_v1[i].bit;
	return 0;
}

static bool is_mounted_v1(const char *controller)
{
	char path[64];
	struct statfs st;

	(void)snprintf(path, sizeof(path), ROOT "/%s", controller);
	return statfs(path, &st) == 0 && (unsigned long)st.f_type == CGROUP_MAGIC;
}

/* Whether the comma-separated list of a line of /proc/PID/cgroup has this controller ("" is v2's). */
static bool has_controller(const char *list, size_t len, const char *controller)
{
	size_t want = strlen(controller);

	if (want == 0)
		return len == 0;
	while (len >= want) {
		if (memcmp(list, controller, want) == 0 && (len == want || list[want] == ','))
			return true;
		for (; len && *list != ','; list++, len--)
			;
		if (len)
			list++, len--;
	}
	return false;
}

/* The path of this process in one hierarchy; text is /proc/self/cgroup (man 7 cgroups). */
static int own_path(const char *text, const char *controller, char *ret, size_t size)
{
	const char *line, *list, *path, *end;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!end || !path || path > end)
			return -EPROTO;
		if (!has_controller(list + 1, (size_t)(path - list - 1), controller))
			continue;
		/* "/" is the hierarchy's root: nothing to put behind the mount point. */
		return snprintf(ret, size, "%.*s", end - path == 2 ? 0 : (int)(end - path - 1),
				path + 1) < (int)size ?
			       0 :
			       -ENAMETOOLONG;
	}
	return -ENOENT;
}

static int locate_one(struct cgroup_one *one, const char *text, const char *mount,
		      const char *controller, const char *parent, const char *name,
		      struct errmsg *e)
{
	char own[NSISO_PATH_MAX];
	int r = own_path(text, controller, own, sizeof(own));

	if (r < 0)
		return errmsg_set(e, r, "cannot find the own cgroup in %s", mount);
	(void)snprintf(one->parent, sizeof(one->parent), "%s%s", mount,
		       strcmp(parent, "self") == 0 ? own :
		       strcmp(parent, "/") == 0    ? "" :
						     parent);
	(void)snprintf(one->at.origin, sizeof(one->at.origin), "%s%s/cgroup.procs", mount, own);
	if (snprintf(one->at.path, sizeof(one->at.path), "%s/%s", one->parent, name) >=
	    (int)sizeof(one->at.path))
		return errmsg_setx(e, -ENAMETOOLONG, "the cgroup path below %s is too long",
				   one->parent);
	one->at.v2 = controller[0] == '\0';
	one->controller = one->at.v2 ? NULL : controller;
	one->user = one->dir = one->session = -1;
	return 0;
}

static int read_own(char *ret, size_t size, struct errmsg *e)
{
	AUTO_CLOSE int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (n < 0)
		return errmsg_set(e, -errno, "cannot read /proc/self/cgroup");
	ret[n] = '\0';
	return 0;
}

/*
 * v1 and hybrid: only the controllers that are needed.  Without limits one hierarchy keeps account; a v1
 * one where there is any, because a single thread enters that without the lock of all processes that
 * makes a v2 move cost an RCU grace period (kernel/cgroup: cgroup_procs_write_start()).
 */
static int locate_v1(const char *text, const char *parent, const char *name, unsigned controllers,
		     struct cgroup_set *ret, struct errmsg *e)
{
	char mount[64];
	size_t i;
	int r;

	if (controllers == 0)
		controllers = CONTROLLER_PIDS;
	for (i = 0; i < sizeof(controllers_v1) / sizeof(controllers_v1[0]); i++) {
		const char *controller = controllers_v1[i].name;

		if (!(controllers & controllers_v1[i].bit) || !is_mounted_v1(controller))
			continue;
		(void)snprintf(mount, sizeof(mount), ROOT "/%s", controller);
		r = locate_one(&ret->one[ret->n], text, mount, controller, parent, name, e);
		if (r < 0)
			return r;
		ret->n++;
	}
	return 0;
}

int cgroup_locate(enum cgroup_layout layout, const char *parent, const char *name,
		  unsigned controllers, struct cgroup_set *ret, struct errmsg *e)
{
	char text[4096] = "";
	int r = read_own(text, sizeof(text), e);

	memset(ret, 0, sizeof(*ret));
	if (r < 0)
		return r;
	if (layout == CGROUP_V2)
		r = locate_one(&ret->one[ret->n++], text, ROOT, "", parent, name, e);
	else if (layout != CGROUP_NONE)
		r = locate_v1(text, parent, name, controllers, ret, e);
	if (r == 0 && ret->n == 0 && layout == CGROUP_HYBRID) {
		r = locate_one(&ret->one[ret->n++], text, UNIFIED, "", parent, name, e);
		ret->one[0].controller = "";
	}
	if (r == 0 && ret->n == 0)
		return errmsg_setx(e, -ENODEV,
				   "this host has no cgroup hierarchy below " ROOT
				   " that can hold the instance: use [cgroup] enable=no");
	return r;
}

/* mkdir -p: the parent may be missing after a boot.  *fresh: the one above the last is new. */
static int make_folders(char *path, bool *fresh)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		int r;

		*slash = '\0';
		r = mkdir(path, 0755) < 0 ? -errno : 0;
		*fresh = r == 0;
		if (r == -EEXIST || r == -EROFS)
			r = 0;
		*slash = '/';
		if (r < 0)
			return r;
	}
	return mkdir(path, 0755) < 0 ? -errno : 0;
}

static int open_folders(struct cgroup_one *one)
{
	char user[sizeof(one->at.path)];

	(void)snprintf(user, sizeof(user), "%s", one->at.path);
	*strrchr(user, '/') = '\0';
	one->user = open(user, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (one->user < 0)
		return -errno;
	one->dir = open(one->at.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return one->dir < 0 ? -errno : 0;
}

/* The end of another instance of the user's may remove the user's folder under our hands: once more then. */
static int make_one(struct cgroup_one *one)
{
	char path[sizeof(one->at.path)];
	int r = -ENOENT, tries;

	for (tries = 0; r == -ENOENT && tries < 16; tries++) {
		(void)snprintf(path, sizeof(path), "%s", one->at.path);
		r = make_folders(path, &one->is_fresh);
		if (r == 0 && one->controller && strcmp(one->controller, "cpuset") == 0)
			r = cgroup_inherit_cpuset(one->at.path);
		if (r == 0)
			r = open_folders(one);
	}
	return r;
}

int cgroup_make(struct cgroup_set *set, struct errmsg *e)
{
	unsigned i;
	int r;

	for (i = 0; i < set->n; i++) {
		r = make_one(&set->one[i]);
		if (r == 0 && set->one[i].is_split && mkdirat(set->one[i].dir, "init", 0755) < 0)
			r = -errno;
		if (r < 0)
			return errmsg_set(e, r, "cannot make cgroup %s", set->one[i].at.path);
	}
	return 0;
}

/* What a record leaves out because the path says it. */
static void complete(struct cgroup_one *one)
{
	const char *name = one->at.path + strlen(ROOT) + 1;
	size_t i;

	_Static_assert(sizeof(one->parent) >= sizeof(one->at.path), "a parent is as long");
	memcpy(one->parent, one->at.path, sizeof(one->at.path));
	for (i = 0; i < 2 && strrchr(one->parent, '/'); i++)
		*strrchr(one->parent, '/') = '\0';
	one->user = one->dir = one->session = -1;
	if (one->at.v2) {
		one->controller =
			strncmp(one->at.path, UNIFIED "/", sizeof(UNIFIED)) == 0 ? "" : NULL;
		return;
	}
	one->controller = "";
	for (i = 0; i < sizeof(controllers_v1) / sizeof(controllers_v1[0]); i++)
		if (strncmp(name, controllers_v1[i].name, strcspn(name, "/")) == 0 &&
		    controllers_v1[i].name[strcspn(name, "/")] == '\0')
			one->controller = controllers_v1[i].name;
}

int cgroup_open(const struct instance_record *record, struct cgroup_set *ret, struct errmsg *e)
{
	unsigned i;
	int r;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < record->n_cgroups; i++) {
		struct cgroup_one *one = &ret->one[i];

		one->at = record->cgroup[i];
		complete(one);
		ret->n++;
		r = open_folders(one);
		if (r < 0)
			return errmsg_set(e, r, "cannot open cgroup %s", record->cgroup[i].path);
		one->is_split = !one->controller && faccessat(one->dir, "init", F_OK, 0) == 0;
	}
	return 0;
}

/* v1: a single thread enters without the lock of all processes. */
int cgroup_enter(const struct cgroup_set *set, struct errmsg *e)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		const struct cgroup_one *one = &set->one[i];
		AUTO_CLOSE int fd =
			openat(one->session < 0 ? one->dir : one->session,
			       one->at.v2 ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "0", 1) != 1)
			return errmsg_set(e, errno ? -errno : -EIO, "cannot enter cgroup %s",
					  one->at.path);
	}
	return 0;
}

int cgroup_leave(const struct cgroup_set *set, struct errmsg *e)
{
	unsigned i;
	int r = 0;

	/* All of them, also after a failure: what stays inside would be killed with the instance. */
	for (i = 0; i < set->n; i++) {
		AUTO_CLOSE int fd = open(set->one[i].at.origin, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "0", 1) != 1)
			r = errmsg_set(e, -errno, "cannot leave cgroup %s", set->one[i].at.path);
	}
	return r;
}

void cgroup_close(struct cgroup_set *set)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		close_fd(&set->one[i].user);
		close_fd(&set->one[i].dir);
		close_fd(&set->one[i].session);
	}
	set->n = 0;
}
