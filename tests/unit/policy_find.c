/*
 * policy_find(): which files make a policy, whom they may belong to, and that it fails closed.  Runs in a
 * tree of its own (a tmpfs as root folder), so that all folders up to / can be right or wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_keys.h"
#include "policy_tree.h"

#define DIR POLICY_TREE

static bool is_real_root;

static int group_stub(const struct facts *facts, const char *group)
{
	(void)facts;
	return strcmp(group, "broken") == 0 ? -EIO : strcmp(group, "staff") == 0;
}

static const struct facts alice = {
	.user = "alice",
	.uid = 1500,
	.gid = 100,
	.service = "sshd",
	.in_group = group_stub,
};

struct told {
	unsigned count;
	char first[ERRMSG_MAX];
};

static void fault_count(void *ctx, const char *file, unsigned line, unsigned column,
			const char *text)
{
	struct told *told = ctx;

	(void)column;
	if (told->count++ == 0)
		(void)snprintf(told->first, sizeof(told->first), "%s:%u: %s", file, line, text);
}

static struct policy found;

/* 0, or the error; *ret untouched then, and the reporter and e agree. */
static int find(const char *confdir, const struct facts *facts, struct errmsg *e)
{
	static struct policy before;
	struct told told = { 0 };
	int r;

	memset(&found, 0x5a, sizeof(found));
	memcpy(&before, &found, sizeof(found));
	r = policy_find(confdir, facts, fault_count, &told, &found, e);
	if (r == 0) {
		assert_int_equal(told.count, 0);
		return 0;
	}
	assert_int_equal(r, e->code);
	assert_memory_equal(&before, &found, sizeof(found));
	return r;
}

static void expect_fault(const char *text)
{
	struct errmsg e;

	assert_true(find(DIR, &alice, &e) < 0);
	assert_string_equal(e.text, text);
}

static void expect_clean(void)
{
	struct errmsg e;

	assert_int_equal(find(DIR, &alice, &e), 0);
}

static void expect_origin(enum key_row row, const char *file, unsigned line)
{
	assert_int_equal(found.origin[row].line, line);
	if (line != 0)
		assert_string_equal(found.files[found.origin[row].file], file);
}

static void test_nothing(void **state)
{
	struct errmsg e;

	(void)state;
	expect_clean();
	assert_int_equal(found.n_files, 0);
	assert_string_equal(policy_skip_reason(&found, &alice), "no-policy");
	assert_int_equal(find(POLICY_TREE_TOP "/missing", &alice, &e), -ENOENT);
	assert_int_equal(rmdir(DIR "/conf.d"), 0);
	assert_int_equal(rmdir(DIR "/users.d"), 0);
	expect_clean();
	assert_int_equal(find("nsiso-test-tree/nsiso", &alice, &e), -EINVAL);
}

static void test_layers(void **state)
{
	(void)state;
	assert_true(
		policy_tree_write(DIR "/default.conf",
				  "[session]\ngrace = 1\nscope = session\n[net]\nmode = none\n"));
	assert_true(policy_tree_write(DIR "/conf.d/10-a.conf", "[session]\ngrace = 2\n"));
	assert_true(policy_tree_write(DIR "/conf.d/20-no.conf",
				      "[match]\nuser = bob\n[session]\ngrace = 3\n"));
	assert_true(policy_tree_write(DIR "/conf.d/30-staff.conf",
				      "[match]\ngroup = staff\n[uts]\nhostname = x\n"));
	/* In strcmp order this comes last. */
	assert_true(policy_tree_write(DIR "/conf.d/9-b.conf",
				      "[session]\ngrace = 4\n[mount]\nhide = /a /b\n"));
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[mount]\nhide = /c\n"));
	expect_clean();
	assert_int_equal(found.n_files, 5);
	assert_int_equal(found.session.grace, 4000);
	assert_int_equal(found.session.scope, SCOPE_SESSION);
	assert_string_equal(found.uts.hostname, "x");
	assert_int_equal(found.mount.hide.count, 1);
	expect_origin(ROW_SESSION_GRACE, "conf.d/9-b.conf", 2);
	expect_origin(ROW_SESSION_SCOPE, "default.conf", 3);
	expect_origin(ROW_NET_MODE, "default.conf", 5);
	expect_origin(ROW_UTS_HOSTNAME, "conf.d/30-staff.conf", 4);
	expect_origin(ROW_MOUNT_HIDE, "users.d/alice.conf", 2);
	expect_origin(ROW_SESSION_SHELL, NULL, 0);
	assert_null(policy_skip_reason(&found, &alice));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(policy_tree_write(DIR "/conf.d/.hidden.conf", "junk"));
	assert_true(policy_tree_write(DIR "/conf.d/old.conf.bak", "junk"));
	assert_true(policy_tree_write(DIR "/conf.d/README", "junk"));
	assert_true(policy_tree_write(DIR "/users.d/bob.conf", "junk"));
	expect_clean();
	assert_int_equal(found.n_files, 0);
	assert_true(policy_tree_write(DIR "/conf.d/a b.conf", "# fine\n"));
	expect_fault(
		"conf.d: a name with other characters than letters, digits, '.', '_', '-', or a "
		"long one");
}

