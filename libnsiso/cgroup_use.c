/* What a cgroup uses; see cgroup_use.h. */
#include "cgroup_use.h"

#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "instance.h"

/* How a figure stands in its file. */
enum form {
	FORM_FIRST,  /* the first word: a number, "max", or -1 for no limit */
	FORM_SECOND, /* the second word */
	FORM_SHARES, /* the first word: v1's cpu.shares for v2's cpu.weight */
	FORM_KEY,    /* the line "KEY NUMBER" */
	FORM_WORDS,  /* the sum of all words "KEY=NUMBER" (io.stat) */
	FORM_LINES,  /* the sum of all lines "DEVICE KEY NUMBER" (blkio) */
};

/* Those of one file stand together: it is read once for all of them. */
struct row {
	const char *file, *key;
	uint8_t figure, form;
	uint16_t divisor;
};

static const struct row rows_v2[] = {
	{ "memory.current", NULL, USE_MEMORY, FORM_FIRST, 1 },
	{ "memory.peak", NULL, USE_MEMORY_PEAK, FORM_FIRST, 1 },
	{ "memory.max", NULL, USE_MEMORY_MAX, FORM_FIRST, 1 },
	{ "memory.high", NULL, USE_MEMORY_HIGH, FORM_FIRST, 1 },
	{ "memory.swap.current", NULL, USE_SWAP, FORM_FIRST, 1 },
	{ "memory.swap.peak", NULL, USE_SWAP_PEAK, FORM_FIRST, 1 },
	{ "memory.swap.max", NULL, USE_SWAP_MAX, FORM_FIRST, 1 },
	{ "memory.events", "oom_kill", USE_OOM_KILLS, FORM_KEY, 1 },
	{ "pids.current", NULL, USE_PIDS, FORM_FIRST, 1 },
	{ "pids.peak", NULL, USE_PIDS_PEAK, FORM_FIRST, 1 },
	{ "pids.max", NULL, USE_PIDS_MAX, FORM_FIRST, 1 },
	{ "pids.events", "max", USE_PIDS_REFUSED, FORM_KEY, 1 },
	{ "cpu.max", NULL, USE_CPU_QUOTA, FORM_FIRST, 1 },
	{ "cpu.max", NULL, USE_CPU_PERIOD, FORM_SECOND, 1 },
	{ "cpu.weight", NULL, USE_CPU_WEIGHT, FORM_FIRST, 1 },
	{ "cpu.stat", "usage_usec", USE_CPU_TIME, FORM_KEY, 1 },
	{ "cpu.stat", "nr_throttled", USE_THROTTLED, FORM_KEY, 1 },
	{ "cpu.stat", "throttled_usec", USE_THROTTLED_TIME, FORM_KEY, 1 },
	{ "io.stat", "rbytes", USE_IO_READ, FORM_WORDS, 1 },
	{ "io.stat", "wbytes", USE_IO_WRITTEN, FORM_WORDS, 1 },
	{ "io.stat", "rios", USE_IO_READS, FORM_WORDS, 1 },
	{ "io.stat", "wios", USE_IO_WRITES, FORM_WORDS, 1 },
	{ .file = NULL },
};

/* v1 counts swap with memory; see take_out_memory(). */
static const struct row rows_v1[] = {
	{ "memory.usage_in_bytes", NULL, USE_MEMORY, FORM_FIRST, 1 },
	{ "memory.max_usage_in_bytes", NULL, USE_MEMORY_PEAK, FORM_FIRST, 1 },
	{ "memory.limit_in_bytes", NULL, USE_MEMORY_MAX, FORM_FIRST, 1 },
	{ "memory.memsw.usage_in_bytes", NULL, USE_SWAP, FORM_FIRST, 1 },
	{ "memory.memsw.limit_in_bytes", NULL, USE_SWAP_MAX, FORM_FIRST, 1 },
	{ "memory.oom_control", "oom_kill", USE_OOM_KILLS, FORM_KEY, 1 },
	{ "pids.current", NULL, USE_PIDS, FORM_FIRST, 1 },
	{ "pids.peak", NULL, USE_PIDS_PEAK, FORM_FIRST, 1 },
	{ "pids.max", NULL, USE_PIDS_MAX, FORM_FIRST, 1 },
	{ "pids.events", "max", USE_PIDS_REFUSED, FORM_KEY, 1 },
	{ "cpu.cfs_quota_us", NULL, USE_CPU_QUOTA, FORM_FIRST, 1 },
	{ "cpu.cfs_period_us", NULL, USE_CPU_PERIOD, FORM_FIRST, 1 },
	{ "cpu.shares", NULL, USE_CPU_WEIGHT, FORM_SHARES, 1 },
	{ "cpu.stat", "nr_throttled", USE_THROTTLED, FORM_KEY, 1 },
	{ "cpu.stat", "throttled_time", USE_THROTTLED_TIME, FORM_KEY, 1000 },
	{ "cpuacct.usage", NULL, USE_CPU_TIME, FORM_FIRST, 1000 },
	{ "blkio.throttle.io_service_bytes_recursive", "Read", USE_IO_READ, FORM_LINES, 1 },
	{ "blkio.throttle.io_service_bytes_recursive", "Write", USE_IO_WRITTEN, FORM_LINES, 1 },
	{ "blkio.throttle.io_serviced_recursive", "Read", USE_IO_READS, FORM_LINES, 1 },
	{ "blkio.throttle.io_serviced_recursive", "Write", USE_IO_WRITES, FORM_LINES, 1 },
	{ .file = NULL },
};

