/* nsshell --status: asking PID 1, and what it has said; see status.h. */
#include "status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"

#define ANSWER_TIMEOUT 5 /* s */

static uint64_t number_of(const char *text)
{
	if (strcmp(text, "max") == 0 || strcmp(text, "none") == 0)
		return USE_NO_LIMIT;
	return *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : USE_UNKNOWN;
}

void status_take_line(struct status *ret, const char *line)
{
	const char *value = strchr(line, '=');
	size_t len = value ? (size_t)(value++ - line) : 0;
	unsigned i;

	if (!value)
		return;
	if (strncmp(line, "id=", 3) == 0)
		(void)snprintf(ret->id, sizeof(ret->id), "%s", value);
	else if (strncmp(line, "since=", 6) == 0)
		ret->since = strtoll(value, NULL, 10);
	for (i = 0; i < USE_COUNT; i++) {
		const char *name = cgroup_use_name(i);

		if (strlen(name) == len && strncmp(name, line, len) == 0)
			ret->use.at[i] = number_of(value);
	}
}

/* The value of KEY in "KEY=VALUE KEY=VALUE ..."; empty when it is not there. */
static void find_value(const char *line, const char *key, char *ret, size_t size)
{
	const size_t len = strlen(key);

	ret[0] = '\0';
	for (; *line; line += strcspn(line, " "), line += strspn(line, " "))
		if (strncmp(line, key, len) == 0 && line[len] == '=') {
			line += len + 1;
			(void)snprintf(ret, size, "%.*s", (int)strcspn(line, " \n"), line);
			return;
		}
}

void status_take_event(struct status *ret, const char *line)
{
	struct status_event *event;
	char text[24];

	find_value(line, "event", text, sizeof(text));
	if (strcmp(text, "oom") != 0 && strcmp(text, "pids") != 0)
		return;
	event = text[0] == 'o' ? &ret->kill : &ret->refusal;
	find_value(line, "time", text, sizeof(text));
	event->time = strtoll(text, NULL, 10);
	find_value(line, "count", text, sizeof(text));
	event->count = number_of(text);
	find_value(line, "limit", text, sizeof(text));
	event->limit = number_of(text);
}

/* The oldest come first.  Root's folder and file: nothing in it is the user's. */
static void read_events(struct status *ret)
{
	FILE *file = fopen(NSISO_RUNDIR "/events", "re");
	char line[1024];

	while (file && fgets(line, sizeof(line), file))
		status_take_event(ret, line);
	if (file)
		(void)fclose(file);
}

static int read_answer(int sock, struct status *ret)
{
	char line[128];
	FILE *answer = fdopen(sock, "re");
	int r;

	if (!answer) {
		r = -errno;
		(void)close(sock);
		return r;
	}
	while (fgets(line, sizeof(line), answer)) {
		line[strcspn(line, "\n")] = '\0';
		status_take_line(ret, line);
	}
	r = ferror(answer) ? -ETIMEDOUT : ret->id[0] ? 0 : -ECONNRESET;
	(void)fclose(answer);
	return r;
}

int status_ask(struct status *ret, struct errmsg *e)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_un address = { .sun_family = AF_UNIX,
					     .sun_path = NSISO_RUNDIR "/status" };
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT };
	int r;

	memset(ret, 0, sizeof(*ret));
	cgroup_use_init(&ret->use);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return errmsg_set(e, -errno, "cannot make a socket");
	if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		/* Outside: the host's folder is root's, or there is none. */
		if (errno == ENOENT || errno == EACCES || errno == ENOTDIR)
			return 1;
		return errmsg_set(e, -errno, "cannot reach the instance's init");
	}
	r = read_answer(take_fd(&sock), ret);
	if (r < 0)
		return errmsg_set(e, r, "no answer from the instance's init");
	read_events(ret);
	return 0;
}
