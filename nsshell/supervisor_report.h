/*
 * Records in the log: one line "SENTENCE: event=KIND user=NAME id=ID key=value ...".  Where journald listens it gets each
 * pair as a field of its own as well (NSISO_EVENT=, NSISO_USER=, ...); else the line goes to syslog alone.
 */
#ifndef NSISO_SUPERVISOR_REPORT_H
#define NSISO_SUPERVISOR_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_MAX 1024 /* bytes of a line with the NUL */

/* Pairs that do not fit any more are left out as a whole. */
struct report {
	size_t len, pairs; /* bytes of the text; where the first pair begins */
	char text[REPORT_MAX];
};

void report_begin(struct report *r, const char *sentence, const char *event, const char *user,
		  const char *id);
/* The value ends with the first 63 bytes; what would end or split it (blanks, control characters) becomes '_'. */
void report_add(struct report *r, const char *key, const char *value);
void report_add_number(struct report *r, const char *key, uint64_t value);
/* "12.345" */
void report_add_seconds(struct report *r, const char *key, uint64_t usec);
/* As the journal wants it (systemd.io/JOURNAL_NATIVE_PROTOCOL); bytes, 0 when it does not fit. */
size_t report_journal(const struct report *r, int priority, char *ret, size_t size);
/* Never blocks on journald; syslog(3) is what it is. */
void report_send(const struct report *r, int priority);

#endif
