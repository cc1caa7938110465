/*
 * That a command is at work, and for how long: a line on the terminal's standard error once it has taken a second,
 * renewed every second and taken away at its end.  Nothing where standard error is no terminal.
 */
#ifndef NSISO_PROGRESS_H
#define NSISO_PROGRESS_H

#include <sys/types.h>

struct progress {
	pid_t child; /* 0: none */
	int pipe;    /* its end is the child's end, whoever closes it */
};

/* what: "nsisoctl check".  A failure is none: the command works without. */
struct progress progress_begin(const char *what);
void progress_end(struct progress *progress);

#endif
