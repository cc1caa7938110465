/*
 * Asking the supervisor of an instance that lives, by the open folder of the instance.  Every wait is
 * bounded: deadline is a time of wire_now().  Besides what the system calls give, failures are
 *   -ESRCH            nobody listens there (any more)
 *   -EOPNOTSUPP       a supervisor of an older release, which knows no such question
 *   -EPROTONOSUPPORT  one of a release whose messages are not ours
 *   -ETIMEDOUT        one that does not answer
 * and what the supervisor itself refuses with; the text says what the admin can do.
 */
#ifndef NSISO_INSTANCE_ASK_H
#define NSISO_INSTANCE_ASK_H

#include <stdint.h>

#include "wire.h"

struct errmsg;

/* The answer to WIRE_STATUS; large, for the heap. */
struct instance_state {
	struct wire_state head;
	unsigned n; /* sessions that are here; head.n_sessions says the true number */
	struct wire_state_session session[WIRE_SESSIONS_MAX];
};

/*
 * Connects to the socket name in the folder.  The descriptor, or -errno: -ECONNREFUSED or -ENOENT when
 * nobody listens, -EAGAIN when nobody has accepted for a whole backlog.
 */
int instance_connect(int dir, const char *name);
int instance_ask_state(int dir, struct instance_state *ret, int64_t deadline, struct errmsg *e);
/* Has the instance end (see WIRE_END): a connection that lasts as long as its supervisor, or -errno. */
int instance_ask_end(int dir, uint64_t grace, int64_t deadline, struct errmsg *e);
/* Waits on that connection until the instance is gone, its folder included. */
int instance_await_end(int sock, int dir, int64_t deadline, struct errmsg *e);
/* Has "nsisoctl apply USER" run at a time of CLOCK_BOOTTIME in ms; 0: not any more. */
int instance_ask_apply(int dir, uint64_t boot_ms, int64_t deadline, struct errmsg *e);

#endif
