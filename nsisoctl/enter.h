/*
 * A process of root's in the outer layer of an instance: in its cgroup and all its namespaces but the user's,
 * whose mounts real root never enters.
 */
#ifndef NSISO_ENTER_H
#define NSISO_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "pty.h"
#include "view.h"

struct errmsg;

#define ENTER_FAILED 125 /* exit status when no command has run; 126, 127: as sh(1) has them */

struct enter {
	struct view view;
	bool as_user;
	char **command; /* NULL at its end; NULL alone: a shell */
	struct pty pty;
};

/*
 * Starts the command.  Its pid, as a child of this process, or -errno.  What fails in the new process is said on its
 * standard error.
 */
pid_t enter_start(const struct enter *enter, struct errmsg *e);

#endif
