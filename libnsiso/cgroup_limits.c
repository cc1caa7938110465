/*
 * Limits: v2 names and texts, translated for v1, written only where they differ, and read back, because
 * the kernel rounds some and ignores others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_files.h"
#include "cleanup.h"
#include "errmsg.h"
#include "idset.h"
#include "policy.h"

#define ROOT "/sys/fs/cgroup"
#define TEXT_MAX 4096

static const struct limit {
	const char *name; /* v2 */
	unsigned controller;
	enum cgroup_form form;
	const char *preset; /* the kernel's default */
} limits[LIMIT_COUNT] = {
	[LIMIT_MEMORY_MAX] = { "memory.max", CONTROLLER_MEMORY, FORM_BYTES, "max" },
	[LIMIT_MEMORY_HIGH] = { "memory.high", CONTROLLER_MEMORY, FORM_BYTES, "max" },
	[LIMIT_MEMORY_LOW] = { "memory.low", CONTROLLER_MEMORY, FORM_BYTES, "0" },
	[LIMIT_MEMORY_SWAP_MAX] = { "memory.swap.max", CONTROLLER_MEMORY, FORM_BYTES, "max" },
	[LIMIT_MEMORY_OOM_GROUP] = { "memory.oom.group", CONTROLLER_MEMORY, FORM_PLAIN, "0" },
	[LIMIT_PIDS_MAX] = { "pids.max", CONTROLLER_PIDS, FORM_PLAIN, "max" },
	[LIMIT_CPU_MAX] = { "cpu.max", CONTROLLER_CPU, FORM_PLAIN, "max 100000" },
	[LIMIT_CPU_WEIGHT] = { "cpu.weight", CONTROLLER_CPU, FORM_PLAIN, "100" },
	[LIMIT_CPUSET_CPUS] = { "cpuset.cpus", CONTROLLER_CPUSET, FORM_PLAIN, "" },
	[LIMIT_CPUSET_MEMS] = { "cpuset.mems", CONTROLLER_CPUSET, FORM_PLAIN, "" },
	[LIMIT_IO_WEIGHT] = { "io.weight", CONTROLLER_IO, FORM_LINE, "default 100" },
	[LIMIT_IO_MAX] = { "io.max", CONTROLLER_IO, FORM_LINE, NULL },
};

static const struct limit *find_limit(const char *name)
{
	size_t i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (strcmp(limits[i].name, name) == 0)
			return &limits[i];
	return NULL;
}

unsigned cgroup_controller_of(const char *limit)
{
	const struct limit *found = find_limit(limit);

	return found ? found->controller : 0;
}

static const char *controller_name(unsigned controller, bool v2)
{
	switch (controller) {
	case CONTROLLER_MEMORY:
		return "memory";
	case CONTROLLER_PIDS:
		return "pids";
	case CONTROLLER_CPU:
		return "cpu";
	case CONTROLLER_CPUSET:
		return "cpuset";
	default:
		return v2 ? "io" : "blkio";
	}
}

/* Why the kernel does not hand a controller down, in words that say what to do. */
static int explain(const char *folder, const char *controller, int error, struct errmsg *e)
{
	char file[NSISO_PATH_MAX + 256], text[TEXT_MAX] = "";

	(void)snprintf(file, sizeof(file), "%s/cgroup.type", folder);
	(void)cgroup_file_read(AT_FDCWD, file, text, sizeof(text));
	if (strstr(text, "threaded") || strstr(text, "invalid"))
		return errmsg_setx(
			e, error,
			"cannot hand controller %s down: cgroup %s is of type '%s': give "
			"[cgroup] parent a group of type 'domain'",
			controller, folder, text);
	if (error == -EBUSY)
		return errmsg_setx(e, error,
				   "cannot hand controller %s down: cgroup %s has processes of its "
				   "own: move them into a group below, or give [cgroup] parent "
				   "another one",
				   controller, folder);
	if (error == -ENOENT)
		return errmsg_setx(e, -ENODEV,
				   "cannot hand controller %s down: cgroup %s has not got it "
				   "(cgroup.controllers)",
				   controller, folder);
	return errmsg_set(e, error, "cannot hand controller %s down in %s", controller, folder);
}

