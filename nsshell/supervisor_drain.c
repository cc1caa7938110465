/*
 * The orderly end of an instance without a pid namespace: its processes are those in its cgroup, and no
 * PID 1 can speak for them.
 */
#include <signal.h>
#include <time.h>

#include "errmsg.h"
#include "instance.h"
#include "supervisor.h"

void supervisor_drain(int dir, uint32_t grace)
{
	const int64_t deadline = wire_now() + grace;
	struct timespec pause = { .tv_nsec = 1000000 };
	struct instance_record record;
	struct errmsg e;

	if (instance_read(dir, &record, &e) < 0 || record.n_cgroups == 0)
		return;
	/* One hierarchy has them all.  SIGHUP because interactive shells ignore SIGTERM. */
	(void)cgroup_signal(&record.cgroup[0], SIGTERM);
	(void)cgroup_signal(&record.cgroup[0], SIGHUP);
	(void)cgroup_signal(&record.cgroup[0], SIGCONT);
	while (cgroup_signal(&record.cgroup[0], 0) > 0 && wire_now() < deadline) {
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 50000000)
			pause.tv_nsec *= 2;
	}
}
