/*
 * What nsisoctl prints of instances, from fixed ones: ctl/X.want is the output, byte by byte.  UPDATE=1
 * rewrites the files: read the difference before you commit it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detail.h"
#include "golden.h"
#include "json.h"
#include "list.h"
#include "metrics.h"
#include "process_list.h"
#include "tap.h"
#include "units.h"

static struct view instances[] = {
	{ .user = "alice",
	  .id = "0123456789abcdef",
	  .state = VIEW_ACTIVE,
	  .since = 1795458587,
	  .n_sessions = 2,
	  .n_pids = 7,
	  .memory = 123456789,
	  .policy = POLICY_CURRENT },
	{ .user = "bob",
	  .id = "00000000000000b0",
	  .state = VIEW_STARTING,
	  .n_sessions = USE_UNKNOWN,
	  .memory = USE_UNKNOWN },
	{ .user = "carol",
	  .id = "00000000000000b1",
	  .state = VIEW_FROZEN,
	  .since = 1795458587,
	  .n_sessions = 0,
	  .memory = 0,
	  .policy = POLICY_STALE },
	{ .user = "a-user-with-a-name-of-32-letters",
	  .id = "ffffffffffffffff",
	  .state = VIEW_DEAD,
	  .since = 86400,
	  .n_sessions = USE_UNKNOWN,
	  .n_pids = 12345,
	  .memory = 5ULL << 30 },
};
static const struct views views = { .n = 4, .view = instances };
static const struct views none = { .n = 0 };

/* Users that no host has stand as numbers. */
static struct process_info processes[] = {
	{ .pid = 100,
	  .parent = 1,
	  .uid = 0,
	  .state = 'S',
	  .cpu_ms = 20,
	  .resident = 9 << 20,
	  .command = "sshd: alice [priv]" },
	{ .pid = 101,
	  .parent = 90,
	  .inside = 1,
	  .uid = 4000000001,
	  .state = 'S',
	  .resident = 31 << 10,
	  .command = "nsshell-init alice 0123456789abcdef" },
	{ .pid = 103,
	  .parent = 100,
	  .inside = 2,
	  .uid = 4000000002,
	  .state = 'S',
	  .cpu_ms = 61234,
	  .resident = 3 << 20,
	  .command = "sshd: alice@pts/0" },
	{ .pid = 104,
	  .parent = 103,
	  .inside = 3,
	  .uid = 4000000002,
	  .state = 'R',
	  .cpu_ms = 3600000,
	  .resident = 5ULL << 30,
	  .command = "evil \033]0;title\007\xc3\xa4 --argument" },
	{ .pid = 105,
	  .parent = 103,
	  .inside = 40000,
	  .uid = 4000000002,
	  .state = 'Z',
	  .command = "[true]" },
	{ .pid = 106,
	  .parent = 101,
	  .inside = 5,
	  .uid = 4000000002,
	  .state = 'T',
	  .command = "sleep 1000" },
};
static const struct process_list list = { .n = sizeof(processes) / sizeof(processes[0]),
					  .info = processes };

static const struct table_look file_look = { .title = true };
static const struct table_look narrow = { .title = true, .width = 40 };
static const struct table_look coloured = { .title = true, .width = 120, .colour = true };

static void print_list(FILE *out)
{
	(void)list_print(&views, &file_look, out);
}

static void print_list_none(FILE *out)
{
	(void)list_print(&none, &file_look, out);
}

static void print_list_narrow(FILE *out)
{
	(void)list_print(&views, &narrow, out);
}

static void print_list_colour(FILE *out)
{
	(void)list_print(&views, &coloured, out);
}

static void print_list_json(FILE *out)
{
	list_print_json(&views, out);
	list_print_json(&none, out);
}

static void print_ps(FILE *out)
{
	(void)process_list_print(&list, &file_look, out);
}

static void print_tree(FILE *out)
{
	(void)process_tree_print(&instances[0], &list, &file_look, out);
}

static void print_tree_narrow(FILE *out)
{
	(void)process_tree_print(&instances[0], &list, &narrow, out);
}

/* A pid that is its own grandparent: numbers are used again between two looks. */
static void print_tree_circle(FILE *out)
{
	struct process_info circle[] = {
		{ .pid = 5, .parent = 6, .command = "five" },
		{ .pid = 6, .parent = 5, .command = "six" },
		{ .pid = 7, .parent = 7, .command = "seven" },
	};
	const struct process_list three = { .n = 3, .info = circle };

	(void)process_tree_print(&instances[3], &three, &coloured, out);
}

static const struct instance_state answer = {
	.head = { .n_sessions = 3,
		  .flags = WIRE_STATE_LINGERING,
		  .linger_left = 3600000,
		  .idle = 61000 },
	.n = 2,
	.session = { { .pid = 100,
		       .since = 1795458587,
		       .about = { .service = "sshd", .tty = "ssh", .rhost = "192.0.2.1" } },
		     { .pid = 200, .since = 1795458600, .about = { .service = "cron" } } },
};

