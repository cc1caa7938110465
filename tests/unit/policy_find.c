/*
 * policy_find(): which files make a policy, whom they may belong to, and that it fails closed.  Runs in a
 * tree of its own (a tmpfs as root folder), so that all folders up to / can be right or wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_keys.h"

#define DIR "/etc/nsiso"

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

static void text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int tree_make(void **state)
{
	(void)state;
	if (system("rm -rf /etc") != 0)
		return -1;
	assert_int_equal(mkdir("/etc", 0755), 0);
	assert_int_equal(mkdir(DIR, 0755), 0);
	assert_int_equal(mkdir(DIR "/conf.d", 0755), 0);
	assert_int_equal(mkdir(DIR "/users.d", 0755), 0);
	return 0;
}

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
	assert_string_equal(policy_skip_reason(&found, &alice), "no policy file applies");
	assert_int_equal(find("/etc/missing", &alice, &e), -ENOENT);
	assert_int_equal(rmdir(DIR "/conf.d"), 0);
	assert_int_equal(rmdir(DIR "/users.d"), 0);
	expect_clean();
	assert_int_equal(find("etc/nsiso", &alice, &e), -EINVAL);
}

static void test_layers(void **state)
{
	(void)state;
	text_write(DIR "/default.conf",
		   "[session]\ngrace = 1\nscope = session\n[net]\nmode = none\n");
	text_write(DIR "/conf.d/10-a.conf", "[session]\ngrace = 2\n");
	text_write(DIR "/conf.d/20-no.conf", "[match]\nuser = bob\n[session]\ngrace = 3\n");
	text_write(DIR "/conf.d/30-staff.conf", "[match]\ngroup = staff\n[uts]\nhostname = x\n");
	/* In strcmp order this comes last. */
	text_write(DIR "/conf.d/9-b.conf", "[session]\ngrace = 4\n[mount]\nhide = /a /b\n");
	text_write(DIR "/users.d/alice.conf", "[mount]\nhide = /c\n");
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
	text_write(DIR "/conf.d/.hidden.conf", "junk");
	text_write(DIR "/conf.d/old.conf.bak", "junk");
	text_write(DIR "/conf.d/README", "junk");
	text_write(DIR "/users.d/bob.conf", "junk");
	expect_clean();
	assert_int_equal(found.n_files, 0);
	text_write(DIR "/conf.d/a b.conf", "# fine\n");
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
		text_write(path, "# one more\n");
	}
	expect_clean();
	assert_int_equal(found.n_files, POLICY_FILES_MAX);
	text_write(DIR "/users.d/alice.conf", "# too much\n");
	expect_fault("users.d/alice.conf: more than 64 files apply to this login");
}

static void test_faults(void **state)
{
	(void)state;
	text_write(DIR "/conf.d/10.conf", "[match]\nuser = bob\n[session]\nmode = on\n");
	expect_fault("conf.d/10.conf:4: mode: 'on' is none of enforce, off");
	text_write(DIR "/conf.d/10.conf", "[match]\ngroup = broken\n");
	expect_fault("conf.d/10.conf:2: cannot look up the group broken: Input/output error");
	/* Not asked for when the rest does not fit. */
	text_write(DIR "/conf.d/10.conf", "[match]\ngroup = broken\nuser = bob\n");
	expect_clean();
	text_write(DIR "/users.d/alice.conf", "[match]\nuser = alice\n");
	expect_fault("users.d/alice.conf:1: [match] is for files of conf.d alone");
	text_write(DIR "/users.d/alice.conf", "");
	expect_fault("users.d/alice.conf: the file is empty");
	/* Each file is clean, together they are not. */
	text_write(DIR "/default.conf", "[mount]\nproc = private,hidepid\n");
	text_write(DIR "/users.d/alice.conf", "[pid]\nenable = no\n");
	expect_fault(
		"users.d/alice.conf:2: [mount] proc = private,hidepid needs [pid] enable = yes");
}

static void test_file_trust(void **state)
{
	const char *file = DIR "/default.conf";

	(void)state;
	text_write(file, "[net]\nmode = none\n");
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
	text_write(file, "# a\n");
	assert_int_equal(truncate(file, POLICY_FILE_MAX + 1), 0);
	expect_fault("default.conf: is larger than 65536 bytes");
	if (is_real_root) {
		text_write(file, "# a\n");
		assert_int_equal(chown(file, 1500, 0), 0);
		expect_fault("default.conf: does not belong to root");
		assert_int_equal(chown(file, 0, 1500), 0);
	}
}

