/*
 * A pseudo-terminal between the admin's terminal and a process that must not have that: what is put into its
 * input queue (TIOCSTI, TIOCLINUX) or left open behind reaches nobody outside.
 */
#ifndef NSISO_PTY_H
#define NSISO_PTY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct errmsg;

struct pty {
	int master, slave; /* -1: none of the three standard descriptors is a terminal */
	int signals;       /* to be passed on */
	bool is_raw;
	struct termios old;
};

/* Opens it where it is needed, with the settings of the terminal, and blocks the signals.  0 or -errno. */
int pty_open(struct pty *pty, struct errmsg *e);
/*
 * In the new process: a session of its own, the slave in place of those standard descriptors that are
 * terminals, no signal blocked or ignored.
 */
int pty_enter(const struct pty *pty, struct errmsg *e);
/* Passes everything on until the process ends, and its output to the last byte; its status of wait(2). */
int pty_relay(struct pty *pty, pid_t pid, int *ret_status, struct errmsg *e);
/* Puts the terminal back; safe on one that pty_open() failed for. */
void pty_close(struct pty *pty);

#endif
