/*
 * Limits: v2 names and values, translated for v1, written only where they differ, and read back, because
 * the kernel rounds some and ignores others.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"

/* How a v1 file takes the value. */
enum v1_form { V1_NONE, V1_BYTES, V1_PLAIN, V1_QUOTA, V1_SHARES };

static const struct limit {
	const char *name; /* v2 */
	unsigned controller;
	const char *v1; /* NULL: v1 has nothing that means the same */
	enum v1_form form;
} limits[] = {
	{ "memory.max", CONTROLLER_MEMORY, "memory.limit_in_bytes", V1_BYTES },
	/* soft_limit_in_bytes throttles nobody: no substitute */
	{ "memory.high", CONTROLLER_MEMORY, NULL, V1_NONE },
	{ "pids.max", CONTROLLER_PIDS, "pids.max", V1_PLAIN },
	{ "cpu.max", CONTROLLER_CPU, "cpu.cfs_quota_us", V1_QUOTA },
	{ "cpu.weight", CONTROLLER_CPU, "cpu.shares", V1_SHARES },
};

static const struct limit *find_limit(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcmp(limits[i].name, name) == 0)
			return &limits[i];
	return NULL;
}

unsigned cgroup_controller_of(const char *limit)
{
	const struct limit *found = find_limit(limit);

	return found ? found->controller : 0;
}

static const char *controller_name(unsigned controller)
{
	return controller == CONTROLLER_MEMORY ? "memory" :
	       controller == CONTROLLER_PIDS   ? "pids" :
						 "cpu";
}

static int read_file(int dir, const char *file, char *ret, size_t size)
{
	AUTO_CLOSE int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (n < 0)
		return -errno;
	if (n && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

static int write_file(int dir, const char *file, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Equal, or equal but for the kernel's rounding of bytes down to pages. */
static bool is_same(const char *have, const char *want, bool bytes)
{
	uint64_t a, b, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char *end;

	if (strcmp(have, want) == 0)
		return true;
	if (!bytes || have[0] < '0' || have[0] > '9' || want[0] < '0' || want[0] > '9')
		return false;
	a = strtoull(have, &end, 10);
	b = strtoull(want, NULL, 10);
	return *end == '\0' && a / page == b / page;
}

static int set_file(int dir, const char *file, const char *text, bool bytes, struct errmsg *e)
{
	char have[64] = "";
	int r = read_file(dir, file, have, sizeof(have));

	if (r < 0)
		return errmsg_set(e, r, "cannot read %s", file);
	if (is_same(have, text, bytes))
		return 0;
	r = write_file(dir, file, text);
	if (r < 0)
		return errmsg_set(e, r, "cannot set %s to %s", file, text);
	r = read_file(dir, file, have, sizeof(have));
	if (r < 0 || !is_same(have, text, bytes))
		return errmsg_setx(e, -EIO, "%s is %s after it was set to %s", file, have, text);
	return 0;
}

/*
 * v2: a controller has to be handed down from the root to the folder that holds the users' folders.  Only
 * done when the file is missing, so once after a boot.
 */
static int enable_controller(const struct cgroup_one *one, const char *controller, struct errmsg *e)
{
	char path[sizeof(one->parent) + 32], enable[16], *slash;
	size_t root = strlen("/sys/fs/cgroup"), len = strlen(one->parent);
	int r;

	(void)snprintf(enable, sizeof(enable), "+%s", controller);
	(void)snprintf(path, sizeof(path), "%s/", one->parent);
	for (slash = path + root; slash && slash <= path + len; slash = strchr(slash + 1, '/')) {
		char file[sizeof(path) + 32];

		(void)snprintf(file, sizeof(file), "%.*s/cgroup.subtree_control",
			       (int)(slash - path), path);
		r = write_file(AT_FDCWD, file, enable);
		if (r < 0)
			return errmsg_set(e, r, "cannot hand controller %s down in %s", controller,
					  file);
	}
	return 0;
}

static int limit_v2(const struct cgroup_one *one, const struct limit *limit, uint64_t value,
		    uint64_t period, struct errmsg *e)
{
	char text[64];
	int r, used;

	used = value == POLICY_LIMIT_MAX ? snprintf(text, sizeof(text), "max") :
					   snprintf(text, sizeof(text), "%" PRIu64, value);
	if (period)
		(void)snprintf(text + used, sizeof(text) - (size_t)used, " %" PRIu64, period);
	if (faccessat(one->user, limit->name, F_OK, 0) < 0) {
		r = enable_controller(one, controller_name(limit->controller), e);
		if (r < 0)
			return r;
	}
	return set_file(one->user, limit->name, text, limit->controller == CONTROLLER_MEMORY, e);
}

/* cpu.weight 1..10000, normally 100, to shares 2..262144, normally 1024 (as systemd translates it). */
static uint64_t shares(uint64_t weight)
{
	uint64_t value = weight * 1024 / 100;

	return value < 2 ? 2 : value > 262144 ? 262144 : value;
}

static int limit_v1(const struct cgroup_one *one, const struct limit *limit, uint64_t value,
		    uint64_t period, struct errmsg *e)
{
	char text[64];
	int r;

	if (limit->form == V1_NONE)
		return errmsg_setx(e, -EOPNOTSUPP, "%s does not exist on cgroup v1", limit->name);
	if (limit->form == V1_SHARES)
		value = shares(value);
	if (limit->form == V1_QUOTA) {
		(void)snprintf(text, sizeof(text), "%" PRIu64, period);
		r = set_file(one->user, "cpu.cfs_period_us", text, false, e);
		if (r < 0)
			return r;
	}
	if (value != POLICY_LIMIT_MAX)
		(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	else if (limit->form == V1_BYTES) /* PAGE_COUNTER_MAX, which "-1" comes to */
		(void)snprintf(text, sizeof(text), "%" PRId64,
			       INT64_MAX / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE));
	else
		(void)snprintf(text, sizeof(text), "%s", limit->form == V1_QUOTA ? "-1" : "max");
	return set_file(one->user, limit->v1, text, limit->form == V1_BYTES, e);
}

int cgroup_limit(const struct cgroup_set *set, const char *limit, uint64_t value, uint64_t period,
		 struct errmsg *e)
{
	const struct limit *found = find_limit(limit);
	const char *controller = found ? controller_name(found->controller) : "?";
	unsigned i;

	for (i = 0; found && i < set->n; i++) {
		const struct cgroup_one *one = &set->one[i];

		if (!one->controller)
			return limit_v2(one, found, value, period, e);
		if (strcmp(one->controller, controller) == 0)
			return limit_v1(one, found, value, period, e);
	}
	return errmsg_setx(e, -ENODEV, "cannot set %s: this host has no cgroup controller %s",
			   limit, controller);
}