static void test_dir_trust(void **state)
{
	static const char *const dirs[] = { "/", "/etc", DIR };
	char text[128];
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		/* Sticky does not help: whoever may add a name may lie. */
		assert_int_equal(chmod(dirs[i], 01777), 0);
		assert_int_equal(find(DIR, &alice, &e), -EPERM);
		assert_non_null(strstr(e.text, "is writable by group or others"));
		assert_int_equal(chmod(dirs[i], 0775), 0);
		assert_int_equal(find(DIR, &alice, &e), -EPERM);
		assert_int_equal(chmod(dirs[i], 0755), 0);
	}
	(void)snprintf(text, sizeof(text), "%s: /etc: is writable by group or others", DIR);
	assert_int_equal(chmod("/etc", 0757), 0);
	expect_fault(text);
	assert_int_equal(chmod("/etc", 0755), 0);
	assert_int_equal(chmod(DIR "/conf.d", 0775), 0);
	expect_fault("conf.d: is writable by group or others");
	assert_int_equal(chmod(DIR "/conf.d", 0755), 0);
	assert_int_equal(chmod(DIR "/users.d", 0775), 0);
	expect_fault("users.d: is writable by group or others");
	assert_int_equal(chmod(DIR "/users.d", 0755), 0);
	assert_int_equal(symlink("nsiso", "/etc/other"), 0);
	assert_int_equal(find("/etc/other", &alice, &e), -ENOTDIR);
	assert_int_equal(find("/etc/other/", &alice, &e), -ENOTDIR);
	assert_int_equal(symlink("etc", "/link"), 0);
	assert_int_equal(find("/link/nsiso", &alice, &e), -ENOTDIR);
	assert_int_equal(unlink("/link"), 0);
	assert_int_equal(rmdir(DIR "/conf.d"), 0);
	assert_int_equal(symlink("/etc", DIR "/conf.d"), 0);
	expect_fault("conf.d: is not a directory");
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
	text_write(DIR "/default.conf", "[session]\nmode = enforce\n");
	expect_clean();
	assert_null(policy_skip_reason(&found, &alice));
	assert_non_null(policy_skip_reason(&found, &root));
	text_write(DIR "/default.conf", "[session]\nexempt = no\n");
	expect_clean();
	assert_null(policy_skip_reason(&found, &root));
	text_write(DIR "/default.conf", "[session]\nexempt = yes\n");
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &alice), "exempt=yes");
	text_write(DIR "/default.conf", "[session]\nmode = off\n");
	expect_clean();
	assert_string_equal(policy_skip_reason(&found, &alice), "mode=off");
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
	text_write(DIR "/default.conf", "[net]\nmode = none\n");
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
	text_write(DIR "/default.conf", "[net]\nmode = none\n");
	text_write(DIR "/conf.d/a.conf", "junk\n");
	expect_fault("conf.d/a.conf:1: neither a [section], a 'key = value' nor a comment");
	assert_int_equal(chmod(DIR "/conf.d", 0775), 0);
	expect_fault("conf.d: is writable by group or others");
	after = dup(0);
	assert_int_equal(before, after);
	(void)close(after);
}

static bool file_set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool map_root(uid_t uid, gid_t gid)
{
	char uids[32];
	char gids[32];

	(void)snprintf(uids, sizeof(uids), "0 %u 1", uid);
	(void)snprintf(gids, sizeof(gids), "0 %u 1", gid);
	return file_set("/proc/self/uid_map", uids) && file_set("/proc/self/setgroups", "deny") &&
	       file_set("/proc/self/gid_map", gids);
}

/* A mount namespace with an empty root folder; without privilege inside a user namespace. */
static bool tree_enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	is_real_root = uid == 0;
	if (unshare(CLONE_NEWNS | (is_real_root ? 0 : CLONE_NEWUSER)) < 0)
		return false;
	if (!is_real_root && !map_root(uid, gid))
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "mode=0755,size=16m") < 0)
		return false;
	/* iniparser reads through /proc/self/fd; system(3) needs a shell. */
	return system("cd /tmp && for d in proc bin usr lib lib64; do mkdir $d && "
		      "{ [ ! -e /$d ] || mount --rbind /$d $d; } || exit 1; done") == 0 &&
	       chroot("/tmp") == 0 && chdir("/") == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, tree_make),
		cmocka_unit_test_setup(test_layers, tree_make),
		cmocka_unit_test_setup(test_names, tree_make),
		cmocka_unit_test_setup(test_many_files, tree_make),
		cmocka_unit_test_setup(test_faults, tree_make),
		cmocka_unit_test_setup(test_file_trust, tree_make),
		cmocka_unit_test_setup(test_dir_trust, tree_make),
		cmocka_unit_test_setup(test_unsafe_user, tree_make),
		cmocka_unit_test_setup(test_skip, tree_make),
		cmocka_unit_test_setup(test_unprivileged, tree_make),
		cmocka_unit_test_setup(test_clean_process, tree_make),
	};

	if (!tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
