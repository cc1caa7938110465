/*
 * Replacing a policy file: each call that can fail fails once, and the old file is as it was, with nothing left
 * beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "policy_names.h"
#include "policy_tree.h"
#include "store.h"

#define DIR POLICY_TREE
#define PATH DIR "/users.d/alice.conf"
#define OLD "[session]\ngrace = 1s\n"
#define NEW "[session]\ngrace = 2s\n"

static const struct target alice = { .file = "users.d/alice.conf", .user = "alice" };
static const char *failing; /* the call that is to fail */

static bool fails(const char *call)
{
	if (!failing || strcmp(failing, call) != 0)
		return false;
	errno = EIO;
	return true;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_linkat(int from, const char *old, int to, const char *new, int flags);
int __wrap_linkat(int from, const char *old, int to, const char *new, int flags);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_renameat(int from, const char *old, int to, const char *new);

int __wrap_fsync(int fd)
{
	return fails("fsync") ? -1 : __real_fsync(fd);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails("fchmod") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails("linkat") ? -1 : __real_linkat(from, old, to, new, flags);
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return fails("renameat") ? -1 : __real_renameat(from, old, to, new);
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

/* Half of it, then the disk is full. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (!failing || strcmp(failing, "write") != 0)
		return __real_write(fd, data, len);
	if (len > 10)
		return __real_write(fd, data, 10);
	errno = ENOSPC;
	return -1;
}

static void file_is(const char *path, const char *wanted)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(text, wanted);
}

/* All names in users.d that are, or begin with a dot. */
static void names_are(const char *wanted)
{
	assert_int_equal(setenv("WANTED", wanted, 1), 0);
	assert_int_equal(system("[ \"$(echo $(ls -A " DIR "/users.d))\" = \"$WANTED\" ]"), 0);
}

static int install(struct errmsg *e)
{
	struct store store;
	int r = store_open(DIR, false, &alice, &store, e);

	if (r == 0)
		r = store_install(&store, NEW, strlen(NEW), e);
	store_close(&store);
	return r;
}

static void test_failures(void **state)
{
	static const char *const calls[] = { "write", "fsync", "fchmod", "linkat", "renameat" };
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		failing = NULL;
		assert_true(policy_tree_write(PATH, OLD));
		failing = calls[i];
		assert_true(install(&e) < 0);
		failing = NULL;
		file_is(PATH, OLD);
		names_are("alice.conf");
	}
	assert_int_equal(install(&e), 0);
	file_is(PATH, NEW);
	file_is(PATH ".~1~", OLD);
	names_are("alice.conf alice.conf.~1~");
}

static void test_backups(void **state)
{
	struct policy_names names = { 0 };
	struct errmsg e;
	int dir;

	(void)state;
	assert_int_equal(install(&e), 0);
	names_are("alice.conf");
	/* Names that look like backups and are none stay. */
	assert_true(policy_tree_write(PATH ".~x~", OLD) && policy_tree_write(PATH ".~~", OLD) &&
		    policy_tree_write(PATH ".~7~", OLD) && policy_tree_write(PATH ".~01~", OLD));
	for (int i = 0; i < STORE_BACKUPS + 1; i++)
		assert_int_equal(install(&e), 0);
	assert_int_equal(access(PATH ".~7~", F_OK), -1);
	assert_int_equal(access(PATH ".~8~", F_OK), -1);
	assert_int_equal(access(PATH ".~9~", F_OK), 0);
	assert_int_equal(access(PATH ".~18~", F_OK), 0);
	assert_int_equal(access(PATH ".~01~", F_OK) + access(PATH ".~x~", F_OK), 0);
	/* None of them is a policy. */
	dir = open(DIR "/users.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(policy_names_read(dir, 100, &names, &e), 0);
	assert_int_equal(names.count, 1);
	policy_names_done(&names);
	(void)close(dir);
}

static void test_trust(void **state)
{
	struct store store;
	struct errmsg e;
	struct stat st;

	(void)state;
	assert_true(policy_tree_write(PATH, OLD));
	assert_int_equal(chmod(PATH, 0664), 0);
	assert_int_equal(install(&e), -EPERM);
	assert_int_equal(chmod(PATH, 0600), 0);
	assert_int_equal(install(&e), 0);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(chmod(DIR "/users.d", 0775), 0);
	assert_int_equal(install(&e), -EPERM);
	assert_int_equal(store_open(DIR, true, &alice, &store, &e), 0);
	store_close(&store);
}

/* Of another process: locks of one's own do not count. */
static void test_lock(void **state)
{
	struct store store;
	struct errmsg e;
	char wanted[64];
	pid_t self = getpid();
	int status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(store_open(DIR, false, &alice, &store, &e), 0);
	pid = fork();
	if (pid == 0) {
		const struct target bob = { .file = "users.d/bob.conf", .user = "bob" };
		struct store other;

		(void)snprintf(wanted, sizeof(wanted), "(process %d)", (int)self);
		if (store_open(DIR, false, &alice, &other, &e) != -EBUSY || !strstr(e.text, wanted))
			_exit(1);
		store_close(&other);
		_exit(store_open(DIR, false, &bob, &other, &e) == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Changed past the lock. */
	assert_true(policy_tree_write(PATH, OLD));
	assert_int_equal(store_install(&store, NEW, strlen(NEW), &e), -ESTALE);
	file_is(PATH, OLD);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_failures, policy_tree_make),
		cmocka_unit_test_setup(test_backups, policy_tree_make),
		cmocka_unit_test_setup(test_trust, policy_tree_make),
		cmocka_unit_test_setup(test_lock, policy_tree_make),
	};

	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
