/* Records in the log; see supervisor_report.h. */
#include "supervisor_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define JOURNAL_MAX (3 * REPORT_MAX) /* the line, each pair again with "NSISO_", and a head */
#define VALUE_MAX 64

void report_begin(struct report *r, const char *sentence, const char *event, const char *user,
		  const char *id)
{
	r->len = (size_t)snprintf(r->text, sizeof(r->text), "%s:", sentence);
	r->pairs = r->len + 1;
	report_add(r, "event", event);
	report_add(r, "user", user);
	report_add(r, "id", id);
}

void report_add(struct report *r, const char *key, const char *value)
{
	const size_t room = sizeof(r->text) - r->len;
	char *text = r->text + r->len;
	int n = snprintf(text, room, " %s=%.*s", key, VALUE_MAX - 1, value);

	if (n < 0 || (size_t)n >= room) {
		*text = '\0';
		return;
	}
	for (text++; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			*text = '_';
	r->len += (size_t)n;
}

void report_add_number(struct report *r, const char *key, uint64_t value)
{
	char text[VALUE_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	report_add(r, key, text);
}

void report_add_seconds(struct report *r, const char *key, uint64_t usec)
{
	char text[VALUE_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64 ".%03u", usec / 1000000,
		       (unsigned)(usec % 1000000 / 1000));
	report_add(r, key, text);
}

size_t report_journal(const struct report *r, int priority, char *ret, size_t size)
{
	const char *pair = r->text + r->pairs;
	size_t len, i;
	int n;

	n = snprintf(ret, size,
		     "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=nsiso\n"
		     "SYSLOG_PID=%d\n",
		     r->text, priority, LOG_AUTHPRIV >> 3, (int)getpid());
	for (; n > 0 && (size_t)n < size && *pair; pair += len + (pair[len] == ' ')) {
		char *field = ret + n + strlen("NSISO_");

		len = strcspn(pair, " ");
		n += snprintf(ret + n, size - (size_t)n, "NSISO_%.*s\n", (int)len, pair);
		for (i = 0; (size_t)n < size && field[i] != '='; i++)
			if (field[i] >= 'a' && field[i] <= 'z')
				field[i] = (char)(field[i] - 'a' + 'A');
	}
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* False: there is no journald, or it can't take more now; it listens for syslog, too. */
static int send_to_journal(const struct report *r, int priority)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[JOURNAL_MAX];
	size_t n = report_journal(r, priority, text, sizeof(text));

	return sock >= 0 && n > 0 &&
	       sendto(sock, text, n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      sizeof(address)) == (ssize_t)n;
}

void report_send(const struct report *r, int priority)
{
	if (!send_to_journal(r, priority))
		syslog(priority, "%s", r->text);
}
