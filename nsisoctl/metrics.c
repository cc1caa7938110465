/* Figures of all instances as OpenMetrics text; see metrics.h. */
#include "metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Counters have "_total" behind the name of their family; times are in seconds. */
static const struct {
	enum cgroup_figure figure;
	const char *name, *unit, *help;
	bool is_counter, is_time;
} families[] = {
	{ USE_MEMORY, "nsiso_user_memory_bytes", "bytes", "Memory in use.", false, false },
	{ USE_MEMORY_PEAK, "nsiso_user_memory_peak_bytes", "bytes", "Most memory that was in use.",
	  false, false },
	{ USE_MEMORY_MAX, "nsiso_user_memory_limit_bytes", "bytes", "Limit of memory.", false,
	  false },
	{ USE_PIDS, "nsiso_user_tasks", "", "Processes and threads.", false, false },
	{ USE_PIDS_MAX, "nsiso_user_tasks_limit", "", "Limit of processes and threads.", false,
	  false },
	{ USE_CPU_TIME, "nsiso_user_cpu_seconds", "seconds", "Processor time.", true, true },
	{ USE_THROTTLED_TIME, "nsiso_user_cpu_throttled_seconds", "seconds",
	  "Time throttled for cpu.max.", true, true },
	{ USE_IO_READ, "nsiso_user_read_bytes", "bytes", "Read from block devices.", true, false },
	{ USE_IO_WRITTEN, "nsiso_user_written_bytes", "bytes", "Written to block devices.", true,
	  false },
	{ USE_OOM_KILLS, "nsiso_user_oom_kills", "", "Processes killed for want of memory.", true,
	  false },
	{ USE_PIDS_REFUSED, "nsiso_user_tasks_refused", "", "Forks refused for pids.max.", true,
	  false },
};

static void family_begin(const char *name, const char *type, const char *unit, const char *help,
			 FILE *out)
{
	(void)fprintf(out, "# TYPE %s %s\n", name, type);
	if (*unit)
		(void)fprintf(out, "# UNIT %s %s\n", name, unit);
	(void)fprintf(out, "# HELP %s %s\n", name, help);
}

static bool is_first_of_user(const struct views *views, size_t i)
{
	return i == 0 || strcmp(views->view[i].user, views->view[i - 1].user) != 0;
}

static bool is_known(uint64_t figure)
{
	return figure != USE_UNKNOWN && figure != USE_NO_LIMIT;
}

static void use_print(const struct views *views, const struct cgroup_use *use, size_t family,
		      FILE *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < views->n; i++) {
		uint64_t figure = use[i].at[families[family].figure];

		if (!is_first_of_user(views, i) || !is_known(figure))
			continue;
		if (!is_begun)
			family_begin(families[family].name,
				     families[family].is_counter ? "counter" : "gauge",
				     families[family].unit, families[family].help, out);
		is_begun = true;
		(void)fprintf(out, "%s%s{user=\"%s\"} ", families[family].name,
			      families[family].is_counter ? "_total" : "", views->view[i].user);
		if (families[family].is_time)
			(void)fprintf(out, "%" PRIu64 ".%06" PRIu64 "\n", figure / 1000000,
				      figure % 1000000);
		else
			(void)fprintf(out, "%" PRIu64 "\n", figure);
	}
}

/* All states, so that an alarm sees a 0 and not nothing. */
static void states_print(const struct views *views, FILE *out)
{
	family_begin("nsiso_instances", "gauge", "", "Instances by state.", out);
	for (int state = 0; state < VIEW_STATE_COUNT; state++) {
		size_t n = 0;

		for (size_t i = 0; i < views->n; i++)
			n += views->view[i].state == (enum view_state)state;
		(void)fprintf(out, "nsiso_instances{state=\"%s\"} %zu\n",
			      view_state_name((enum view_state)state), n);
	}
}

static void counts_print(const struct views *views, FILE *out)
{
	size_t stale = 0;

	family_begin("nsiso_instance_processes", "gauge", "", "Processes of an instance.", out);
	for (size_t i = 0; i < views->n; i++)
		(void)fprintf(out, "nsiso_instance_processes{user=\"%s\",id=\"%s\"} %" PRIu64 "\n",
			      views->view[i].user, views->view[i].id, views->view[i].n_pids);
	family_begin("nsiso_instance_sessions", "gauge", "", "Sessions of an instance.", out);
	for (size_t i = 0; i < views->n; i++)
		if (is_known(views->view[i].n_sessions))
			(void)fprintf(
				out, "nsiso_instance_sessions{user=\"%s\",id=\"%s\"} %" PRIu64 "\n",
				views->view[i].user, views->view[i].id, views->view[i].n_sessions);
	for (size_t i = 0; i < views->n; i++)
		stale += views->view[i].policy == POLICY_STALE;
	family_begin("nsiso_stale_instances", "gauge", "",
		     "Instances whose policy has changed since.", out);
	(void)fprintf(out, "nsiso_stale_instances %zu\n", stale);
}

void metrics_print(const struct views *views, const struct cgroup_use *use, FILE *out)
{
	states_print(views, out);
	counts_print(views, out);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		use_print(views, use, i, out);
	(void)fputs("# EOF\n", out);
}
