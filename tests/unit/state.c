/* The lock of a user's folder, also while it is removed and made anew; who is alive. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "folder.h"
#include "state.h"
#include "wire.h"

static struct errmsg e;

static int remove_folder(void **state)
{
	(void)unlinkat(dir, "alice", AT_REMOVEDIR);
	return folder_remove(state);
}

static void test_lock(void **state)
{
	int64_t begin = wire_now();
	int first = state_lock_user(dir, "alice", begin + 1000, &e), second;
	struct stat st;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(fstatat(dir, "alice", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(state_lock_user(dir, "alice", wire_now() + 30, &e), -ETIMEDOUT);
	assert_true(wire_now() - begin >= 30);
	second = state_lock_user(dir, "bob", wire_now() + 30, &e);
	assert_true(second >= 0);
	(void)close(second);
	(void)unlinkat(dir, "bob", AT_REMOVEDIR);
	(void)close(first);
	second = state_lock_user(dir, "alice", wire_now() + 30, &e);
	assert_true(second >= 0);
	(void)close(second);
}

/* A lock of a folder that has been removed meanwhile is no lock. */
static void test_removed(void **state)
{
	int first = state_lock_user(dir, "alice", wire_now() + 1000, &e), second;
	struct stat here, there;
	pid_t child = fork();

	(void)state;
	assert_true(first >= 0);
	if (child == 0) {
		(void)usleep(20000);
		(void)unlinkat(dir, "alice", AT_REMOVEDIR);
		_exit(0); /* the lock goes with the last descriptor */
	}
	(void)close(first);
	second = state_lock_user(dir, "alice", wire_now() + 5000, &e);
	(void)waitpid(child, NULL, 0);
	assert_true(second >= 0);
	assert_int_equal(fstat(second, &here), 0);
	assert_int_equal(fstatat(dir, "alice", &there, 0), 0);
	assert_true(here.st_ino == there.st_ino);
	(void)close(second);
}

static void test_no_folder(void **state)
{
	int fd = openat(dir, "alice", O_RDONLY | O_CLOEXEC);

	(void)state;
	if (fd >= 0)
		(void)close(fd);
	(void)unlinkat(dir, "alice", AT_REMOVEDIR);
	assert_int_equal(symlinkat("/tmp", dir, "alice"), 0);
	assert_true(state_lock_user(dir, "alice", wire_now() + 1000, &e) < 0);
	(void)unlinkat(dir, "alice", 0);
	fd = openat(dir, "alice", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)close(fd);
	assert_true(state_lock_user(dir, "alice", wire_now() + 1000, &e) < 0);
	(void)unlinkat(dir, "alice", 0);
}

static void test_alive(void **state)
{
	int fd;

	(void)state;
	assert_false(state_is_alive(dir));
	fd = openat(dir, "record", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_false(state_is_alive(dir));
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(state_is_alive(dir));
	assert_true(state_is_alive(dir));
	(void)close(fd);
	assert_false(state_is_alive(dir));
	(void)unlinkat(dir, "record", 0);
	/* Whoever can't be asked lives: others would be ended for it. */
	assert_true(state_is_alive(-1));
}

static void test_folder_of_all(void **state)
{
	(void)state;
	/* /tmp is everybody's. */
	assert_int_equal(state_open("/tmp/nsiso-state", &e), -EPERM);
	(void)rmdir("/tmp/nsiso-state");
	assert_int_equal(state_open("relative", &e), -EINVAL);
	(void)rmdir("relative");
	assert_true(state_open("/nowhere/at/all", &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock),          cmocka_unit_test(test_removed),
		cmocka_unit_test(test_no_folder),     cmocka_unit_test(test_alive),
		cmocka_unit_test(test_folder_of_all),
	};

	return cmocka_run_group_tests(tests, folder_make, remove_folder);
}