static void test_many_files(void **state)
{
	char path[64];

	(void)state;
	for (int i = 0; i < POLICY_FILES_MAX; i++) {
		(void)snprintf(path, sizeof(path), DIR "/conf.d/%03d.conf", i);
		assert_true(policy_tree_write(path, "# one more\n"));
	}
	expect_clean();
	assert_int_equal(found.n_files, POLICY_FILES_MAX);
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "# too much\n"));
	expect_fault("users.d/alice.conf: more than 64 files apply to this login");
}

static void test_faults(void **state)
{
	(void)state;
	assert_true(policy_tree_write(DIR "/conf.d/10.conf",
				      "[match]\nuser = bob\n[session]\nmode = on\n"));
	expect_fault("conf.d/10.conf:4: mode: 'on' is none of enforce, observe, off");
	assert_true(policy_tree_write(DIR "/conf.d/10.conf", "[match]\ngroup = broken\n"));
	expect_fault("conf.d/10.conf:2: cannot look up the group broken: Input/output error");
	/* Not asked for when the rest does not fit. */
	assert_true(
		policy_tree_write(DIR "/conf.d/10.conf", "[match]\ngroup = broken\nuser = bob\n"));
	expect_clean();
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[match]\nuser = alice\n"));
	expect_fault("users.d/alice.conf:1: [match] is for files of conf.d alone");
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", ""));
	expect_fault("users.d/alice.conf: the file is empty");
	/* Each file is clean, together they are not. */
	assert_true(policy_tree_write(DIR "/default.conf", "[mount]\nproc = private,hidepid\n"));
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[pid]\nenable = no\n"));
	expect_fault(
		"users.d/alice.conf:2: [mount] proc = private,hidepid needs [pid] enable = yes");
}

static void test_unsafe_user(void **state)
{
	static const char *const names[] = { "",    ".",
					     "..",  "../bob",
					     "a/b", "-a",
					     "0",   "9lives",
					     "a b", "a\n",
					     "a%s", "\xc3\xa4",
					     "a$",  "a23456789012345678901234567890123" };
	struct facts facts = alice;
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_false(policy_user_is_safe(names[i]));
		if (strlen(names[i]) >= sizeof(facts.user))
			continue;
		memcpy(facts.user, names[i], strlen(names[i]) + 1);
		assert_int_equal(find(DIR, &facts, &e), -EINVAL);
	}
	assert_true(policy_user_is_safe("a2345678901234567890123456789012"));
	assert_true(policy_user_is_safe("_svc.x-1"));
}

static void test_skip(void **state)
{
	struct facts root = alice;

	(void)state;
	root.uid = 0;
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nmode = enforce\n"));
	expect_clean();
	assert_null(policy_skip_reason(&found, &alice));
	assert_string_equal(policy_skip_reason(&found, &root), "root");
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nexempt = no\n"));
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &root), "root");
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nexempt = yes\n"));
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &alice), "exempt");
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nmode = off\n"));
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &alice), "mode-off");
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nmode = observe\n"));
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &alice), "observe");
	assert_string_equal(policy_skip_reason(&found, &root), "root");
}

/* The login shell reads the policy as the user, after a change of uid that made it non-dumpable. */
static void test_unprivileged(void **state)
{
	struct errmsg e;
	int status = 0;
	pid_t pid;

	(void)state;
	if (!is_real_root)
		skip();
	assert_true(policy_tree_write(DIR "/default.conf", "[net]\nmode = none\n"));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgid(1500) < 0 || setuid(1500) < 0)
			_exit(2);
		_exit(policy_find(DIR, &alice, NULL, NULL, &found, &e) == 0 &&
				      found.net.mode == NET_NONE ?
			      0 :
			      1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Nothing is left behind: descriptors, or words on stdout and stderr. */
static void test_clean_process(void **state)
{
	int before = dup(0);
	int after;

	(void)state;
	assert_true(before >= 0);
	(void)close(before);
	assert_true(policy_tree_write(DIR "/default.conf", "[net]\nmode = none\n"));
	assert_true(policy_tree_write(DIR "/conf.d/a.conf", "junk\n"));
	expect_fault("conf.d/a.conf:1: neither a [section], a 'key = value' nor a comment");
	assert_int_equal(chmod(DIR "/conf.d", 0775), 0);
	expect_fault("conf.d: is writable by group or others");
	after = dup(0);
	assert_int_equal(before, after);
	(void)close(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, policy_tree_make),
		cmocka_unit_test_setup(test_layers, policy_tree_make),
		cmocka_unit_test_setup(test_names, policy_tree_make),
		cmocka_unit_test_setup(test_many_files, policy_tree_make),
		cmocka_unit_test_setup(test_faults, policy_tree_make),
		cmocka_unit_test_setup(test_unsafe_user, policy_tree_make),
		cmocka_unit_test_setup(test_skip, policy_tree_make),
		cmocka_unit_test_setup(test_unprivileged, policy_tree_make),
		cmocka_unit_test_setup(test_clean_process, policy_tree_make),
	};

	is_real_root = geteuid() == 0;
	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
