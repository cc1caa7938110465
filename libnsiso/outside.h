/*
 * Processes of a user outside of any instance: those that share the caller's own mount namespace, which must
 * be the host's.  Whatever such a process offers to the user inside (a tmux server's socket in a home, an
 * agent) acts with the host's view, so a policy may warn of them, refuse or end them.
 */
#ifndef NSISO_OUTSIDE_H
#define NSISO_OUTSIDE_H

#include <stddef.h>
#include <sys/types.h>

struct errmsg;

#define OUTSIDE_NAMES_MAX 4

/* What was found; the first few by number and name (man 5 proc, /proc/PID/comm, cleaned for a log). */
struct outside {
	unsigned n;
	struct {
		pid_t pid;
		char name[16];
	} first[OUTSIDE_NAMES_MAX];
};

/*
 * One walk of /proc, about 2 µs a process.  Those count whose effective user id is uid; the calling process
 * never does.  0, or -errno when /proc can't be read.
 */
int outside_find(uid_t uid, struct outside *ret, struct errmsg *e);
/*
 * Ends them: SIGTERM and SIGHUP, SIGKILL for those that are left after grace ms, everything within twice
 * that.  *ret is what was found first; -EBUSY when some are still there.
 */
int outside_end(uid_t uid, int grace, struct outside *ret, struct errmsg *e);
/* "pid 17 (tmux: server), pid 23 (sh), and 4 more" */
void outside_print(const struct outside *outside, char *ret, size_t size);

#endif
