/* The end of a trial's instance, and a look for what is left of it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "end.h"
#include "instance_list.h"
#include "trial.h"
#include "wire.h"

#define END_TIMEOUT 10000 /* ms for an instance that has been told to end */

struct search {
	const char *id;
	uint32_t grace; /* ms */
};

/* One other than the trial's is passed over. */
static int end_visited(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	const struct search *search = ctx;

	return strcmp(found->id, search->id) == 0 ? end_instance(found, search->grace, e) : 0;
}

/* The supervisor removes the cgroups, and after them the folder. */
static bool is_gone(const struct trial_shared *shared, const char *folder)
{
	for (unsigned i = 0; i < shared->n_cgroups; i++)
		if (access(shared->cgroup[i].path, F_OK) == 0)
			return false;
	return access(folder, F_OK) < 0 && errno == ENOENT;
}

void trial_end(struct trial *trial)
{
	const struct trial_shared *shared = trial->shared;
	const struct facts *facts = &shared->opener.facts;
	const struct search search = { facts->id, shared->policy.session.grace };
	const int64_t begin = wire_now(), deadline = begin + END_TIMEOUT;
	struct timespec pause = { .tv_nsec = 1000000 };
	char folder[NSISO_PATH_MAX];
	struct errmsg e = { .text = "" };

	(void)snprintf(folder, sizeof(folder), "%s/%s/%s", NSISO_RUNDIR, facts->user, facts->id);
	if (instance_walk(NSISO_RUNDIR, facts->user, end_visited, (void *)&search, &e) < 0)
		trial_print(trial, false, "end: %s", e.text);
	while (!is_gone(shared, folder) && wire_now() < deadline)
		(void)nanosleep(&pause, NULL);
	trial_print(trial, is_gone(shared, folder),
		    "end: %s after %" PRId64 " ms: processes, %u control groups, %s",
		    is_gone(shared, folder) ? "nothing is left" : "something is left",
		    wire_now() - begin, shared->n_cgroups, folder);
}
