/*
 * The messages between opener, supervisor, init and login shell: one SOCK_SEQPACKET datagram each, a fixed
 * head, a body, descriptors (SCM_RIGHTS).  Both ends may be of different releases while instances live
 * through an upgrade: a head of another version is refused with a text, never guessed at.
 */
#ifndef NSISO_WIRE_H
#define NSISO_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "nsiso.h"

struct errmsg;

#define WIRE_VERSION 1
#define WIRE_FDS_MAX 16

enum wire_type {
	WIRE_PLAN =
		1,  /* opener to supervisor: struct plan, launch descriptors; value: mask of them */
	WIRE_LATER, /* opener to init: what was not yet made; value: mask of launch descriptors */
	WIRE_PIDFD, /* supervisor to opener: pidfd of the init; value: namespaces to join */
	WIRE_READY, /* init to opener */
	WIRE_ERROR, /* to opener: the body is the text */
	WIRE_COMMIT,   /* opener to supervisor: joined; from now on the opener's pidfd counts */
	WIRE_LEAVE,    /* opener to supervisor: session closed */
	WIRE_REGISTER, /* another opener to supervisor: its own pidfd; answered by PIDFD or CLOSING */
	WIRE_CLOSING, /* supervisor to opener: this instance takes no more sessions */
	WIRE_WELCOME, /* init to login shell or opener: struct wire_welcome; user namespace, its mounts */
};

struct wire_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	int32_t code;   /* WIRE_ERROR: negative errno */
	uint32_t spare; /* 0 */
	uint64_t value;
};

/* What PID 1 tells the login shell of its own user, and nobody else. */
struct wire_welcome {
	uint64_t bounding;     /* capabilities that stay in the bounding set */
	uint32_t no_new_privs; /* 0 or 1 */
	uint32_t map;          /* enum policy_map; descriptors come with it: see WIRE_WELCOME */
	uint32_t nested;       /* 1: the virtual root may make user namespaces */
	uint32_t own_pid_ns;   /* 1: the sender is PID 1 of the receiver's pid namespace */
	char id[NSISO_ID_MAX];
	char shell[NSISO_PATH_MAX];
};

/*
 * The descriptors of an instance, in this order, those present in the mask.  With WIRE_PLAN come those that
 * the supervisor needs; over LAUNCH_LATER, for the init alone, come those that the opener makes meanwhile.
 */
enum launch_fd {
	LAUNCH_RECORD, /* the record, locked: the lock lives as long as the supervisor */
	LAUNCH_DIR,    /* the instance's folder */
	LAUNCH_CTL,    /* listening socket of the supervisor */
	LAUNCH_OPENER, /* pidfd of the opener */
	LAUNCH_CGROUP, /* v2: folder to clone the init into */
	LAUNCH_LATER,  /* socket that WIRE_LATER comes over */
	LAUNCH_INIT,   /* bound socket of the init, which calls listen(2) itself */
	LAUNCH_RUNDIR, /* detached mount of the folder that the session sees */
	LAUNCH_TASKS,  /* v1: "tasks" files for the init to enter, up to LAUNCH_COUNT */
	LAUNCH_COUNT = LAUNCH_TASKS + 5,
};

struct wire_fds {
	unsigned n;
	int fd[WIRE_FDS_MAX];
};

/* Sends at once or fails (never blocks); -errno. */
int wire_send(int sock, enum wire_type type, uint64_t value, const struct iovec *body,
	      unsigned n_body, const struct wire_fds *fds);
/* Sends WIRE_ERROR with e's code and text; a failure to send is ignored: nobody is left to tell. */
void wire_send_error(int sock, const struct errmsg *e);
/*
 * Takes one message that is there.  Bytes of body, or -EAGAIN (none there), -ECONNRESET (peer gone),
 * -EPROTO (no message of ours, cut, or too many descriptors).  fds may be NULL: none are accepted then.
 */
ssize_t wire_receive(int sock, struct wire_head *head, void *body, size_t size,
		     struct wire_fds *fds);
/* Waits for it until the time (CLOCK_MONOTONIC, ms) deadline, -ETIMEDOUT after that. */
ssize_t wire_wait(int sock, struct wire_head *head, void *body, size_t size, struct wire_fds *fds,
		  int64_t deadline);
void wire_close_fds(struct wire_fds *fds);
/* Sends the descriptors of table (enum launch_fd) from first to last - 1 that are open, with their mask. */
int wire_send_launch(int sock, enum wire_type type, const struct iovec *body, unsigned n_body,
		     const int table[LAUNCH_COUNT], unsigned first, unsigned last);
/* Puts received descriptors into table, as the mask says; -EPROTO when it does not fit them. */
int wire_take_launch(int table[LAUNCH_COUNT], uint64_t mask, const struct wire_fds *fds);
/* CLOCK_MONOTONIC in ms. */
int64_t wire_now(void);

#endif