const char *cgroup_use_name(enum cgroup_figure figure)
{
	static const char *const names[USE_COUNT] = {
		[USE_MEMORY] = "memory",
		[USE_MEMORY_PEAK] = "memory_peak",
		[USE_MEMORY_MAX] = "memory_max",
		[USE_MEMORY_HIGH] = "memory_high",
		[USE_SWAP] = "swap",
		[USE_SWAP_PEAK] = "swap_peak",
		[USE_SWAP_MAX] = "swap_max",
		[USE_PIDS] = "pids",
		[USE_PIDS_PEAK] = "pids_peak",
		[USE_PIDS_MAX] = "pids_max",
		[USE_CPU_QUOTA] = "cpu_quota_usec",
		[USE_CPU_PERIOD] = "cpu_period_usec",
		[USE_CPU_WEIGHT] = "cpu_weight",
		[USE_CPU_TIME] = "cpu_usec",
		[USE_THROTTLED] = "throttled_periods",
		[USE_THROTTLED_TIME] = "throttled_usec",
		[USE_IO_READ] = "io_read",
		[USE_IO_WRITTEN] = "io_written",
		[USE_IO_READS] = "io_reads",
		[USE_IO_WRITES] = "io_writes",
		[USE_OOM_KILLS] = "oom_kills",
		[USE_PIDS_REFUSED] = "pids_refused",
	};

	return names[figure];
}

void cgroup_use_init(struct cgroup_use *use)
{
	memset(use, 0xff, sizeof(*use)); /* USE_UNKNOWN */
}

/*
 * v1 writes "no limit" as the largest number of whole pages (PAGE_COUNTER_MAX), pages being up to 64 KiB,
 * or as -1.
 */
static uint64_t value_of(const char *text)
{
	uint64_t value;
	char *end;

	if (strncmp(text, "max", 3) == 0 || strncmp(text, "-1", 2) == 0)
		return USE_NO_LIMIT;
	if (*text < '0' || *text > '9')
		return USE_UNKNOWN;
	value = strtoull(text, &end, 10);
	if (*end != '\0' && *end != ' ')
		return USE_UNKNOWN;
	return value >= (uint64_t)INT64_MAX - UINT16_MAX ? USE_NO_LIMIT : value;
}

static const char *next_word(const char *text)
{
	text += strcspn(text, " ");
	return text + strspn(text, " ");
}

/* What follows KEY and the separator where text begins with them; else NULL. */
static const char *after_key(const char *text, const char *key, char separator)
{
	size_t len = strlen(key);

	return strncmp(text, key, len) == 0 && text[len] == separator ? text + len + 1 : NULL;
}

static void add(uint64_t *sum, uint64_t value)
{
	if (value < USE_NO_LIMIT)
		*sum = *sum < USE_NO_LIMIT ? *sum + value : value;
}

static void set(uint64_t *ret, uint64_t value, uint16_t divisor)
{
	if (value != USE_UNKNOWN)
		*ret = value == USE_NO_LIMIT ? value : value / divisor;
}

static void parse_row(const struct row *row, const char *line, uint64_t *ret)
{
	const char *text;

	switch ((enum form)row->form) {
	case FORM_FIRST:
		set(ret, value_of(line), row->divisor);
		break;
	case FORM_SECOND:
		set(ret, value_of(next_word(line)), row->divisor);
		break;
	case FORM_SHARES:
		set(ret, value_of(line), 1);
		if (*ret < USE_NO_LIMIT)
			*ret = (*ret * 100 + 512) / 1024;
		break;
	case FORM_KEY:
		text = after_key(line, row->key, ' ');
		if (text)
			set(ret, value_of(text), row->divisor);
		break;
	case FORM_WORDS:
		for (; *line; line = next_word(line)) {
			text = after_key(line, row->key, '=');
			if (text)
				add(ret, value_of(text));
		}
		break;
	case FORM_LINES:
		text = after_key(next_word(line), row->key, ' ');
		if (text)
			add(ret, value_of(text));
		break;
	}
}

