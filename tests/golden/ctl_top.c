/* What nsisoctl top prints, from fixed figures: ctl/top*.want. */
#include <stdio.h>

#include "golden.h"
#include "tap.h"
#include "top.h"

static const struct table_look file_look = { .title = true };
static const struct table_look narrow = { .title = true, .width = 40 };

/* Rates of what was there before; who is new, or whose cgroups were made anew, has none. */
static void print_top_by(enum top_order order, const struct table_look *look, FILE *out)
{
	struct top_row old[] = {
		{ .user = "alice", .cpu_usec = 1000000, .io_read = 0, .io_written = 4096 },
		{ .user = "bob",
		  .cpu_usec = USE_UNKNOWN,
		  .io_read = 900,
		  .io_written = USE_UNKNOWN },
	};
	struct top_row now[] = {
		{ .user = "alice",
		  .n_instances = 1,
		  .n_pids = 7,
		  .memory = 123456789,
		  .cpu_usec = 1250000,
		  .io_read = 2 << 20,
		  .io_written = 4096 },
		{ .user = "bob",
		  .n_instances = 12,
		  .n_pids = 345,
		  .memory = USE_UNKNOWN,
		  .cpu_usec = USE_UNKNOWN,
		  .io_read = 0,
		  .io_written = USE_UNKNOWN },
		{ .user = "carol",
		  .n_instances = 1,
		  .n_pids = 3,
		  .memory = 1 << 30,
		  .cpu_usec = 5,
		  .io_read = 5,
		  .io_written = 5 },
	};
	/* 11 has ended, and 12 has begun. */
	struct top_process before_list[] = { { 10, 1, 500000 }, { 11, 1, 9000000 } };
	struct top_process now_list[] = { { 10, 1, 3500000 }, { 12, 1, 10000 } };
	const struct top_sample before = {
		.usec = 5000000, .n = 2, .row = old, .n_processes = 2, .process = before_list
	};
	struct top_sample sample = {
		.usec = 7000000, .n = 3, .row = now, .n_processes = 2, .process = now_list
	};

	for (size_t i = 0; i < sample.n; i++)
		now[i].cpu_permille = now[i].read_rate = now[i].write_rate = USE_UNKNOWN;
	top_rates(&before, &sample);
	top_sort(now, sample.n, order);
	(void)top_print(now, sample.n, look, out);
}

static void print_top(FILE *out)
{
	for (int order = 0; order < TOP_ORDER_COUNT; order++) {
		(void)fprintf(out, "by %s\n", top_order_name((enum top_order)order));
		print_top_by((enum top_order)order, &file_look, out);
	}
}

static void print_top_narrow(FILE *out)
{
	print_top_by(TOP_CPU, &narrow, out);
}

int main(void)
{
	tap_begin();
	golden_check("top", print_top);
	golden_check("top_narrow", print_top_narrow);
	return tap_end();
}
