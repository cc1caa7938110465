/* A page that is shown again and again; see watch.h. */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"

#define INTERVAL 1000 /* ms between two pages */

#define SCREEN_ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor (xterm and its kin) */
#define SCREEN_LEAVE "\033[?25h\033[?1049l"

struct watch {
	watch_page *page;
	void *ctx;
	int signals;
};

/* As descriptors, so that nothing but the loop ever runs; SIGWINCH only shows the page anew. */
static int signals_catch(sigset_t *old, struct errmsg *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGWINCH);
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
static int page_show(const struct watch *watch, struct errmsg *e)
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
	r = watch->page(watch->ctx, out, &look, e);
	if (fclose(out) != 0 || r < 0)
		return r < 0 ? r : errmsg_set(e, -ENOMEM, "cannot make a page");
	(void)fputs("\033[H", stdout);
	for (line = text; rest > 1 && (end = strchr(line, '\n')); line = end + 1, rest--)
		(void)fprintf(stdout, "%.*s\033[K\r\n", (int)(end - line), line);
	(void)fputs("\033[J", stdout);
	return fflush(stdout) == 0 ? 0 : errmsg_set(e, -errno, "cannot write to the terminal");
}

/* False: it is time to go. */
static bool await(const struct watch *watch)
{
	struct pollfd pollers[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				     { .fd = watch->signals, .events = POLLIN } };
	struct signalfd_siginfo info = { .ssi_signo = 0 };
	char key = 'q';

	if (poll(pollers, 2, INTERVAL) <= 0)
		return true;
	if (pollers[1].revents)
		return read(watch->signals, &info, sizeof(info)) != (ssize_t)sizeof(info) ||
		       info.ssi_signo == SIGWINCH;
	/* The terminal's end is one, too. */
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

static int loop(const struct watch *watch, struct errmsg *e)
{
	int r;

	do
		r = page_show(watch, e);
	while (r == 0 && await(watch));
	return r;
}

int watch_run(watch_page *page, void *ctx, struct errmsg *e)
{
	struct watch watch = { .page = page, .ctx = ctx };
	struct termios old, raw;
	sigset_t mask;
	int r;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &old) < 0)
		return errmsg_setx(e, -ENOTTY, "standard input and output are not a terminal");
	watch.signals = signals_catch(&mask, e);
	if (watch.signals < 0)
		return watch.signals;
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	(void)fputs(SCREEN_ENTER, stdout);
	r = loop(&watch, e);
	(void)fputs(SCREEN_LEAVE, stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	close_fd(&watch.signals);
	return r;
}