/* prints a state in which there is all that can be said. */
static void full_status(void (*print)(const struct detail *detail, FILE *out), FILE *out)
{
	struct view view = instances[0];
	static struct limits_live limits = {
		.n = 2,
		.entry = { { .until = 8200, .key = "memory.max", .value = "8G" },
			   { .key = "pids.max", .value = "64" } },
	};
	struct detail detail = { .view = &view,
				 .state = (struct instance_state *)&answer,
				 .files = "default.conf,users.d/alice.conf",
				 .namespaces = { 4026532248, 4026532251, 0, 1 },
				 .limits = &limits,
				 .boottime = 1000,
				 .kill = { 1795458600, 1, 64 << 20 },
				 .refusal = { 1795458601, 3, 64 } };

	detail.differs[ROW_SESSION_GRACE] = detail.differs[ROW_CGROUP_PIDS_MAX] = true;
	view.state = VIEW_LINGERING;
	view.policy = POLICY_STALE;
	view.record = (struct instance_record){
		.uid = 1001,
		.init = { 11, 1 },
		.supervisor = { 10, 1 },
		.n_cgroups = 2,
		.cgroup = { { .path = "/sys/fs/cgroup/pids/nsiso/alice/0123456789abcdef" },
			    { .path = "/sys/fs/cgroup/memory/nsiso/alice/0123456789abcdef" } }
	};
	cgroup_use_init(&detail.use);
	detail.use.at[USE_MEMORY] = 123456789;
	detail.use.at[USE_MEMORY_PEAK] = 234567890;
	detail.use.at[USE_MEMORY_MAX] = 1 << 30;
	detail.use.at[USE_PIDS] = 7;
	detail.use.at[USE_PIDS_MAX] = USE_NO_LIMIT;
	detail.use.at[USE_CPU_TIME] = 12345678;
	detail.use.at[USE_CPU_QUOTA] = 50000;
	detail.use.at[USE_CPU_PERIOD] = 100000;
	detail.use.at[USE_OOM_KILLS] = 2;
	detail.use.at[USE_PIDS_REFUSED] = 0;
	print(&detail, out);
}

static void print_detail(const struct detail *detail, FILE *out)
{
	detail_print(detail, 1795458587 + 3700, &file_look, out);
}

static void print_detail_json(const struct detail *detail, FILE *out)
{
	struct detail dead = { .view = &instances[3] };
	struct json json;

	cgroup_use_init(&dead.use);
	json_init(&json, out);
	json_array(&json, NULL);
	detail_print_json(detail, &json);
	detail_print_json(&dead, &json);
	json_close(&json);
}

static void print_status(FILE *out)
{
	full_status(print_detail, out);
}

static void print_status_json(FILE *out)
{
	full_status(print_detail_json, out);
}

/* No answer, no figures. */
static void print_status_dead(FILE *out)
{
	struct detail detail = { .view = &instances[3], .ended = "init-died" };

	cgroup_use_init(&detail.use);
	detail_print(&detail, 172800, &coloured, out);
}

static void print_metrics(FILE *out)
{
	struct cgroup_use use[4];

	for (size_t i = 0; i < 4; i++)
		cgroup_use_init(&use[i]);
	use[0].at[USE_MEMORY] = 123456789;
	use[0].at[USE_MEMORY_MAX] = USE_NO_LIMIT;
	use[0].at[USE_CPU_TIME] = 12345678;
	use[0].at[USE_OOM_KILLS] = 2;
	use[2].at[USE_MEMORY] = 0;
	use[2].at[USE_PIDS_MAX] = 64;
	metrics_print(&views, use, out);
}

static void print_metrics_none(FILE *out)
{
	metrics_print(&none, NULL, out);
}

static void print_units(FILE *out)
{
	static const uint64_t numbers[] = { 0,      1,          59,         60,        61,
					    1023,   1024,       1536,       3599,      3600,
					    86399,  86400,      604800,     1048575,   1048576,
					    694861, 1ULL << 40, 1ULL << 62, UINT64_MAX };
	char text[UNITS_MAX];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)fprintf(out, "%ju %s", (uintmax_t)numbers[i], units_bytes(numbers[i], text));
		(void)fprintf(out, " %s\n", units_span(numbers[i], text));
	}
	(void)fprintf(out, "%s\n", units_time(1795458587, text));
	(void)fprintf(out, "%s\n", units_time(0, text));
}

static const struct {
	const char *name;
	void (*print)(FILE *out);
} outputs[] = {
	{ "list", print_list },
	{ "list_none", print_list_none },
	{ "list_narrow", print_list_narrow },
	{ "list_colour", print_list_colour },
	{ "list_json", print_list_json },
	{ "status", print_status },
	{ "status_json", print_status_json },
	{ "status_dead", print_status_dead },
	{ "metrics", print_metrics },
	{ "metrics_none", print_metrics_none },
	{ "ps", print_ps },
	{ "tree", print_tree },
	{ "tree_narrow", print_tree_narrow },
	{ "tree_circle", print_tree_circle },
	{ "units", print_units },
};

int main(void)
{
	tap_begin();
	(void)setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
		golden_check(outputs[i].name, outputs[i].print);
	return tap_end();
}
