/* The /dev/log of a world; see world_log.h and world.h. */
#include "world_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"
#include "tap.h"
#include "world.h"

#define FILE_NAME WORLD "/log"

static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
static off_t position;

static void copy(int sock, int body, int out) __attribute__((noreturn));
static void copy(int sock, int body, int out)
{
	struct pollfd pollers[2] = { { .fd = sock, .events = POLLIN },
				     { .fd = body, .events = POLLIN } };
	char line[8192];
	ssize_t n;

	while (poll(pollers, 2, -1) > 0 && !pollers[1].revents) {
		n = recv(sock, line, sizeof(line) - 1, 0);
		if (n < 0)
			break;
		line[n] = '\n';
		(void)!write(out, line, (size_t)n + 1);
	}
	_exit(0);
}

void world_log_start(void)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), body = sys_pidfd_open(getpid());
	int out = open(FILE_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	long pid;

	if (sock < 0 || body < 0 || out < 0 ||
	    bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod("/dev/log", 0666) < 0)
		tap_bail("cannot make /dev/log: %s", strerror(errno));
	/* A brother, so that it does not count among the processes below us. */
	pid = syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
	if (pid < 0)
		tap_bail("cannot clone a process for the log: %s", strerror(errno));
	if (pid == 0)
		copy(sock, body, out);
	(void)close(sock);
	(void)close(body);
	(void)close(out);
}

/* What comes in order ends with our own mark: then all before it is in the file. */
void world_log(char *ret, size_t size)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), file, tries;
	static unsigned marks;
	char mark[32], *end = NULL;
	ssize_t n = 0;

	(void)snprintf(mark, sizeof(mark), "MARK %u", ++marks);
	if (sendto(sock, mark, strlen(mark), 0, (const struct sockaddr *)&address,
		   sizeof(address)) < 0)
		tap_bail("cannot write to /dev/log: %s", strerror(errno));
	(void)close(sock);
	file = open(FILE_NAME, O_RDONLY | O_CLOEXEC);
	for (tries = 0; !end && tries < 10000; tries++) {
		if (tries)
			(void)nanosleep(&pause, NULL);
		n = pread(file, ret, size - 1, position);
		ret[n < 0 ? 0 : n] = '\0';
		end = strstr(ret, mark);
	}
	(void)close(file);
	if (!end)
		tap_bail("the log does not come to its end");
	position += end - ret + (off_t)strlen(mark) + 1;
	*end = '\0';
}
