/* Isolation switched off for a time: it ends by itself, and nothing but root's own file of this boot counts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "override.h"
#include "policy_tree.h"

#define PATH POLICY_TREE "/disabled"

static uint64_t now = 5000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	assert_int_equal(clock, CLOCK_BOOTTIME);
	*ret = (struct timespec){ .tv_sec = (time_t)now };
	return 0;
}

static int tree_make(void **state)
{
	now = 5000;
	return policy_tree_make(state);
}

static void test_time(void **state)
{
	struct override override = { .until = 5060, .since = 7, .by = "root", .reason = "a b" };
	struct override found;
	struct errmsg e;

	(void)state;
	assert_int_equal(override_read(PATH, &found, &e), 0);
	assert_int_equal(override_remove(PATH, &e), 0);
	(void)umask(077);
	assert_int_equal(override_write(PATH, &override, &e), 0);
	(void)umask(022);
	now = 5059;
	memset(&found, 0, sizeof(found));
	assert_int_equal(override_read(PATH, &found, &e), 1);
	assert_memory_equal(&found, &override, sizeof(found));
	now = 5060;
	assert_int_equal(override_read(PATH, &found, &e), 0);
	/* A later one takes its place, also behind one that was killed in the middle. */
	assert_true(policy_tree_write(PATH ".new", "until="));
	override.until = 5100;
	assert_int_equal(override_write(PATH, &override, &e), 0);
	assert_int_equal(override_read(PATH, &found, &e), 1);
	assert_int_equal(found.until, 5100);
	assert_int_equal(override_remove(PATH, &e), 1);
	assert_int_equal(override_read(PATH, &found, &e), 0);
	assert_int_equal(access(PATH ".new", F_OK), -1);
}

/* "THIS" in text is the id of this boot. */
static void expect(const char *text, int code)
{
	const char *mark = strstr(text, "THIS");
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char id[64];
	char whole[512];
	struct override found;
	struct errmsg e;

	assert_non_null(file);
	assert_non_null(fgets(id, sizeof(id), file));
	(void)fclose(file);
	if (mark)
		(void)snprintf(whole, sizeof(whole), "%.*s%.*s%s", (int)(mark - text), text,
			       (int)strcspn(id, "\n"), id, mark + strlen("THIS"));
	else
		(void)snprintf(whole, sizeof(whole), "%s", text);
	assert_true(policy_tree_write(PATH, whole));
	assert_int_equal(override_read(PATH, &found, &e), code);
}

static void test_distrust(void **state)
{
	struct override found;
	struct errmsg e;

	(void)state;
	expect("until=5001\nboot=THIS\n", 1);
	expect("until=5001\nboot=00000000-0000-0000-0000-000000000000\n", -ESTALE);
	expect("until=5001\n", -ESTALE);
	expect("until=-1\nboot=THIS\n", -EINVAL);
	expect("until=18446744073709551615\nboot=THIS\n", -EINVAL);
	expect("until=610000\nboot=THIS\n", -EINVAL);
	expect("nothing\nboot=THIS\n", -EINVAL);
	expect("boot=THIS\n", 0);
	expect("until=5001\nboot=THIS\nlater=x\n", 1);
	assert_int_equal(chmod(PATH, 0664), 0);
	assert_int_equal(override_read(PATH, &found, &e), -EPERM);
	assert_int_equal(rename(PATH, PATH "2") + symlink(PATH "2", PATH), 0);
	assert_int_equal(override_read(PATH, &found, &e), -ELOOP);
	assert_int_equal(unlink(PATH) + mkfifo(PATH, 0644), 0);
	assert_int_equal(override_read(PATH, &found, &e), -EPERM);
	assert_int_equal(unlink(PATH) + chmod(PATH "2", 0644) + rename(PATH "2", PATH), 0);
	assert_int_equal(override_read(PATH, &found, &e), 1);
	if (chown(PATH, 1500, 0) == 0)
		assert_int_equal(override_read(PATH, &found, &e), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_time, tree_make),
		cmocka_unit_test_setup(test_distrust, tree_make),
	};

	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
