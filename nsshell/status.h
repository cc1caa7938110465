/* nsshell --status: what the user's sessions use and may use, for the user. */
#ifndef NSISO_STATUS_H
#define NSISO_STATUS_H

#include <stdint.h>
#include <stdio.h>

#include "cgroup_use.h"
#include "nsiso.h"

struct errmsg;

#define STATUS_OUTSIDE 3 /* as systemctl status has it for what does not run */

struct status {
	char id[NSISO_ID_MAX];
	int64_t since; /* s of CLOCK_REALTIME */
	struct cgroup_use use;
	/* The last of their kind, as the supervisor has kept them. */
	struct status_event {
		int64_t time;          /* s of CLOCK_REALTIME; 0: none */
		uint64_t count, limit; /* USE_UNKNOWN, USE_NO_LIMIT */
	} kill, refusal;
};

/* Asks PID 1 of the instance.  0; 1: this process is in none; -errno. */
int status_ask(struct status *ret, struct errmsg *e);
/* One line of its answer, one of the file of events; pure.  What is not known is passed over. */
void status_take_line(struct status *ret, const char *line);
void status_take_event(struct status *ret, const char *line);
/* now: for how long ago something was. */
void status_print(const struct status *status, const char *user, int64_t now, FILE *out);

#endif
