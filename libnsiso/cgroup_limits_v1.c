/* Limits by the names of cgroup v2, in the files of v1 (Documentation/admin-guide/cgroup-v1/). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_files.h"
#include "cleanup.h"
#include "errmsg.h"
#include "idset.h"
#include "nsiso.h"

#define MEMSW "memory.memsw.limit_in_bytes"
#define TEXT_MAX 4096

/* PAGE_COUNTER_MAX, which is v1's "max". */
static uint64_t most_bytes(void)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return INT64_MAX / page * page;
}

static int set_number(int dir, const char *file, uint64_t value, enum cgroup_form form,
		      struct errmsg *e)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return cgroup_file_set(dir, file, text, form, e);
}

static uint64_t bytes(const char *text)
{
	uint64_t value = strtoull(text, NULL, 10);

	return strcmp(text, "max") == 0 || value > most_bytes() ? most_bytes() : value;
}

/*
 * The sum of memory and swap may never be below memory alone: it gets out of the way first, and
 * memory.swap.max, which comes later, sets it again.
 */
static int set_memory(int dir, const char *text, struct errmsg *e)
{
	char sum[32];
	int r = cgroup_file_read(dir, MEMSW, sum, sizeof(sum));

	if (r == 0 && strtoull(sum, NULL, 10) < bytes(text))
		r = set_number(dir, MEMSW, most_bytes(), FORM_BYTES, e);
	else
		r = 0; /* without swap accounting there is no such file */
	return r < 0 ? r : set_number(dir, "memory.limit_in_bytes", bytes(text), FORM_BYTES, e);
}

static int set_swap(int dir, const char *text, struct errmsg *e)
{
	uint64_t memory, swap = bytes(text);
	char have[32];
	int r = cgroup_file_read(dir, "memory.limit_in_bytes", have, sizeof(have));

	if (r < 0)
		return errmsg_set(e, r, "cannot read memory.limit_in_bytes");
	if (faccessat(dir, MEMSW, F_OK, 0) < 0)
		return errmsg_setx(e, -EOPNOTSUPP,
				   "cannot set memory.swap.max: this kernel keeps no account of "
				   "swap (swapaccount=1)");
	memory = bytes(have);
	if (memory == most_bytes() && swap != most_bytes())
		return errmsg_setx(e, -EOPNOTSUPP,
				   "cannot set memory.swap.max on cgroup v1 without memory.max");
	return set_number(dir, MEMSW, swap > most_bytes() - memory ? most_bytes() : memory + swap,
			  FORM_BYTES, e);
}

static int set_pids(int dir, const char *text, struct errmsg *e)
{
	return cgroup_file_set(dir, "pids.max", text, FORM_PLAIN, e);
}

/* "QUOTA PERIOD".  A quota must fit the period at every moment, so an old one goes first. */
static int set_cpu(int dir, const char *text, struct errmsg *e)
{
	const char *period = strchr(text, ' ');
	char have[32] = "", quota[32];
	int r;

	(void)snprintf(quota, sizeof(quota), "%.*s",
		       (int)(period ? (size_t)(period - text) : strlen(text)), text);
	if (strcmp(quota, "max") == 0)
		(void)snprintf(quota, sizeof(quota), "-1");
	r = cgroup_file_read(dir, "cpu.cfs_period_us", have, sizeof(have));
	if (r == 0 && period && strcmp(have, period + 1) != 0)
		r = cgroup_file_set(dir, "cpu.cfs_quota_us", "-1", FORM_PLAIN, e);
	else if (r < 0)
		r = errmsg_set(e, r, "cannot read cpu.cfs_period_us");
	if (r == 0 && period)
		r = cgroup_file_set(dir, "cpu.cfs_period_us", period + 1, FORM_PLAIN, e);
	return r < 0 ? r : cgroup_file_set(dir, "cpu.cfs_quota_us", quota, FORM_PLAIN, e);
}

/* Weights 1..10000, normally 100, to shares 2..262144, normally 1024 (as systemd translates them). */
static int set_shares(int dir, const char *text, struct errmsg *e)
{
	uint64_t value = strtoull(text, NULL, 10) * 1024 / 100;

	value = value < 2 ? 2 : value > 262144 ? 262144 : value;
	return set_number(dir, "cpu.shares", value, FORM_PLAIN, e);
}

/* Of the groups below, which must be within their parent's at every moment. */
static int set_below(int dir, const char *file, const char *text, struct errmsg *e)
{
	int r = 0, fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!entries) {
		r = errmsg_set(e, -errno, "cannot read a cgroup's folder");
		close_fd(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(entries))) {
		AUTO_CLOSE int below = -1;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			r = cgroup_file_set(below, file, text, FORM_PLAIN, e);
	}
	(void)closedir(entries);
	return r;
}

static int set_cpuset(int dir, const char *file, const char *text, struct errmsg *e)
{
	char have[TEXT_MAX], both[2 * TEXT_MAX];
	struct idset set;
	int r = 0;

	/* Back to what the parent has. */
	if (!*text)
		r = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r > 0) {
		AUTO_CLOSE int above = r;

		r = cgroup_file_read(above, file, have, sizeof(have));
		return r < 0 ? errmsg_set(e, r, "cannot read %s", file) :
			       cgroup_file_set(dir, file, have, FORM_PLAIN, e);
	}
	if (r == 0)
		r = cgroup_file_read(dir, file, have, sizeof(have));
	if (r < 0)
		return errmsg_set(e, r, "cannot read %s", file);
	if (strcmp(have, text) == 0)
		return 0;
	(void)snprintf(both, sizeof(both), "%s%s%s", have, *have ? "," : "", text);
	if (idset_read(both, &set) < 0 || !idset_write(&set, both, sizeof(both)))
		return errmsg_setx(e, -EINVAL, "%s is '%s'", file, have);
	r = cgroup_file_set(dir, file, both, FORM_PLAIN, e);
	if (r == 0)
		r = set_below(dir, file, text, e);
	return r < 0 ? r : cgroup_file_set(dir, file, text, FORM_PLAIN, e);
}

