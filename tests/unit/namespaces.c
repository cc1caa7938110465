/* In which namespaces a process is not with this one; what cannot be seen is not taken for the same. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "namespaces.h"
#include "sys.h"

static struct errmsg e;

static void test_same(void **state)
{
	uint64_t flags = ~(uint64_t)0, known = 0;
	int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(namespaces_differ(fd, &flags, &e), 0);
	assert_int_equal(flags, 0);
	(void)close(fd);
	assert_int_equal(namespaces_known(&known, &e), 0);
	assert_int_equal(known & (SYS_NEWNS | SYS_NEWPID | SYS_NEWCGROUP),
			 SYS_NEWNS | SYS_NEWPID | SYS_NEWCGROUP);
}

/* A child with a host name and queues of its own, and then a child that is gone. */
static void test_other(void **state)
{
	uint64_t flags = 0;
	char path[32], byte;
	int fd, pipes[2];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(pipes[1], unshare(CLONE_NEWUTS | CLONE_NEWIPC) < 0 ? "n" : "y", 1);
		(void)pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(namespaces_differ(fd, &flags, &e), 0);
	assert_int_equal(flags, SYS_NEWUTS | SYS_NEWIPC);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	flags = 1;
	assert_true(namespaces_differ(fd, &flags, &e) < 0);
	assert_int_equal(flags, 1);
	(void)close(fd);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
