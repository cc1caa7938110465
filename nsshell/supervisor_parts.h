/*
 * What the parts of the supervisor share: its state, and what each part does with it.
 *   supervisor.c        from the plan to the init, the loop, the removal
 *   supervisor_ctl.c    what comes over the control socket
 *   supervisor_end.c    how the instance ends, and why
 *   supervisor_clock.c  what is to be done at a time
 *   supervisor_scope.c  what systemd is told, where it runs the host
 *   supervisor_tty.c    the user's terminals
 *   supervisor_apply.c  nsisoctl apply
 *   supervisor_detach.c processes that it starts and forgets
 *   supervisor_sweep.c  the cgroups of sessions that have ended
 *   supervisor_watch.c  the use of cgroups, and what happens for its limits
 */
#ifndef NSISO_SUPERVISOR_PARTS_H
#define NSISO_SUPERVISOR_PARTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "nsiso.h"
#include "supervisor.h"
#include "supervisor_book.h"
#include "supervisor_watch.h"

/* Pollfds before those of the book. */
enum supervisor_poll {
	POLL_INIT,
	POLL_CTL,
	POLL_SIGNALS,
	POLL_CLOCK,
	POLL_WATCH,
	POLL_FIXED = POLL_WATCH + WATCH_EVENTS
};

/* Why an instance ends; see end_reason_name(). */
enum end_reason {
	END_NONE,         /* it does not */
	END_LAST_SESSION, /* the last session has left */
	END_OPENER,       /* the last session ended by its opener's death */
	END_FAILED,       /* nobody ever joined */
	END_ADMIN,        /* WIRE_END, or SIGTERM to the init */
	END_SHUTDOWN,     /* SIGTERM to the supervisor */
	END_INIT,         /* the init was killed */
	END_LINGER,       /* nothing was left that it lingered for, or the time for it was over */
	END_IDLE,         /* nobody has typed for the policy's idle= */
	END_LIFETIME,     /* the policy's max_lifetime= is over */
	END_OOM,          /* the init was killed for want of memory */
};

/* Times are of CLOCK_BOOTTIME in ms, 0 for none. */
struct supervisor_clock {
	int fd;                          /* timerfd; -1 until it is needed */
	uint32_t linger, idle, lifetime; /* ms; see struct plan */
	int64_t apply_at;                /* WIRE_APPLY_AT */
	int64_t linger_until;            /* lingering, and only so long */
	int64_t look_at;                 /* lingering: when to look whether anything is left */
	uint32_t look_after;             /* ms */
	int64_t sweep_at;                /* when to look for groups of ended sessions once more */
	uint32_t sweep_after;            /* ms */
	bool idle_warned, lifetime_warned;
	int64_t idle_at, lifetime_at; /* when to look for use, and to warn or end */
	int64_t used, looked;         /* last use of a terminal, and last look for it */
	time_t newest;                /* what the last look found, CLOCK_REALTIME */
	int64_t events_at;            /* watch_look() */
};

/* State of the parent; one instance a process, so it may be static. */
struct supervisor {
	struct launch *launch;
	char id[NSISO_ID_MAX];
	char user[NSISO_USER_MAX];
	uint64_t namespaces;
	uint32_t grace;    /* ms */
	uid_t uid;         /* of the user */
	bool warn_outside; /* until the first session has settled */
	pid_t init;
	int pidfd;        /* of the init */
	int signals;      /* SIGTERM: the host goes down, or its admin wants this instance ended */
	bool has_groups;  /* sessions have cgroups of their own */
	bool ready;       /* the first opener has joined */
	bool closing;     /* takes no more sessions */
	bool over;        /* the init is gone */
	bool has_units;   /* systemd has the limits, and shall have us in a scope */
	bool scope_due;   /* until the first session has settled */
	bool opener_died; /* the session that ended last ended so */
	enum end_reason reason;
	bool killed;           /* the init, by us */
	int init_signal;       /* END_INIT, END_OOM: what killed it */
	int64_t session_ended; /* CLOCK_BOOTTIME in ms, the last one */
	uint64_t created;      /* s of CLOCK_REALTIME */
	int64_t created_boot;  /* ms */
	/* Closing: when patience with the init, then with openers, is over (wire_now()); -1: never. */
	int64_t due;
	int64_t settle_at; /* wire_now(): when session_settle() is due; 0: it is not */
	bool settled;      /* the first session has */
	struct supervisor_clock clock;
	struct watch watch;
	struct watch_base base; /* of the use, when the instance began */
	struct book book;
	/* Last: pages that few sessions never touch. */
	struct pollfd many[POLL_FIXED + 2 * SUPERVISOR_SESSIONS_MAX];
};

