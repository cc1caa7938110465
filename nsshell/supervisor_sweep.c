/* The groups of sessions that have ended. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "supervisor_parts.h"

bool sweep_is_needed(const struct plan *plan)
{
	unsigned i;

	for (i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == STEP_CGROUP_SESSION)
			return true;
	return false;
}

/* Not while a login is under way, whose group is still empty; the next session's end is early enough then. */
void sweep_groups(const struct supervisor *s)
{
	AUTO_CLOSE int user =
		openat(s->launch->fd[LAUNCH_DIR], "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct instance_record record;
	struct errmsg e;
	unsigned i;

	if (user < 0 || flock(user, LOCK_EX | LOCK_NB) < 0 ||
	    instance_read(s->launch->fd[LAUNCH_DIR], &record, &e) < 0)
		return;
	for (i = 0; i < record.n_cgroups; i++)
		cgroup_sweep(&record.cgroup[i]);
}