static void parse_line(const struct row *row, const char *line, uint32_t wanted,
		       struct cgroup_use *use)
{
	const char *file = row->file;

	for (; row->file && strcmp(row->file, file) == 0; row++)
		if (wanted & USE_BIT(row->figure))
			parse_row(row, line, &use->at[row->figure]);
}

/* Line by line: a host with many block devices has more of them than any buffer should hold. */
static void read_file(int dir, const struct row *row, uint32_t wanted, struct cgroup_use *use)
{
	AUTO_CLOSE int fd = openat(dir, row->file, O_RDONLY | O_CLOEXEC);
	char text[512];
	size_t kept = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		char *line = text, *end;

		text[kept + (size_t)n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			parse_line(row, line, wanted, use);
		}
		kept = strlen(line);
		if (kept == sizeof(text) - 1) /* no line of the kernel's is that long */
			return;
		memmove(text, line, kept);
	}
}

static uint64_t difference(uint64_t both, uint64_t one)
{
	return both >= USE_NO_LIMIT || one >= USE_NO_LIMIT ? both : both > one ? both - one : 0;
}

/* A limit of both together with none of memory alone stays as it is: it is no limit of swap alone. */
static void take_out_memory(uint32_t wanted, struct cgroup_use *use)
{
	if (wanted & USE_BIT(USE_SWAP))
		use->at[USE_SWAP] = difference(use->at[USE_SWAP], use->at[USE_MEMORY]);
	if (wanted & USE_BIT(USE_SWAP_MAX))
		use->at[USE_SWAP_MAX] = difference(use->at[USE_SWAP_MAX], use->at[USE_MEMORY_MAX]);
}

/* The figures of one file that are wanted; *n becomes the number of its rows. */
static uint32_t figures_of(const struct row *row, uint32_t wanted, unsigned *n)
{
	const char *file = row->file;
	uint32_t figures = 0;

	for (*n = 0; row->file && strcmp(row->file, file) == 0; row++, ++*n)
		figures |= USE_BIT(row->figure);
	return figures & wanted;
}

void cgroup_use_read(int dir, bool v2, uint32_t wanted, struct cgroup_use *use)
{
	const struct row *row;
	struct cgroup_use got;
	unsigned n, i;

	cgroup_use_init(&got);
	for (row = v2 ? rows_v2 : rows_v1; row->file; row += n) {
		uint32_t figures = figures_of(row, wanted, &n);

		if (figures)
			read_file(dir, row, figures, &got);
	}
	if (!v2)
		take_out_memory(wanted, &got);
	for (i = 0; i < USE_COUNT; i++)
		if (got.at[i] != USE_UNKNOWN)
			use->at[i] = got.at[i];
}

/* Else the folders below have no count of their own: their processes are counted here. */
static bool hands_down_pids(int dir)
{
	AUTO_CLOSE int fd = openat(dir, "cgroup.subtree_control", O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "pids") != NULL;
}

uint32_t cgroup_use_local(int dir, bool v2)
{
	if (!v2)
		return USE_BIT(USE_OOM_KILLS) | USE_BIT(USE_PIDS_REFUSED);
	if (faccessat(dir, "pids.events.local", F_OK, 0) == 0 || !hands_down_pids(dir))
		return 0;
	return USE_BIT(USE_PIDS_REFUSED);
}

void cgroup_use_add_events(int dir, bool v2, const char *child, struct cgroup_use *use)
{
	AUTO_CLOSE int fd = openat(dir, child, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct cgroup_use own;

	if (fd < 0)
		return;
	cgroup_use_init(&own);
	cgroup_use_read(fd, v2, cgroup_use_local(dir, v2), &own);
	add(&use->at[USE_OOM_KILLS], own.at[USE_OOM_KILLS]);
	add(&use->at[USE_PIDS_REFUSED], own.at[USE_PIDS_REFUSED]);
}

void cgroup_use_of(const struct instance_record *record, struct cgroup_use *ret)
{
	unsigned i;

	cgroup_use_init(ret);
	for (i = 0; i < record->n_accounts; i++) {
		const struct instance_account *account = &record->account[i];
		AUTO_CLOSE int dir = open(account->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0)
			continue;
		cgroup_use_read(dir, account->v2, USE_ALL & ~cgroup_use_local(dir, account->v2),
				ret);
		cgroup_use_add_events(dir, account->v2, record->id, ret);
	}
}