static int set_cpus(int dir, const char *text, struct errmsg *e)
{
	return set_cpuset(dir, "cpuset.cpus", text, e);
}

static int set_mems(int dir, const char *text, struct errmsg *e)
{
	return set_cpuset(dir, "cpuset.mems", text, e);
}

/* v2's 1..10000 around 100 to 1..1000 around 100, as systemd does it. */
void cgroup_bfq_weight(const char *text, char *ret, size_t size)
{
	uint64_t weight = strtoull(text + strcspn(text, "0123456789"), NULL, 10);

	if (weight > 100)
		weight = 100 + (weight - 100) * (1000 - 100) / (10000 - 100);
	(void)snprintf(ret, size, "%" PRIu64, weight);
}

static int set_io_weight(int dir, const char *text, struct errmsg *e)
{
	const char *file = "blkio.bfq.weight";
	char weight[32];

	if (faccessat(dir, file, F_OK, 0) < 0)
		file = "blkio.weight";
	if (faccessat(dir, file, F_OK, 0) < 0)
		return errmsg_setx(e, -EOPNOTSUPP,
				   "cannot set io.weight: no scheduler of this kernel has weights "
				   "on cgroup v1");
	cgroup_bfq_weight(text, weight, sizeof(weight));
	return cgroup_file_set(dir, file, weight, FORM_PLAIN, e);
}

static const char *find_device(const char *text, const char *device)
{
	size_t len = strlen(device);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, device, len) == 0 && text[len] == ' ')
			return text + len + 1;
	return "0";
}

/* 0 takes the rate away; a device without one has no line. */
static int set_rate(int dir, const char *file, const char *device, const char *rate,
		    struct errmsg *e)
{
	char have[TEXT_MAX], line[96], want[32];
	int r, tries;

	(void)snprintf(want, sizeof(want), "%.*s", (int)strcspn(rate, " "), rate);
	if (strcmp(want, "max") == 0)
		(void)snprintf(want, sizeof(want), "0");
	(void)snprintf(line, sizeof(line), "%s %s", device, want);
	for (tries = 0, r = 0; tries < 2; tries++) {
		r = cgroup_file_read(dir, file, have, sizeof(have));
		if (r < 0)
			return errmsg_set(e, r, "cannot read %s", file);
		if (cgroup_file_is(find_device(have, device), want, FORM_LINE))
			return 0;
		r = tries ? -EIO : cgroup_file_write(dir, file, line);
		if (r < 0)
			return errmsg_set(e, r, "cannot set %s to %s", file, line);
	}
	return r;
}

static const struct {
	const char *rate, *file;
} throttles[] = {
	{ " rbps=", "blkio.throttle.read_bps_device" },
	{ " wbps=", "blkio.throttle.write_bps_device" },
	{ " riops=", "blkio.throttle.read_iops_device" },
	{ " wiops=", "blkio.throttle.write_iops_device" },
};

#define THROTTLES (sizeof(throttles) / sizeof(throttles[0]))

int cgroup_reset_devices_v1(int dir, struct errmsg *e)
{
	size_t i;
	int r = 0;

	for (i = 0; i < THROTTLES && r == 0; i++)
		r = cgroup_reset_devices(dir, throttles[i].file, "0", e);
	return r;
}

/* "PATH rbps=N wbps=N riops=N wiops=N" */
static int set_device(int dir, const char *text, struct errmsg *e)
{
	char path[NSISO_PATH_MAX], device[32];
	size_t i, len = strcspn(text, " ");
	int r;

	(void)snprintf(path, sizeof(path), "%.*s", (int)len, text);
	r = cgroup_device(path, device, sizeof(device), e);
	for (i = 0; r == 0 && i < THROTTLES; i++) {
		const char *rate = strstr(text + len, throttles[i].rate);

		if (rate)
			r = set_rate(dir, throttles[i].file, device,
				     rate + strlen(throttles[i].rate), e);
	}
	return r;
}

/* What is not here has nothing on v1 that means the same: soft_limit_in_bytes throttles nobody. */
static const struct {
	const char *name;
	int (*set)(int dir, const char *text, struct errmsg *e);
} limits[] = {
	{ "memory.max", set_memory }, { "memory.swap.max", set_swap }, { "pids.max", set_pids },
	{ "cpu.max", set_cpu },       { "cpu.weight", set_shares },    { "cpuset.cpus", set_cpus },
	{ "cpuset.mems", set_mems },  { "io.weight", set_io_weight },  { "io.max", set_device },
};

int cgroup_limit_v1(int dir, const char *name, const char *text, struct errmsg *e)
{
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcmp(limits[i].name, name) == 0)
			return limits[i].set(dir, text, e);
	return errmsg_setx(e, -EOPNOTSUPP, "%s does not exist on cgroup v1", name);
}

int cgroup_reset_v1(int dir, const char *name, const char *preset, struct errmsg *e)
{
	int r = cgroup_limit_v1(dir, name, preset, e);

	return r == -EOPNOTSUPP || r == -ENOENT ? 0 : r;
}
