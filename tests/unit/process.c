/* A process by number and start time: exactly that one, or none. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			(void)pause();
	assert_true(pid > 0);
	return pid;
}

static void end_child(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void test_start(void **state)
{
	uint64_t first, second;
	pid_t pid = start_child();

	(void)state;
	assert_int_equal(process_start(pid, &first), 0);
	assert_int_equal(process_start(pid, &second), 0);
	assert_true(first == second && first > 0);
	end_child(pid);
	assert_true(process_start(pid, &first) < 0);
	assert_true(first == second);
	assert_true(process_start(0, &first) < 0);
	assert_true(process_start(-1, &first) < 0);
}

/* The name stands before the time and may hold brackets, spaces and digits. */
static void test_names(void **state)
{
	static const char *const names[] = {
		") R 1 1 1", "(((", ")))", "a b c d", "1 2) S 3", "\n"
	};
	uint64_t before, after;
	size_t i;

	(void)state;
	assert_int_equal(process_start(getpid(), &before), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)prctl(PR_SET_NAME, names[i]);
		assert_int_equal(process_start(getpid(), &after), 0);
		assert_true(before == after);
	}
}

static void test_open(void **state)
{
	struct process process = { .pid = start_child() };
	int fd;

	(void)state;
	assert_int_equal(process_start(process.pid, &process.start), 0);
	fd = process_open(&process);
	assert_true(fd >= 0);
	(void)close(fd);
	process.start++; /* as if the number had been given to another one since */
	assert_int_equal(process_open(&process), -ESRCH);
	assert_int_equal(process_kill(&process, 100), 0);
	assert_int_equal(kill(process.pid, 0), 0);
	process.start--;
	assert_int_equal(process_kill(&process, 5000), 0);
	assert_int_equal(waitpid(process.pid, NULL, 0), process.pid);
	assert_int_equal(process_open(&process), -ESRCH);
	assert_int_equal(process_kill(&process, 0), 0);
}

static void test_none(void **state)
{
	const struct process none = { .pid = 0 }, negative = { .pid = -1 };

	(void)state;
	/* 0 and -1 would be this group, and everybody. */
	assert_int_equal(process_open(&none), -ESRCH);
	assert_int_equal(process_open(&negative), -ESRCH);
	assert_int_equal(process_kill(&none, 0), 0);
	assert_int_equal(process_kill(&negative, 0), 0);
}

static void test_parent(void **state)
{
	pid_t pid = start_child();
	struct pollfd poller = { .events = POLLIN };
	int fd = process_open_parent(pid);
	char path[64], text[512] = "", mine[32];

	(void)state;
	assert_true(fd >= 0);
	/* man 2 pidfd_open: "Pid:" */
	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	(void)snprintf(mine, sizeof(mine), "Pid:\t%d\n", (int)getpid());
	poller.fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(poller.fd, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, mine));
	(void)close(poller.fd);
	(void)close(fd);
	/* It has ended, but its number is still its own. */
	(void)kill(pid, SIGKILL);
	poller.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_int_equal(poll(&poller, 1, 5000), 1);
	(void)close(poller.fd);
	assert_int_equal(process_open_parent(pid), -ESRCH);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(process_open_parent(pid), -ESRCH);
	/* Nobody's child, and none. */
	assert_true(process_open_parent(1) < 0);
	assert_true(process_open_parent(0) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),  cmocka_unit_test(test_names),
		cmocka_unit_test(test_open),   cmocka_unit_test(test_none),
		cmocka_unit_test(test_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
