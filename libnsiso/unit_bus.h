/*
 * The host's systemd over D-Bus, by sd-bus of libsystemd, which is loaded when it is asked for: a program that
 * is loaded into others must not fail where the library is missing.  Needs root.
 */
#ifndef NSISO_UNIT_BUS_H
#define NSISO_UNIT_BUS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "unit_value.h"

struct errmsg;
struct unit_bus;

#define UNIT_NAME_MAX 256 /* bytes with the NUL (systemd.unit(5)) */

/*
 * ms for systemd to answer: while it reads its units anew, or executes itself anew, it answers nobody, which
 * takes seconds on a host with many units or little processor time.
 */
#define UNIT_BUS_PATIENCE 20000

/* What a scope is started with (systemd.scope(5)). */
struct unit_scope {
	const char *name, *slice, *description;
	const pid_t *pids;
	unsigned n_pids;
	uint64_t stop_timeout; /* ms between SIGTERM and SIGKILL */
};

/*
 * Connects to systemd itself, or over the system bus where it has no socket of its own; waits until deadline
 * (see wire_now()) for it to be there again after it was re-executed.  -EOPNOTSUPP: no libsystemd.
 */
int unit_bus_open(int64_t deadline, struct unit_bus **ret, struct errmsg *e);
/* Whether a call failed because systemd re-executed itself under our hands: connect anew and say all again. */
static inline bool unit_bus_is_lost(int r)
{
	return r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE;
}
/* The same, while there is time; after a pause.  Also -EDEADLK: what a unit needs is about to be stopped. */
bool unit_bus_try_again(int r, int64_t deadline);
void unit_bus_close(struct unit_bus *bus);
#define AUTO_BUS __attribute__((cleanup(unit_bus_cleanup)))
void unit_bus_cleanup(struct unit_bus **bus);

/* Reads properties of a unit, of which values has the properties, into their texts; all in one go. */
int unit_bus_get(struct unit_bus *bus, const char *unit, struct unit_values *values,
		 struct errmsg *e);
/*
 * Sets them until the next boot (drop-ins below /run/systemd/system.control; for a transient unit until its
 * end).  All or none; in force in the kernel when this returns, if the unit is active.
 */
int unit_bus_set(struct unit_bus *bus, const char *unit, const struct unit_values *values,
		 struct errmsg *e);
/* Starts a scope that takes the processes in; they are there when this returns.  May be said again. */
int unit_bus_start_scope(struct unit_bus *bus, const struct unit_scope *scope, struct errmsg *e);
/* Suspends all processes of a unit, or lets them go on. */
int unit_bus_freeze(struct unit_bus *bus, const char *unit, struct errmsg *e);
int unit_bus_thaw(struct unit_bus *bus, const char *unit, struct errmsg *e);

#endif