int cgroup_hand_down(const char *folder, const char *controller, struct errmsg *e)
{
	char path[NSISO_PATH_MAX + 256], enable[16];
	const char *slash;
	int r;

	(void)snprintf(enable, sizeof(enable), "+%s", controller);
	for (slash = folder + strlen(ROOT); slash; slash = *slash ? strchr(slash + 1, '/') : NULL) {
		char file[sizeof(path) + 32];

		(void)snprintf(path, sizeof(path), "%.*s", (int)(slash - folder), folder);
		(void)snprintf(file, sizeof(file), "%s/cgroup.subtree_control", path);
		r = cgroup_file_write(AT_FDCWD, file, enable);
		if (r < 0)
			return explain(path, controller, r, e);
	}
	(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", folder);
	r = folder[strlen(ROOT)] ? cgroup_file_write(AT_FDCWD, path, enable) : 0;
	return r < 0 ? explain(folder, controller, r, e) : 0;
}

/* The line of one device, without its number; "": there is none. */
static void find_device(const char *text, const char *device, char *ret, size_t size)
{
	size_t len = strlen(device);

	ret[0] = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, device, len) == 0 && text[len] == ' ')
			(void)snprintf(ret, size, "%.*s", (int)strcspn(text + len + 1, "\n"),
				       text + len + 1);
}

/* text: "PATH rbps=... wbps=... riops=... wiops=..."; no line means four times max. */
static int set_device(int dir, const char *text, struct errmsg *e)
{
	static const char none[] = "rbps=max wbps=max riops=max wiops=max";
	const char *rates = strchr(text, ' ');
	char path[NSISO_PATH_MAX], device[32], line[256], have[TEXT_MAX], now[256];
	int r, tries;

	if (!rates || (size_t)(rates - text) >= sizeof(path))
		return errmsg_setx(e, -EINVAL, "io.max has no rates for '%s'", text);
	(void)snprintf(path, sizeof(path), "%.*s", (int)(rates - text), text);
	r = cgroup_device(path, device, sizeof(device), e);
	for (tries = 0; r == 0 && tries < 2; tries++) {
		r = cgroup_file_read(dir, "io.max", have, sizeof(have));
		if (r < 0)
			return errmsg_set(e, r, "cannot read io.max");
		find_device(have, device, now, sizeof(now));
		if (strcmp(now[0] ? now : none, rates + 1) == 0)
			return 0;
		(void)snprintf(line, sizeof(line), "%s%s", device, rates);
		r = tries ? -EIO : cgroup_file_write(dir, "io.max", line);
		if (r < 0)
			return errmsg_set(e, r, "cannot set io.max of %s to %s", path, line);
	}
	return r;
}

/* An impossible one is taken and ignored: what is in force says so. */
static int check_cpuset(int dir, const char *name, const char *text, struct errmsg *e)
{
	char file[64], have[TEXT_MAX];
	struct idset wanted, effective;
	int r;

	(void)snprintf(file, sizeof(file), "%s.effective", name);
	r = cgroup_file_read(dir, file, have, sizeof(have));
	if (r < 0)
		return errmsg_set(e, r, "cannot read %s", file);
	if (*text && idset_read(text, &wanted) == 0 && idset_read(have, &effective) == 0 &&
	    !idset_is_within(&effective, &wanted))
		return errmsg_setx(e, -ERANGE,
				   "%s is %s after %s was set to %s: this host or [cgroup] parent "
				   "has none of them",
				   file, have, name, text);
	return 0;
}

/* Of the kernel's two schedulers with weights bfq has a file and a range of its own. */
static int set_io_weight(int dir, const char *text, struct errmsg *e)
{
	char bfq[32];

	if (faccessat(dir, "io.weight", F_OK, 0) == 0)
		return cgroup_file_set(dir, "io.weight", text, FORM_LINE, e);
	cgroup_bfq_weight(text, bfq, sizeof(bfq));
	return cgroup_file_set(dir, "io.bfq.weight", bfq, FORM_LINE, e);
}

