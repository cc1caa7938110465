/*
 * The messages between opener, supervisor, init and login shell: one SOCK_SEQPACKET datagram each, a fixed
 * head, a body, descriptors (SCM_RIGHTS).  Both ends may be of different releases while instances live
 * through an upgrade: a head of another version is refused with a text, never guessed at; what a peer of
 * the same version knows besides the first messages its revision says.
 */
#ifndef NSISO_WIRE_H
#define NSISO_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "nsiso.h"

struct errmsg;

/* Another number to build what a release to come would say, for tests. */
#ifndef WIRE_VERSION
#define WIRE_VERSION 1
#endif
/* 1: WIRE_COMMIT has a body, and WIRE_STATUS, WIRE_END and WIRE_APPLY_AT are answered. */
#define WIRE_REVISION 1
#define WIRE_FDS_MAX 16
#define WIRE_SESSIONS_MAX 512        /* of one instance */
#define WIRE_GRACE_MAX 3600000       /* ms that WIRE_END may ask for */
#define WIRE_GRACE_POLICY UINT64_MAX /* WIRE_END: the grace of the policy */

enum wire_type {
	WIRE_PLAN =
		1,  /* opener to supervisor: struct plan, launch descriptors; value: mask of them */
	WIRE_LATER, /* opener to init: what was not yet made; value: mask of launch descriptors */
	WIRE_PIDFD, /* supervisor to opener: pidfd of the init; value: namespaces to join */
	WIRE_READY, /* init to opener */
	WIRE_ERROR, /* to whoever asked: the body is the text */
	WIRE_COMMIT, /* opener to supervisor: joined; from now on the opener's pidfd counts; the body
			  is a struct wire_session, or empty */
	WIRE_LEAVE,  /* opener to supervisor: session closed */
	WIRE_REGISTER, /* another opener to supervisor: its own pidfd; value: sessions that there may be, 0: any
			  number; answered by PIDFD, CLOSING, or ERROR with -EUSERS */
	WIRE_CLOSING, /* supervisor to opener: this instance takes no more sessions */
	WIRE_WELCOME, /* init to login shell or opener: struct wire_welcome; user namespace, its mounts */
	WIRE_STATUS,   /* root's tool to supervisor; answered by WIRE_STATE */
	WIRE_STATE,    /* struct wire_state, then a struct wire_state_session each */
	WIRE_END,      /* root's tool to supervisor: end it; value: ms of grace, 0: none, or
			 WIRE_GRACE_POLICY; answered by WIRE_CLOSING, and the connection closes
			 when the instance is gone */
	WIRE_APPLY_AT, /* root's tool to supervisor: run "nsisoctl apply USER" at the time value
			  (CLOCK_BOOTTIME, ms), 0: don't; answered by WIRE_READY */
	WIRE_TRACE, /* supervisor and init to an opener whose plan has trace: a step is done; value: see
			wire_trace() */
};

struct wire_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	int32_t code;      /* WIRE_ERROR: negative errno */
	uint32_t revision; /* WIRE_REVISION of the sender; the first release has 0 */
	uint64_t value;
};

/* What an opener tells of its session; NUL-terminated, without control characters, cut to size. */
struct wire_session {
	char service[32]; /* PAM_SERVICE */
	char tty[32];     /* PAM_TTY; sshd says "ssh" */
	char rhost[64];   /* PAM_RHOST */
};

/* One session in an answer. */
struct wire_state_session {
	int32_t pid; /* of the opener */
	uint32_t spare;
	uint64_t since; /* s of CLOCK_REALTIME */
	struct wire_session about;
};

/*
 * An instance as its supervisor sees it.  A sender of another revision may know more: sessions begin
 * at bytes, and each is session_bytes long.
 */
struct wire_state {
	uint32_t bytes, session_bytes;
	uint32_t n_sessions; /* also those that the answer has no room for */
	uint32_t flags;      /* enum wire_state_flags */
	char id[24];
	uint64_t created;      /* s of CLOCK_REALTIME */
	uint64_t created_boot; /* ms of CLOCK_BOOTTIME */
	uint64_t linger_left;  /* lingering: ms until the end, UINT64_MAX: no time is set */
	uint64_t idle;         /* ms since somebody typed; 0: in use without a terminal */
	uint64_t apply_at;     /* ms of CLOCK_BOOTTIME; 0: no WIRE_APPLY_AT is waiting */
};

enum wire_state_flags { WIRE_STATE_CLOSING = 1, WIRE_STATE_LINGERING = 2 };

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
	LAUNCH_STATUS, /* bound socket over which the init tells of the user's use; see init_use.c */
	LAUNCH_VIEW,   /* by enum launch_view: detached mounts of cgroups that the session sees */
	LAUNCH_ACCOUNT = LAUNCH_VIEW + 8, /* folders that the init reads the user's use in */
	LAUNCH_COUNT = LAUNCH_ACCOUNT + 5,
};

/*
 * What comes upon /sys/fs/cgroup: one folder of v2, or folders of the instance in other hierarchies.  The init
 * enters those others by them, and VIEW_SPLIT by its folder "init".
 */
enum launch_view {
	VIEW_V2,    /* the user's, which has the limits; the init was born below */
	VIEW_SPLIT, /* the instance's, with "init" and the sessions below */
	VIEW_OTHER, /* in the order of WIRE_VIEW_NAMES, on folders that are called so */
};

#define WIRE_VIEW_NAMES                                               \
	{                                                             \
		"memory", "pids", "cpu", "cpuset", "blkio", "unified" \
	}

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
 * -EPROTONOSUPPORT (of another version), -EPROTO (no message of ours, cut, or too many descriptors).
 * fds may be NULL: none are accepted then.
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
/* What WIRE_TRACE carries: the step's index in the plan, its time in µs, whether it failed. */
static inline uint64_t wire_trace(unsigned index, uint64_t usec, int r)
{
	return (r < 0 ? UINT64_C(1) << 63 : 0) | (uint64_t)index << 32 | (usec & UINT32_MAX);
}
/* CLOCK_MONOTONIC in ms. */
int64_t wire_now(void);
/* CLOCK_BOOTTIME in ms: goes on while the machine is suspended. */
int64_t wire_now_boot(void);

#endif
