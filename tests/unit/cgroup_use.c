/*
 * The kernel's accounts of a cgroup: texts as the kernels wrote them, from the oldest supported one on, and
 * folders of plain files.  What a kernel does not say is unknown, never 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgroup_use.h"
#include "folder.h"
#include "instance.h"

static struct cgroup_use use;

static int make_folder(void **state)
{
	return folder_make(state) < 0 ? -1 : fchdir(dir);
}

static int begin(void **state)
{
	(void)state;
	cgroup_use_init(&use);
	return 0;
}

static int empty_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "exec rm -rf %s/*", folder);
	return system(command); /* NOLINT(cert-env33-c): our own constant folder */
}

static int remove_folder(void **state)
{
	return chdir("/") < 0 ? -1 : folder_remove(state);
}

static void put(const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

/* All figures but those named (figure, value, ..., -1) are unknown. */
static void check(int first, ...)
{
	uint64_t want[USE_COUNT];
	va_list ap;
	int i;

	memset(want, 0xff, sizeof(want));
	va_start(ap, first);
	for (i = first; i >= 0; i = va_arg(ap, int))
		want[i] = va_arg(ap, uint64_t);
	va_end(ap);
	for (i = 0; i < USE_COUNT; i++)
		if (use.at[i] != want[i])
			fail_msg("figure %d is %llu, should be %llu", i,
				 (unsigned long long)use.at[i], (unsigned long long)want[i]);
}

#define N(value) ((uint64_t)(value))
#define END (-1)

/* Linux 5.14, all controllers on: no peaks, refused forks counted where they happened. */
static void test_v2_oldest(void **state)
{
	(void)state;
	put("memory.current", "4804608\n");
	put("memory.max", "67108864\n");
	put("memory.high", "max\n");
	put("memory.swap.current", "0\n");
	put("memory.swap.max", "max\n");
	put("memory.events", "low 0\nhigh 0\nmax 61\noom 2\noom_kill 2\n");
	put("pids.current", "3\n");
	put("pids.max", "50\n");
	put("pids.events", "max 7\n");
	put("cpu.max", "50000 100000\n");
	put("cpu.weight", "100\n");
	put("cpu.stat", "usage_usec 2501234\nuser_usec 2000000\nsystem_usec 501234\n"
			"nr_periods 52\nnr_throttled 48\nthrottled_usec 2400123\n");
	put("io.stat", "254:0 rbytes=8192 wbytes=4096 rios=2 wios=1 dbytes=0 dios=0\n"
		       "7:0 \n"
		       "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
	cgroup_use_read(dir, true, USE_ALL, &use);
	check(USE_MEMORY, N(4804608), USE_MEMORY_MAX, N(67108864), USE_MEMORY_HIGH, USE_NO_LIMIT,
	      USE_SWAP, N(0), USE_SWAP_MAX, USE_NO_LIMIT, USE_OOM_KILLS, N(2), USE_PIDS, N(3),
	      USE_PIDS_MAX, N(50), USE_PIDS_REFUSED, N(7), USE_CPU_QUOTA, N(50000), USE_CPU_PERIOD,
	      N(100000), USE_CPU_WEIGHT, N(100), USE_CPU_TIME, N(2501234), USE_THROTTLED, N(48),
	      USE_THROTTLED_TIME, N(2400123), USE_IO_READ, N(8193), USE_IO_WRITTEN, N(4098),
	      USE_IO_READS, N(5), USE_IO_WRITES, N(5), END);
}

/* Linux 6.18: peaks, more keys and words. */
static void test_v2_newest(void **state)
{
	(void)state;
	put("memory.peak", "70000640\n");
	put("memory.swap.peak", "4096\n");
	put("memory.events", "low 0\nhigh 0\nmax 61\noom 2\noom_kill 3\noom_group_kill 1\n"
			     "sock_throttled 0\n");
	put("pids.peak", "12\n");
	put("pids.events", "max 0\n");
	put("pids.events.local", "max 0\n");
	put("cpu.max", "max 100000\n");
	put("cpu.stat",
	    "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnice_usec 0\ncore_sched.force_idle_usec 0\n"
	    "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n");
	put("io.stat", "254:0 rbytes=18446744073709551614 wbytes=1 rios=1 wios=1 dbytes=0 dios=0 "
		       "cost.vrate=100.00 cost.usage=12\n");
	cgroup_use_read(dir, true, USE_ALL, &use);
	check(USE_MEMORY_PEAK, N(70000640), USE_SWAP_PEAK, N(4096), USE_OOM_KILLS, N(3),
	      USE_PIDS_PEAK, N(12), USE_PIDS_REFUSED, N(0), USE_CPU_QUOTA, USE_NO_LIMIT,
	      USE_CPU_PERIOD, N(100000), USE_CPU_TIME, N(1), USE_THROTTLED, N(0),
	      USE_THROTTLED_TIME, N(0), USE_IO_WRITTEN, N(1), USE_IO_READS, N(1), USE_IO_WRITES,
	      N(1), END);
}

/* A folder of cgroup v2 whose controllers are not enabled: time alone is counted. */
static void test_v2_without_controllers(void **state)
{
	(void)state;
	put("cpu.stat", "usage_usec 77\nuser_usec 70\nsystem_usec 7\n");
	cgroup_use_read(dir, true, USE_ALL, &use);
	check(USE_CPU_TIME, N(77), END);
}

/* Several hierarchies, one after the other, make one set. */
static void test_v1(void **state)
{
	(void)state;
	put("memory.usage_in_bytes", "1000\n");
	put("memory.max_usage_in_bytes", "3000\n");
	put("memory.limit_in_bytes", "4000\n");
	put("memory.memsw.usage_in_bytes", "1500\n");
	put("memory.memsw.limit_in_bytes", "9000\n");
	put("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	(void)empty_folder(state);
	put("pids.current", "5\n");
	put("pids.max", "max\n");
	put("pids.events", "max 9\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	(void)empty_folder(state);
	put("cpu.cfs_quota_us", "-1\n");
	put("cpu.cfs_period_us", "100000\n");
	put("cpu.shares", "512\n");
	put("cpu.stat", "nr_periods 10\nnr_throttled 6\nthrottled_time 2500999\n");
	put("cpuacct.usage", "1234567890\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	(void)empty_folder(state);
	put("blkio.throttle.io_service_bytes_recursive",
	    "254:0 Read 100\n254:0 Write 200\n254:0 Sync 300\n254:0 Async 0\n254:0 Discard 0\n"
	    "254:0 Total 300\n8:0 Read 1\n8:0 Write 2\nTotal 303\n");
	put("blkio.throttle.io_serviced_recursive", "254:0 Read 10\n254:0 Write 20\nTotal 30\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	check(USE_MEMORY, N(1000), USE_MEMORY_PEAK, N(3000), USE_MEMORY_MAX, N(4000), USE_SWAP,
	      N(500), USE_SWAP_MAX, N(5000), USE_OOM_KILLS, N(4), USE_PIDS, N(5), USE_PIDS_MAX,
	      USE_NO_LIMIT, USE_PIDS_REFUSED, N(9), USE_CPU_QUOTA, USE_NO_LIMIT, USE_CPU_PERIOD,
	      N(100000), USE_CPU_WEIGHT, N(50), USE_CPU_TIME, N(1234567), USE_THROTTLED, N(6),
	      USE_THROTTLED_TIME, N(2500), USE_IO_READ, N(101), USE_IO_WRITTEN, N(202),
	      USE_IO_READS, N(10), USE_IO_WRITES, N(20), END);
}

/* PAGE_COUNTER_MAX with pages of 4 KiB and of 64 KiB; no device has done anything yet. */
static void test_v1_without_limits(void **state)
{
	(void)state;
	put("memory.usage_in_bytes", "8192\n");
	put("memory.limit_in_bytes", "9223372036854771712\n");
	put("memory.memsw.usage_in_bytes", "4096\n"); /* read a moment earlier */
	put("memory.memsw.limit_in_bytes", "9223372036854710272\n");
	put("blkio.throttle.io_service_bytes_recursive", "Total 0\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	check(USE_MEMORY, N(8192), USE_MEMORY_MAX, USE_NO_LIMIT, USE_SWAP, N(0), USE_SWAP_MAX,
	      USE_NO_LIMIT, END);
}

static void test_wanted_alone(void **state)
{
	(void)state;
	put("memory.current", "1\n");
	put("memory.events", "oom_kill 2\n");
	put("pids.events", "max 3\n");
	use.at[USE_MEMORY] = 55;
	cgroup_use_read(dir, true, USE_COUNTERS, &use);
	check(USE_MEMORY, N(55), USE_OOM_KILLS, N(2), USE_PIDS_REFUSED, N(3), END);
}

/* A folder that has vanished, or a file that is not there any more, takes nothing away that was known. */
static void test_missing(void **state)
{
	(void)state;
	cgroup_use_read(dir, true, USE_ALL, &use);
	cgroup_use_read(dir, false, USE_ALL, &use);
	cgroup_use_read(-1, true, USE_ALL, &use);
	check(END);
	use.at[USE_CPU_TIME] = 5;
	cgroup_use_read(dir, true, USE_ALL, &use);
	check(USE_CPU_TIME, N(5), END);
}

/* Of version 2, from a file that has just this line. */
static void read_line(const char *file, const char *line, uint32_t wanted)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s\n", line);
	put(file, text);
	cgroup_use_read(dir, true, wanted, &use);
	assert_int_equal(unlinkat(dir, file, 0), 0);
}

static void test_garbage(void **state)
{
	static const char *const bad[] = { "",     " ",    "-",       "x",       "12x\n",
					   "-5\n", "0x10", " 12 3\n", "max12x y" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cgroup_use_init(&use);
		read_line("cpu.stat", bad[i], USE_ALL);
		read_line("io.stat", bad[i], USE_ALL);
		read_line("pids.current", bad[i], USE_BIT(USE_PIDS_MAX));
		read_line("no.such.file", "1", USE_ALL);
		check(END);
	}
	read_line("pids.current", "12x", USE_ALL);
	read_line("cpu.stat", "usage_usec", USE_ALL);
	read_line("cpu.stat", "usage_usec x", USE_ALL);
	read_line("cpu.stat", "xusage_usec 1", USE_ALL);
	read_line("io.stat", "8:0 xrbytes=1 rbytes=y rbytes", USE_ALL);
	read_line("cpu.max", "", USE_ALL);
	check(END);
}

/* More lines than any buffer holds, and one that is too long for it. */
static void test_long(void **state)
{
	FILE *file = fopen("io.stat", "w");
	int i;

	(void)state;
	assert_non_null(file);
	for (i = 0; i < 1000; i++)
		(void)fprintf(file, "253:%d rbytes=%d wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n", i,
			      i);
	(void)fclose(file);
	cgroup_use_read(dir, true, USE_ALL, &use);
	check(USE_IO_READ, N(499500), USE_IO_WRITTEN, N(1000), USE_IO_READS, N(1000), USE_IO_WRITES,
	      N(1000), END);
	file = fopen("memory.events", "w");
	assert_non_null(file);
	(void)fprintf(file, "%*s\noom_kill 1\n", 10000, "x");
	(void)fclose(file);
	cgroup_use_init(&use);
	cgroup_use_read(dir, true, USE_BIT(USE_OOM_KILLS), &use);
	check(END);
}

static void put_child(const char *file, const char *text)
{
	char path[64];

	(void)mkdirat(dir, "child", 0700);
	(void)snprintf(path, sizeof(path), "child/%s", file);
	put(path, text);
}

/* v1 counts events where the process was, and so does v2 before 6.11 those of pids. */
static void test_events_of_child(void **state)
{
	(void)state;
	assert_int_equal(cgroup_use_local(dir, false),
			 USE_BIT(USE_OOM_KILLS) | USE_BIT(USE_PIDS_REFUSED));
	put("memory.oom_control", "oom_kill 1\n");
	put_child("memory.oom_control", "oom_kill 2\n");
	put_child("pids.events", "max 3\n");
	cgroup_use_read(dir, false, USE_ALL, &use);
	cgroup_use_add_events(dir, false, "child", &use);
	cgroup_use_add_events(dir, false, "no such child", &use);
	check(USE_OOM_KILLS, N(3), USE_PIDS_REFUSED, N(3), END);

	(void)empty_folder(state);
	cgroup_use_init(&use);
	put("cgroup.subtree_control", "cpu pids\n");
	put("memory.events", "oom_kill 5\n");
	put("pids.events", "max 0\n");
	put_child("memory.events", "oom_kill 5\n");
	put_child("pids.events", "max 4\n");
	cgroup_use_read(dir, true, USE_ALL, &use);
	cgroup_use_add_events(dir, true, "child", &use);
	check(USE_OOM_KILLS, N(5), USE_PIDS_REFUSED, N(4), END);

	assert_int_equal(cgroup_use_local(dir, true), USE_BIT(USE_PIDS_REFUSED));
	put("cgroup.subtree_control", "cpu memory\n");
	assert_int_equal(cgroup_use_local(dir, true), 0);
	put("cgroup.subtree_control", "cpu pids\n");
	put("pids.events.local", "max 0\n");
	assert_int_equal(cgroup_use_local(dir, true), 0);
	cgroup_use_init(&use);
	cgroup_use_read(dir, true, USE_ALL, &use);
	cgroup_use_add_events(dir, true, "child", &use);
	check(USE_OOM_KILLS, N(5), USE_PIDS_REFUSED, N(0), END);
}

static void test_of_record(void **state)
{
	struct instance_record record = { .id = "child", .n_accounts = 2 };

	(void)state;
	record.account[0] = (struct instance_account){ .v2 = true, .path = "/no/such/folder" };
	(void)snprintf(record.account[1].path, sizeof(record.account[1].path), "%s", folder);
	put("pids.current", "2\n");
	put("pids.events", "max 0\n");
	put_child("pids.events", "max 3\n");
	memset(&use, 0, sizeof(use));
	cgroup_use_of(&record, &use);
	check(USE_PIDS, N(2), USE_PIDS_REFUSED, N(3), END);
	/* Nothing is known of another instance's events, and the user's folder has none of its own. */
	(void)snprintf(record.id, sizeof(record.id), "other");
	cgroup_use_of(&record, &use);
	check(USE_PIDS, N(2), END);
}

static void test_names(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < USE_COUNT; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(cgroup_use_name(i), cgroup_use_name(j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v2_oldest, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_v2_newest, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_v2_without_controllers, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_v1, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_v1_without_limits, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_wanted_alone, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_missing, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_garbage, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_long, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_events_of_child, begin, empty_folder),
		cmocka_unit_test_setup_teardown(test_of_record, begin, empty_folder),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
