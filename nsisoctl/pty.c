/* A pseudo-terminal around the admin's terminal; see pty.h. */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "sys.h"

#define REST_TRIES 64 /* reads of what is left when the process has ended; others may write on */

/* Output of the slave goes to the first of these that is a terminal; -1: there is none. */
static int terminal(void)
{
	static const int order[] = { STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (isatty(order[i]))
			return order[i];
	return -1;
}

static void size_copy(const struct pty *pty)
{
	struct winsize size;

	if (ioctl(terminal(), TIOCGWINSZ, &size) == 0)
		(void)ioctl(pty->master, TIOCSWINSZ, &size);
}

static int signals_catch(struct errmsg *e)
{
	static const int caught[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH };
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		(void)sigaddset(&set, caught[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? errmsg_set(e, -errno, "cannot make a signalfd") : fd;
}

int pty_open(struct pty *pty, struct errmsg *e)
{
	struct termios raw;

	*pty = (struct pty){ .master = -1, .slave = -1, .signals = -1 };
	pty->signals = signals_catch(e);
	if (pty->signals < 0)
		return pty->signals;
	if (terminal() < 0)
		return 0;
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	/* By the master, not by a name. */
	if (pty->master < 0 || grantpt(pty->master) < 0 || unlockpt(pty->master) < 0 ||
	    (pty->slave = ioctl(pty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
		return errmsg_set(e, -errno, "cannot make a pseudo-terminal");
	size_copy(pty);
	if (tcgetattr(terminal(), &pty->old) == 0)
		(void)tcsetattr(pty->slave, TCSANOW, &pty->old);
	if (tcgetattr(STDIN_FILENO, &pty->old) < 0)
		return 0;
	raw = pty->old;
	cfmakeraw(&raw);
	pty->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	return 0;
}

void pty_close(struct pty *pty)
{
	if (pty->is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &pty->old);
	pty->is_raw = false;
	close_fd(&pty->master);
	close_fd(&pty->slave);
	close_fd(&pty->signals);
}

int pty_enter(const struct pty *pty, struct errmsg *e)
{
	sigset_t none;

	(void)sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0)
		return errmsg_set(e, -errno, "cannot make a session");
	if (pty->slave < 0)
		return 0;
	if (ioctl(pty->slave, TIOCSCTTY, 0) < 0)
		return errmsg_set(e, -errno, "cannot take the pseudo-terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd) && dup2(pty->slave, fd) < 0)
			return errmsg_set(e, -errno, "cannot take the pseudo-terminal");
	return 0;
}

static bool write_all(int fd, const char *text, ssize_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, text, (size_t)n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		n -= written;
	}
	return true;
}

/* False: there is no more from there, or nobody who takes it. */
static bool pass_on(int from, int to)
{
	char text[4096];
	ssize_t n = read(from, text, sizeof(text));

	return n > 0 ? write_all(to, text, n) : n < 0 && (errno == EINTR || errno == EAGAIN);
}

/* What was typed and has not gone on yet. */
struct typed {
	char text[4096];
	size_t begin, end;
};

/* False: there is no more. */
static bool typed_read(struct typed *typed)
{
	ssize_t n = read(STDIN_FILENO, typed->text, sizeof(typed->text));

	typed->begin = 0;
	typed->end = n > 0 ? (size_t)n : 0;
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* As much as there is room for: who does not read may himself be waiting for us to read.  False: nobody is there. */
static bool typed_write(struct typed *typed, int master)
{
	ssize_t n = write(master, typed->text + typed->begin, typed->end - typed->begin);

	if (n < 0 && errno != EINTR && errno != EAGAIN) {
		typed->end = typed->begin;
		return false;
	}
	typed->begin += n > 0 ? (size_t)n : 0;
	return true;
}

/* Its whole process group, as the terminal would do it: the process leads that. */
static void signal_pass(const struct pty *pty, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(pty->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGWINCH)
		(void)kill(-pid, (int)info.ssi_signo);
	else if (pty->master >= 0)
		size_copy(pty);
}

static void rest_pass(const struct pty *pty)
{
	struct pollfd poller = { .fd = pty->master, .events = POLLIN };

	for (int i = 0; i < REST_TRIES && poll(&poller, 1, 0) > 0 && (poller.revents & POLLIN); i++)
		if (!pass_on(pty->master, terminal()))
			return;
}

/* Both ways, until the process has ended. */
static void relay_all(const struct pty *pty, int child, pid_t pid)
{
	struct pollfd pollers[] = {
		{ .fd = child, .events = POLLIN },
		{ .fd = pty->signals, .events = POLLIN },
		{ .fd = pty->master },
		{ .fd = -1, .events = POLLIN },
	};
	struct typed typed = { .end = 0 };
	bool has_input = pty->is_raw;

	while (!pollers[0].revents) {
		const bool is_waiting = typed.begin < typed.end;

		pollers[2].events = (short)(POLLIN | (is_waiting ? POLLOUT : 0));
		pollers[3].fd = has_input && !is_waiting ? STDIN_FILENO : -1;
		if (poll(pollers, sizeof(pollers) / sizeof(pollers[0]), -1) < 0)
			continue;
		if (pollers[1].revents)
			signal_pass(pty, pid);
		if (pollers[2].revents & POLLOUT)
			has_input = typed_write(&typed, pty->master);
		if ((pollers[2].revents & ~POLLOUT) && !pass_on(pty->master, terminal()))
			pollers[2].fd = -1;
		if (pollers[3].revents)
			has_input = typed_read(&typed);
	}
}

int pty_relay(struct pty *pty, pid_t pid, int *ret_status, struct errmsg *e)
{
	AUTO_CLOSE int child = sys_pidfd_open(pid);

	if (child < 0)
		return errmsg_set(e, -errno, "cannot make a pidfd");
	/* Else the master would never tell of the last writer's end. */
	close_fd(&pty->slave);
	relay_all(pty, child, pid);
	if (pty->master >= 0)
		rest_pass(pty);
	while (waitpid(pid, ret_status, __WALL) < 0)
		if (errno != EINTR)
			return errmsg_set(e, -errno, "cannot learn how the command ended");
	return 0;
}
