/* The last events of an instance; see supervisor_events.h. */
#include "supervisor_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

#define NAME "events"
#define NEW ".events"

/* The lines that are there; those that would make it too long with len bytes more are left out. */
static size_t read_old(int in, char ret[EVENTS_MAX], size_t len)
{
	AUTO_CLOSE int fd = openat(in, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, EVENTS_MAX - 1);
	char *from = ret, *end;

	if (n <= 0)
		return 0;
	ret[n] = '\0';
	while (strlen(from) + len > EVENTS_MAX && (end = strchr(from, '\n')))
		from = end + 1;
	memmove(ret, from, strlen(from) + 1);
	return strlen(ret);
}

void events_keep(int dir, const char *text)
{
	AUTO_CLOSE int in = openat(dir, "in", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	char line[EVENTS_MAX], all[2 * EVENTS_MAX];
	size_t len, kept;

	(void)snprintf(line, sizeof(line) - 1, "time=%lld %s", (long long)time(NULL), text);
	len = strlen(line);
	line[len++] = '\n';
	kept = read_old(in, all, len);
	memcpy(all + kept, line, len);
	fd = openat(in, NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, all, kept + len) == (ssize_t)(kept + len) &&
	    renameat(in, NEW, in, NAME) == 0)
		return;
	(void)unlinkat(in, NEW, 0);
}