/* To an opener: the init's pidfd and what to join; -errno. */
int supervisor_send_pidfd(const struct supervisor *s, int conn);

/* Takes who has connected into the book. */
void ctl_accept(struct supervisor *s);
/* One message of an opener or of root's tool; false: the connection is of no more use. */
bool ctl_serve(struct supervisor *s, struct book_entry *entry);

/*
 * What the beginning of sessions asks for and nobody waits for.  Not at once: the opener goes on at this very
 * moment, and the scheduler would let us go first.  Does nothing when nothing is due.
 */
void session_settle(struct supervisor *s);

/* A session is over, by its opener's word or its death. */
void end_session(struct supervisor *s, struct book_entry *entry, bool opener_died);
/*
 * No more logins here, and the init is told to end, with so many ms of grace.  Called again, it can only make
 * the end come sooner.
 */
void end_begin(struct supervisor *s, enum end_reason reason, uint32_t grace);
/* It gets no more time. */
void end_kill_init(struct supervisor *s);
/* The init is gone. */
void end_init(struct supervisor *s);
/* All has ended and nothing is removed yet. */
void end_log(struct supervisor *s);

/* Sets what the plan says; -errno. */
int clock_start(struct supervisor *s, const struct plan *plan, struct errmsg *e);
/* WIRE_APPLY_AT; -errno. */
int clock_set_apply(struct supervisor *s, uint64_t boot_ms);
/* A session has begun or ended. */
void clock_use(struct supervisor *s);
/* ms since somebody typed; 0 while there is a session without a terminal. */
uint64_t clock_idle(struct supervisor *s);
/* Without a session: whether the instance lives on all the same.  Called again, it changes nothing. */
bool clock_linger(struct supervisor *s);
/* There is a session. */
void clock_stay(struct supervisor *s);
/* When the use is to be looked at. */
void clock_set_events(struct supervisor *s, int64_t boot_ms);
/* A session has ended that had a cgroup of its own: removes it, as soon as it is empty. */
void clock_sweep(struct supervisor *s);
/* Does what is due. */
void clock_ring(struct supervisor *s);

/*
 * True in a new process, which must not return; nobody waits for it, since its parent is gone at once.  Else
 * false; a failure is logged as what.
 */
bool detach(const struct supervisor *s, const char *what);

/* Has supervisor and init put into a scope of their own, if that is due; beside the login's path. */
void scope_start(struct supervisor *s);
/* At the end: what scope_end() needs; -1: nothing is to be done. */
int scope_open_state(const struct supervisor *s);
/* Has the user's limits taken back with the last instance, in place of this process. */
void scope_end(const struct supervisor *s, int state);

/*
 * The newest time at which any terminal of the user's was read from (s of CLOCK_REALTIME), 0: none.
 * False: there is a session without a terminal.
 */
bool terminals_look(const struct supervisor *s, time_t *newest);
/* Writes text to the user's terminals. */
void terminals_warn(uid_t uid, const char *text);

/* Starts "nsisoctl apply USER" and forgets it. */
void apply_start(const struct supervisor *s);
/* Whether the sessions of the plan have cgroups of their own; removes those that have ended. */
bool sweep_is_needed(const struct plan *plan);
void sweep_groups(const struct supervisor *s);

#endif
