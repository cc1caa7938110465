/* policy_find(): whom files and folders may belong to, and that a bad one never makes it wait. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_tree.h"

#define DIR POLICY_TREE

static bool is_real_root;
static struct policy found;
static const struct facts alice = { .user = "alice", .uid = 1500, .service = "sshd" };

static void expect_fault(const char *text)
{
	struct errmsg e;

	assert_true(policy_find(DIR, &alice, NULL, NULL, &found, &e) < 0);
	assert_string_equal(e.text, text);
}

static void expect_clean(void)
{
	struct errmsg e;

	assert_int_equal(policy_find(DIR, &alice, NULL, NULL, &found, &e), 0);
}

static int find(const char *confdir, struct errmsg *e)
{
	return policy_find(confdir, &alice, NULL, NULL, &found, e);
}

static void test_file_trust(void **state)
{
	const char *file = DIR "/default.conf";

	(void)state;
	assert_true(policy_tree_write(file, "[net]\nmode = none\n"));
	assert_int_equal(chmod(file, 0664), 0);
	expect_fault("default.conf: is writable by group or others");
	assert_int_equal(chmod(file, 0602), 0);
	expect_fault("default.conf: is writable by group or others");
	assert_int_equal(chmod(file, 0600), 0);
	expect_clean();
	assert_int_equal(rename(file, DIR "/real"), 0);
	assert_int_equal(symlink("real", file), 0);
	expect_fault("default.conf: is a symbolic link");
	assert_int_equal(unlink(file), 0);
	/* Nobody writes to it: opening must not wait. */
	assert_int_equal(mkfifo(file, 0644), 0);
	expect_fault("default.conf: is not a regular file");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0755), 0);
	expect_fault("default.conf: is not a regular file");
	assert_int_equal(rmdir(file), 0);
	assert_true(policy_tree_write(file, "# a\n"));
	assert_int_equal(truncate(file, POLICY_FILE_MAX + 1), 0);
	expect_fault("default.conf: is larger than 65536 bytes");
	if (is_real_root) {
		assert_true(policy_tree_write(file, "# a\n"));
		assert_int_equal(chown(file, 1500, 0), 0);
		expect_fault("default.conf: does not belong to root");
		assert_int_equal(chown(file, 0, 1500), 0);
	}
}

static void test_dir_trust(void **state)
{
	static const char *const dirs[] = { "/", POLICY_TREE_TOP, DIR };
	char text[128];
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		/* Sticky does not help: whoever may add a name may lie. */
		assert_int_equal(chmod(dirs[i], 01777), 0);
		assert_int_equal(find(DIR, &e), -EPERM);
		assert_non_null(strstr(e.text, "is writable by group or others"));
		assert_int_equal(chmod(dirs[i], 0775), 0);
		assert_int_equal(find(DIR, &e), -EPERM);
		assert_int_equal(chmod(dirs[i], 0755), 0);
	}
	(void)snprintf(text, sizeof(text), "%s: %s: is writable by group or others", DIR,
		       POLICY_TREE_TOP);
	assert_int_equal(chmod(POLICY_TREE_TOP, 0757), 0);
	expect_fault(text);
	assert_int_equal(chmod(POLICY_TREE_TOP, 0755), 0);
	assert_int_equal(chmod(DIR "/conf.d", 0775), 0);
	expect_fault("conf.d: is writable by group or others");
	assert_int_equal(chmod(DIR "/conf.d", 0755), 0);
	assert_int_equal(chmod(DIR "/users.d", 0775), 0);
	expect_fault("users.d: is writable by group or others");
	assert_int_equal(chmod(DIR "/users.d", 0755), 0);
	assert_int_equal(symlink("nsiso", POLICY_TREE_TOP "/other"), 0);
	assert_int_equal(find(POLICY_TREE_TOP "/other", &e), -ENOTDIR);
	assert_int_equal(find(POLICY_TREE_TOP "/other/", &e), -ENOTDIR);
	assert_int_equal(symlink("nsiso-test-tree", "/link"), 0);
	assert_int_equal(find("/link/nsiso", &e), -ENOTDIR);
	assert_int_equal(unlink("/link"), 0);
	assert_int_equal(rmdir(DIR "/conf.d"), 0);
	assert_int_equal(symlink(POLICY_TREE_TOP, DIR "/conf.d"), 0);
	expect_fault("conf.d: is not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_file_trust, policy_tree_make),
		cmocka_unit_test_setup(test_dir_trust, policy_tree_make),
	};

	is_real_root = geteuid() == 0;
	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
