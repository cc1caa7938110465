/* nsshell --status: what PID 1 and the file of events say, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

static struct status status;

static int begin(void **state)
{
	(void)state;
	memset(&status, 0, sizeof(status));
	cgroup_use_init(&status.use);
	(void)setenv("TZ", "UTC", 1);
	return 0;
}

static void take(const char *const *lines)
{
	for (; *lines; lines++)
		status_take_line(&status, *lines);
}

static void check(const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	status_print(&status, "alice", 1000000065, out);
	(void)fclose(out);
	assert_string_equal(text, want);
	free(text);
}

#define HEAD                               \
	"alice: isolated, instance 0123\n" \
	"       Since: Sun 2001-09-09 01:46:40 UTC; 1min 5s ago\n"

static void test_everything(void **state)
{
	static const char *const lines[] = { "id=0123",
					     "since=1000000000",
					     "memory=1048576",
					     "memory_max=67108864",
					     "memory_peak=67000000",
					     "memory_high=max",
					     "swap=0",
					     "swap_max=max",
					     "pids=3",
					     "pids_max=50",
					     "pids_peak=50",
					     "pids_refused=7",
					     "cpu_quota_usec=50000",
					     "cpu_period_usec=100000",
					     "cpu_weight=200",
					     "cpu_usec=1234567",
					     "throttled_usec=125000000",
					     "throttled_periods=9",
					     "io_read=8192",
					     "io_written=0",
					     "oom_kills=2",
					     NULL };

	(void)state;
	take(lines);
	status_take_event(&status,
			  "time=1000000060 event=oom user=alice id=0123 count=2 total=2 limit=1");
	status_take_event(&status,
			  "time=1000000064 event=pids user=alice id=0123 count=1 total=1\n");
	check(HEAD "      Memory: 1.0M (max: 64.0M, peak: 63.8M, swap: 0B)\n"
		   "       Tasks: 3 (limit: 50, peak: 50, refused: 7)\n"
		   "         CPU: 1.234s (max: 50%, weight: 200, throttled: 2min 5s)\n"
		   "          IO: 8.0K read, 0B written\n"
		   "   OOM kills: 2\n"
		   "   Last kill: Sun 2001-09-09 01:47:40 UTC; 5s ago (2 at once)\n"
		   "Last refusal: Sun 2001-09-09 01:47:44 UTC; 1s ago\n");
}

/* What is unknown is not shown, and never as 0. */
static void test_little(void **state)
{
	static const char *const lines[] = { "id=0123", "since=1000000000", "cpu_usec=7000",
					     "pids=1",  "oom_kills=0",      NULL };

	(void)state;
	take(lines);
	check(HEAD "       Tasks: 1\n         CPU: 7ms\n");
}

static void test_nothing(void **state)
{
	static const char *const lines[] = { "id=0123", "since=1000000000", NULL };

	(void)state;
	take(lines);
	check(HEAD);
}

/* v1 with no accounts of time. */
static void test_quota_alone(void **state)
{
	static const char *const lines[] = { "id=0123", "since=1000000000", "cpu_quota_usec=250000",
					     "cpu_period_usec=100000", NULL };

	(void)state;
	take(lines);
	check(HEAD "         CPU: - (max: 250%)\n");
}

static void test_garbage(void **state)
{
	static const char *const lines[] = {
		"",        "=",         "id",        "memory",
		"memory=", "memory=x",  "memoryx=1", "since=1000000000",
		"id=0123", "memory_=5", "unknown=9", NULL
	};

	(void)state;
	take(lines);
	status_take_event(&status, "");
	status_take_event(&status, "event=other time=5");
	status_take_event(&status, "time=5");
	check(HEAD);
	status_take_line(&status, "id=01234567890123456789012345678901234567890");
	assert_int_equal(strlen(status.id), sizeof(status.id) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_everything, begin),
		cmocka_unit_test_setup(test_little, begin),
		cmocka_unit_test_setup(test_nothing, begin),
		cmocka_unit_test_setup(test_quota_alone, begin),
		cmocka_unit_test_setup(test_garbage, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