static int limit_v2(const struct cgroup_one *one, int dir, const char *above,
		    const struct limit *limit, const char *text, struct errmsg *e)
{
	const bool is_weight = limit == &limits[LIMIT_IO_WEIGHT];
	const char *probe = is_weight ? "io.max" : limit->name;
	int r = 0;

	(void)one;
	if (faccessat(dir, probe, F_OK, 0) < 0)
		r = cgroup_hand_down(above, controller_name(limit->controller, true), e);
	if (r < 0)
		return r;
	if (is_weight)
		return set_io_weight(dir, text, e);
	if (limit == &limits[LIMIT_IO_MAX])
		return set_device(dir, text, e);
	r = cgroup_file_set(dir, limit->name, text, limit->form, e);
	if (r == 0 && limit->controller == CONTROLLER_CPUSET)
		r = check_cpuset(dir, limit->name, text, e);
	return r;
}

static const struct cgroup_one *find_one(const struct cgroup_set *set, const char *controller)
{
	unsigned i;

	for (i = 0; i < set->n; i++)
		if (!set->one[i].controller || strcmp(set->one[i].controller, controller) == 0)
			return &set->one[i];
	return NULL;
}

/*
 * Empty is the default, and refused while processes are in the group (Linux 6.1: ENOSPC): then it is all that
 * the parent has.
 */
static int reset_v2(int dir, const struct limit *limit, struct errmsg *e)
{
	char file[64], all[TEXT_MAX];
	AUTO_CLOSE int above = -1;
	int r = cgroup_file_set(dir, limit->name, limit->preset, limit->form, e);

	if (r != -ENOSPC || limit->controller != CONTROLLER_CPUSET)
		return r;
	above = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(file, sizeof(file), "%s.effective", limit->name);
	r = above < 0 ? -errno : cgroup_file_read(above, file, all, sizeof(all));
	return r < 0 ? errmsg_set(e, r, "cannot read %s of the group above", file) :
		       cgroup_file_set(dir, limit->name, all, limit->form, e);
}

int cgroup_reset(const struct cgroup_set *set, const char *limit, const char *path,
		 struct errmsg *e)
{
	static const char none[] = "rbps=max wbps=max riops=max wiops=max";
	const struct limit *found = find_limit(limit);
	const struct cgroup_one *one =
		found ? find_one(set, controller_name(found->controller, false)) : NULL;
	char text[NSISO_PATH_MAX + sizeof(none)];

	if (!one || one->user < 0)
		return 0;
	if (found != &limits[LIMIT_IO_MAX]) {
		if (one->controller)
			return cgroup_reset_v1(one->user, limit, found->preset, e);
		return faccessat(one->user, limit, F_OK, 0) < 0 ? 0 : reset_v2(one->user, found, e);
	}
	if (!path)
		return one->controller ? cgroup_reset_devices_v1(one->user, e) :
					 cgroup_reset_devices(one->user, "io.max", none, e);
	(void)snprintf(text, sizeof(text), "%s %s", path, none);
	return cgroup_limit(set, LEVEL_USER, limit, text, e);
}

int cgroup_limit(const struct cgroup_set *set, enum cgroup_level level, const char *limit,
		 const char *text, struct errmsg *e)
{
	const struct limit *found = find_limit(limit);
	const char *controller = found ? controller_name(found->controller, false) : "?";
	unsigned i;

	for (i = 0; found && i < set->n; i++) {
		const struct cgroup_one *one = &set->one[i];
		int dir = level == LEVEL_USER ? one->user : one->session;

		if (!one->controller && dir >= 0)
			return limit_v2(one, dir, level == LEVEL_USER ? one->parent : one->at.path,
					found, text, e);
		if (one->controller && strcmp(one->controller, controller) == 0 && dir >= 0)
			return cgroup_limit_v1(dir, limit, text, e);
	}
	return errmsg_setx(e, -ENODEV, "cannot set %s: this host has no cgroup controller %s",
			   limit, controller);
}
