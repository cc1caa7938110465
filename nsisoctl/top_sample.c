/* One look at all that users use; see top.h. */
#include "top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "errmsg.h"
#include "instance_list.h"
#include "instance_procs.h"
#include "process_info.h"

static int64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The figures are those of the user, whichever of the instances is asked. */
static struct top_row *row_add(struct top_sample *sample, const struct instance_found *found)
{
	struct cgroup_use use;
	struct top_row *row;

	for (size_t i = 0; i < sample->n; i++)
		if (strcmp(sample->row[i].user, found->user) == 0)
			return &sample->row[i];
	row = reallocarray(sample->row, sample->n + 1, sizeof(*row));
	if (!row)
		return NULL;
	sample->row = row;
	row += sample->n++;
	cgroup_use_of(&found->record, &use);
	*row = (struct top_row){ .memory = use.at[USE_MEMORY],
				 .cpu_usec = use.at[USE_CPU_TIME],
				 .io_read = use.at[USE_IO_READ],
				 .io_written = use.at[USE_IO_WRITTEN],
				 .cpu_permille = USE_UNKNOWN,
				 .read_rate = USE_UNKNOWN,
				 .write_rate = USE_UNKNOWN };
	(void)snprintf(row->user, sizeof(row->user), "%s", found->user);
	return row;
}

static int processes_add(struct top_sample *sample, const struct pid_list *pids, size_t row)
{
	struct top_process *process =
		reallocarray(sample->process, sample->n_processes + pids->n + 1, sizeof(*process));
	struct process_info info;

	if (!process)
		return -ENOMEM;
	sample->process = process;
	for (size_t i = 0; i < pids->n; i++)
		if (process_info_read(pids->pid[i], &info) == 0)
			process[sample->n_processes++] = (struct top_process){
				.pid = pids->pid[i], .row = row, .cpu_usec = info.cpu_ms * 1000
			};
	return 0;
}

static int visit(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	struct top_sample *sample = ctx;
	struct top_row *row = row_add(sample, found);
	struct pid_list pids;
	int r;

	if (!row)
		return errmsg_set(e, -ENOMEM, "cannot list the users");
	r = instance_procs(&found->record, &pids, e);
	if (r < 0)
		return r;
	row->n_instances++;
	row->n_pids += pids.n;
	if (row->cpu_usec == USE_UNKNOWN &&
	    processes_add(sample, &pids, (size_t)(row - sample->row)) < 0)
		r = errmsg_set(e, -ENOMEM, "cannot list the processes");
	pid_list_done(&pids);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct top_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

int top_sample_read(struct top_sample *ret, struct errmsg *e)
{
	int r;

	*ret = (struct top_sample){ .usec = now_usec() };
	r = instance_walk(NSISO_RUNDIR, NULL, visit, ret, e);
	if (r < 0) {
		top_sample_done(ret);
		return r;
	}
	if (ret->n_processes)
		qsort(ret->process, ret->n_processes, sizeof(ret->process[0]), compare);
	return 0;
}

void top_sample_done(struct top_sample *sample)
{
	free(sample->row);
	free(sample->process);
	*sample = (struct top_sample){ .n = 0 };
}
