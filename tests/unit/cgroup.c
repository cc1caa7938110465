/*
 * Limits in a folder of plain files: names and values of v2, their translation for v1, and what the
 * kernel would have made of them read back.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

#include "cgroup.h"
#include "errmsg.h"
#include "folder.h"
#include "instance.h"
#include "policy.h"

static struct cgroup_set set;
static struct errmsg e;

/* One hierarchy; controller NULL: v2. */
static void use(const char *controller)
{
	memset(&set, 0, sizeof(set));
	set.n = 1;
	set.one[0].at.v2 = !controller;
	set.one[0].controller = controller;
	(void)snprintf(set.one[0].parent, sizeof(set.one[0].parent), "%s", folder);
	set.one[0].dir = set.one[0].session = -1;
	set.one[0].user = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(set.one[0].user >= 0);
}

static void put(const char *file, const char *text)
{
	int fd = openat(set.one[0].user, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

/* The file's text; the file is gone then. */
static const char *take(const char *file)
{
	static char text[64];
	int fd = openat(set.one[0].user, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	(void)unlinkat(set.one[0].user, file, 0);
	return text;
}

static void check(const char *limit, const char *text, const char *file, const char *want)
{
	put(file, "0");
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, limit, text, &e), 0);
	assert_string_equal(take(file), want);
}

static void test_v2(void **state)
{
	(void)state;
	use(NULL);
	check("memory.max", "1048576", "memory.max", "1048576");
	check("memory.high", "max", "memory.high", "max");
	check("pids.max", "100", "pids.max", "100");
	check("cpu.max", "150000 100000", "cpu.max", "150000 100000");
	check("cpu.max", "max 100000", "cpu.max", "max 100000");
	check("cpu.weight", "50", "cpu.weight", "50");
	cgroup_close(&set);
}

static void test_v1(void **state)
{
	char most[32];

	(void)state;
	(void)snprintf(most, sizeof(most), "%" PRId64,
		       INT64_MAX / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE));
	use("memory");
	check("memory.max", "1048576", "memory.limit_in_bytes", "1048576");
	check("memory.max", "max", "memory.limit_in_bytes", most);
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "memory.high", "1048576", &e), -EOPNOTSUPP);
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "pids.max", "1", &e), -ENODEV);
	cgroup_close(&set);
	use("pids");
	check("pids.max", "100", "pids.max", "100");
	check("pids.max", "max", "pids.max", "max");
	cgroup_close(&set);
}

static void test_v1_processor(void **state)
{
	(void)state;
	use("cpu");
	put("cpu.cfs_period_us", "0");
	check("cpu.max", "150000 100000", "cpu.cfs_quota_us", "150000");
	assert_string_equal(take("cpu.cfs_period_us"), "100000");
	put("cpu.cfs_period_us", "100000");
	check("cpu.max", "max 100000", "cpu.cfs_quota_us", "-1");
	assert_string_equal(take("cpu.cfs_period_us"), "100000");
	check("cpu.weight", "100", "cpu.shares", "1024");
	check("cpu.weight", "1", "cpu.shares", "10");
	check("cpu.weight", "10000", "cpu.shares", "102400");
	cgroup_close(&set);
}

/* Pages are what the kernel counts in; it may say less than it was told, but not another page. */
static void test_read_back(void **state)
{
	char page[32], more[32];

	(void)state;
	(void)snprintf(page, sizeof(page), "%ld", 5 * sysconf(_SC_PAGESIZE));
	use(NULL);
	put("memory.max", page);
	(void)snprintf(more, sizeof(more), "%ld", 5 * sysconf(_SC_PAGESIZE) + 1);
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "memory.max", more, &e), 0);
	assert_string_equal(take("memory.max"), page);
	/* A longer old value is not overwritten by a plain file: what is read back is another one. */
	put("pids.max", "123456");
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "pids.max", "99", &e), -EIO);
	assert_non_null(strstr(e.text, "pids.max is 993456 after it was set to 99"));
	(void)take("pids.max");
	cgroup_close(&set);
}

static void test_unknown(void **state)
{
	(void)state;
	use(NULL);
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "memory.maximum", "1", &e), -ENODEV);
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "", "1", &e), -ENODEV);
	assert_int_equal(cgroup_controller_of("memory.max"), CONTROLLER_MEMORY);
	assert_int_equal(cgroup_controller_of("cpu.weight"), CONTROLLER_CPU);
	assert_int_equal(cgroup_controller_of("io.latency"), 0);
	set.n = 0;
	assert_int_equal(cgroup_limit(&set, LEVEL_USER, "pids.max", "1", &e), -ENODEV);
	set.n = 1;
	cgroup_close(&set);
}

/* With no number free a session must not come into the group of another one. */
static void test_sessions_full(void **state)
{
	char name[32];
	int n;

	(void)state;
	use("pids");
	set.one[0].dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (n = 1; n <= 4096; n++) {
		(void)snprintf(name, sizeof(name), CGROUP_SESSION_PREFIX "%d", n);
		assert_int_equal(mkdirat(dir, name, 0700), 0);
	}
	assert_int_equal(cgroup_session_make(&set, CONTROLLER_PIDS, &e), -ENOSPC);
	assert_int_equal(set.one[0].session, -1);
	assert_int_equal(unlinkat(dir, CGROUP_SESSION_PREFIX "7", AT_REMOVEDIR), 0);
	assert_int_equal(cgroup_session_make(&set, CONTROLLER_PIDS, &e), 0);
	for (n = 1; n <= 4096; n++) {
		(void)snprintf(name, sizeof(name), CGROUP_SESSION_PREFIX "%d", n);
		assert_int_equal(unlinkat(dir, name, AT_REMOVEDIR), 0);
	}
	cgroup_close(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2),           cmocka_unit_test(test_v1),
		cmocka_unit_test(test_v1_processor), cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_unknown),      cmocka_unit_test(test_sessions_full),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
