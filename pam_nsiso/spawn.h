/*
 * Starts nsshell-init so that the caller of PAM never learns of it: no SIGCHLD, no child to wait for, no
 * copy of its memory.
 */
#ifndef NSISO_SPAWN_H
#define NSISO_SPAWN_H

#include <sys/types.h>

struct errmsg;

#define SPAWN_STACK 8192 /* bytes; two frames and their system calls */

struct spawn {
	pid_t middle; /* 0: none to wait for */
	int sock;
	const char *argv[4];
	char stack[SPAWN_STACK] __attribute__((aligned(16)));
};

/*
 * Starts "nsshell-init USER ID" with one end of a socket pair; returns the other end, or -errno.  *spawn
 * and both strings must live until spawn_finish().
 */
int spawn_start(struct spawn *spawn, const char *user, const char *id, struct errmsg *e);
/* Waits until the image runs, or could not be run (its end of the socket is closed then). */
void spawn_finish(struct spawn *spawn);

#endif
