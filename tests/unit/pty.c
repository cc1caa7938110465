/* The relay between a terminal and a command: neither side's silence keeps the other side from being heard. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "pty.h"

#define PATIENCE 60000 /* ms without a byte that mean: it is stuck */

/* The admin's side, with terminal for a terminal; the status is the command's. */
static __attribute__((noreturn)) void relay(int terminal, const char *command)
{
	struct errmsg e;
	struct pty pty;
	int status = 0;
	pid_t pid;

	if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0 || dup2(terminal, 0) < 0 ||
	    dup2(terminal, 1) < 0 || dup2(terminal, 2) < 0 || pty_open(&pty, &e) < 0)
		_exit(99);
	pid = fork();
	if (pid == 0) {
		if (pty_enter(&pty, &e) == 0)
			(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(98);
	}
	if (pid < 0 || pty_relay(&pty, pid, &status, &e) < 0)
		_exit(97);
	pty_close(&pty);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 96);
}

static int terminal_make(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	*slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*slave >= 0);
	return master;
}

/* Types so many bytes from the first output on; the number of bytes shown, -1: no byte moved any more. */
static long type(int master, size_t rest)
{
	struct pollfd poller = { .fd = master };
	char text[4096];
	long shown = 0;
	ssize_t n;

	memset(text, 'x', sizeof(text));
	for (;;) {
		poller.events = (short)(POLLIN | (shown && rest ? POLLOUT : 0));
		if (poll(&poller, 1, PATIENCE) <= 0)
			return -1;
		if (poller.revents & POLLOUT) {
			n = write(master, text, rest < sizeof(text) ? rest : sizeof(text));
			rest -= n > 0 ? (size_t)n : 0;
			memset(text, 'x', sizeof(text));
		}
		if (!(poller.revents & ~POLLOUT))
			continue;
		n = read(master, text, sizeof(text));
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return shown;
		shown += n > 0 ? n : 0;
		memset(text, 'x', sizeof(text));
	}
}

static void test_both_full(void **state)
{
	int slave, status = -1, master = terminal_make(&slave);
	pid_t pid = fork();
	long shown;

	(void)state;
	if (pid == 0)
		relay(slave, "stty raw -echo; head -c 4194304 /dev/zero; "
			     "test $(head -c 262144 | wc -c) = 262144 || exit 1; exit 42");
	assert_true(pid > 0);
	(void)close(slave);
	shown = type(master, 262144);
	if (shown < 0)
		(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(shown, 4194304);
	assert_int_equal(status, 42 << 8);
	(void)close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
