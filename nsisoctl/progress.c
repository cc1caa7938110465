/* The line that shows that a command is at work; a process of its own, as the command waits in many ways. */
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

#define SECOND 1000 /* ms */

/* The cursor goes back, so that a line of the command itself takes the place of this one (ECMA-48, EL). */
static void show(const char *what, int command)
{
	struct pollfd poller = { .fd = command, .events = POLLIN };
	unsigned seconds = 0;

	while (poll(&poller, 1, SECOND) <= 0)
		(void)dprintf(STDERR_FILENO, "\r\033[K%s: %u s\r", what, ++seconds);
	if (seconds)
		(void)dprintf(STDERR_FILENO, "\r\033[K");
}

struct progress progress_begin(const char *what)
{
	struct progress progress = { .pipe = -1 };
	int ends[2];

	if (!isatty(STDERR_FILENO) || pipe2(ends, O_CLOEXEC) < 0)
		return progress;
	progress.child = fork();
	if (progress.child == 0) {
		/* Ctrl-C ends the command, and by that this process, which then clears its line. */
		(void)signal(SIGINT, SIG_IGN);
		(void)close(ends[1]);
		show(what, ends[0]);
		_exit(0);
	}
	(void)close(ends[0]);
	if (progress.child < 0) {
		progress.child = 0;
		(void)close(ends[1]);
		return progress;
	}
	progress.pipe = ends[1];
	return progress;
}

void progress_end(struct progress *progress)
{
	close_fd(&progress->pipe);
	while (progress->child > 0 && waitpid(progress->child, NULL, 0) < 0 && errno == EINTR)
		;
	progress->child = 0;
}
