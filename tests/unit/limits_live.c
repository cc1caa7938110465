/* Limits over those of the policy: what is written reads back, what is broken is refused as a whole. */
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

#include "errmsg.h"
#include "folder.h"
#include "limits_live.h"
#include "policy.h"

static struct errmsg e;
static struct limits_live live;

static int remove_folder(void **state)
{
	(void)unlinkat(dir, LIMITS_LIVE_FILE, 0);
	return folder_remove(state);
}

static void put(const char *text, mode_t mode)
{
	int fd;

	(void)unlinkat(dir, LIMITS_LIVE_FILE, 0);
	fd = openat(dir, LIMITS_LIVE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void test_round(void **state)
{
	static struct policy policy;

	(void)state;
	memset(&live, 0, sizeof(live));
	assert_int_equal(limits_live_read(dir, &live, &e), 0);
	assert_int_equal(live.n, 0);
	assert_int_equal(limits_live_set(&live, "memory.max", "1G", 0, &e), 0);
	assert_int_equal(limits_live_set(&live, "io.max", "/dev/sda rbps=1M, / wiops=5", 100, &e),
			 0);
	assert_int_equal(limits_live_set(&live, "session.pids.max", "50", 70, &e), 0);
	assert_int_equal(limits_live_set(&live, "memory.max", "2G", 0, &e), 0);
	assert_int_equal(limits_live_write(dir, &live, &e), 0);
	assert_int_equal(limits_live_read(dir, &live, &e), 0);
	assert_int_equal(live.n, 3);
	policy_defaults(&policy);
	assert_int_equal(limits_live_lay(&live, &policy, &e), 0);
	assert_true(policy.cgroup.limit[LIMIT_MEMORY_MAX].value == 2ULL << 30);
	assert_true(policy.cgroup.session[LIMIT_PIDS_MAX].value == 50);
	assert_int_equal(policy.cgroup.io_max.count, 2);
	assert_true(limits_live_expire(&live, 60) == 70);
	assert_true(limits_live_expire(&live, 70) == 100);
	assert_int_equal(live.n, 2);
	assert_true(limits_live_expire(&live, 100) == 0);
	assert_int_equal(limits_live_set(&live, "memory.max", NULL, 0, &e), 0);
	assert_int_equal(live.n, 0);
	assert_int_equal(limits_live_write(dir, &live, &e), 0);
	assert_int_equal(faccessat(dir, LIMITS_LIVE_FILE, F_OK, 0), -1);
}

/* An empty value takes the policy's limit away. */
static void test_none(void **state)
{
	static struct policy policy;

	(void)state;
	policy_defaults(&policy);
	policy.cgroup.limit[LIMIT_PIDS_MAX].set = true;
	put("until=0 pids.max=\n", 0600);
	assert_int_equal(limits_live_read(dir, &live, &e), 0);
	assert_int_equal(limits_live_lay(&live, &policy, &e), 0);
	assert_false(policy.cgroup.limit[LIMIT_PIDS_MAX].set);
}

static void test_broken(void **state)
{
	static const char *const texts[] = {
		"pids.max=5\n",
		"until=0 pids.max\n",
		"until=0 pids.max=1\n",
		"until= pids.max=50\n",
		"until=0  pids.max=50\n",
		"until=0 parent=/x\n",
		"until=0 x.max=50\n",
		"until=0 pids.max=50",
		"until=-1 pids.max=50\n",
		"\n",
		"until=0 pids.max=50\nx\n",
		"until=0 memory.max=1000%\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(texts[i], 0600);
		assert_int_equal(limits_live_read(dir, &live, &e), -EINVAL);
		assert_int_equal(live.n, 0);
	}
	put("until=0 pids.max=50\n", 0640);
	assert_int_equal(limits_live_read(dir, &live, &e), -EINVAL);
	(void)unlinkat(dir, LIMITS_LIVE_FILE, 0);
	assert_int_equal(symlinkat("/dev/null", dir, LIMITS_LIVE_FILE), 0);
	assert_int_equal(limits_live_read(dir, &live, &e), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round),
					    cmocka_unit_test(test_none),
					    cmocka_unit_test(test_broken) };

	return cmocka_run_group_tests(tests, folder_make, remove_folder);
}
