/* A page that is shown again and again; see watch.h. */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"

#define SCREEN_ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor (xterm and its kin) */
#define SCREEN_LEAVE "\033[?25h\033[?1049l"

struct screen {
	struct termios old, raw;
	sigset_t mask;
	int signals;
};

enum wake { WAKE_DUE, WAKE_EARLY, WAKE_END };

static void screen_enter(const struct screen *screen)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->raw);
	(void)fputs(SCREEN_ENTER, stdout);
}

static void screen_leave(const struct screen *screen)
{
	(void)fputs(SCREEN_LEAVE, stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->old);
}

/*
 * As descriptors, so that nothing but the loop ever runs: all that would end or stop the program and leave the
 * terminal as it is, but for faults of the program itself.
 */
static int signals_catch(sigset_t *old, struct errmsg *e)
{
	static const int others[] = { SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGFPE,  SIGILL,
				      SIGSEGV, SIGSYS, SIGTRAP, SIGTTIN, SIGTTOU, SIGURG };
	sigset_t set;
	int fd;

	(void)sigfillset(&set);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void)sigdelset(&set, others[i]);
	(void)sigprocmask(SIG_BLOCK, &set, old);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? errmsg_set(e, -errno, "cannot make a signalfd") : fd;
}

static unsigned terminal_height(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
}

/* Into memory first: one write does not flicker, and lines below the terminal's end are left out. */
static int page_show(const struct watch *watch, bool is_due, struct errmsg *e)
{
	struct table_look look = table_look_at(stdout);
	AUTO_FREE char *text = NULL;
	unsigned rest = terminal_height();
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	char *line, *end;
	int r;

	if (!out)
		return errmsg_set(e, -errno, "cannot make a page");
	r = watch->page(watch->ctx, is_due, out, &look, e);
	if (fclose(out) != 0 || r < 0)
		return r < 0 ? r : errmsg_set(e, -ENOMEM, "cannot make a page");
	(void)fputs("\033[H", stdout);
	for (line = text; rest > 1 && (end = strchr(line, '\n')); line = end + 1, rest--)
		(void)fprintf(stdout, "%.*s\033[K\r\n", (int)(end - line), line);
	(void)fputs("\033[J", stdout);
	return fflush(stdout) == 0 ? 0 : errmsg_set(e, -errno, "cannot write to the terminal");
}

/* Stopped like any program, but with a terminal that is in order. */
static enum wake on_signal(const struct screen *screen)
{
	struct signalfd_siginfo info = { .ssi_signo = 0 };

	if (read(screen->signals, &info, sizeof(info)) != (ssize_t)sizeof(info) ||
	    info.ssi_signo == SIGWINCH)
		return WAKE_EARLY;
	if (info.ssi_signo != SIGTSTP)
		return WAKE_END;
	screen_leave(screen);
	(void)raise(SIGSTOP);
	screen_enter(screen);
	return WAKE_EARLY;
}

static enum wake await(const struct watch *watch, const struct screen *screen)
{
	struct pollfd pollers[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				     { .fd = screen->signals, .events = POLLIN } };
	char key = 'q';

	if (poll(pollers, 2, (int)watch->delay) <= 0)
		return WAKE_DUE;
	if (pollers[1].revents)
		return on_signal(screen);
	/* The terminal's end is one, too. */
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		return WAKE_END;
	if (watch->key)
		watch->key(watch->ctx, key);
	return WAKE_EARLY;
}

static int loop(const struct watch *watch, const struct screen *screen, struct errmsg *e)
{
	enum wake wake = WAKE_DUE;
	unsigned n = 0;
	int r = 0;

	while (r == 0 && wake != WAKE_END) {
		r = page_show(watch, wake == WAKE_DUE, e);
		n += wake == WAKE_DUE;
		wake = await(watch, screen);
		if (wake == WAKE_DUE && n == watch->count)
			wake = WAKE_END;
	}
	return r;
}

int watch_run(const struct watch *watch, struct errmsg *e)
{
	struct screen screen;
	int r;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen.old) < 0)
		return errmsg_setx(e, -ENOTTY, "standard input and output are not a terminal");
	screen.signals = signals_catch(&screen.mask, e);
	if (screen.signals < 0)
		return screen.signals;
	screen.raw = screen.old;
	screen.raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	screen_enter(&screen);
	r = loop(watch, &screen, e);
	screen_leave(&screen);
	(void)sigprocmask(SIG_SETMASK, &screen.mask, NULL);
	close_fd(&screen.signals);
	return r;
}
