/*
 * nsisoctl top: what users use at the moment, again and again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "nsisoctl.h"
#include "policy_value.h"
#include "top.h"
#include "watch.h"

#define DELAY_MIN 100     /* ms between two looks */
#define DELAY_MAX 3600000 /* ms */
#define COUNT_MAX 1000000

struct top {
	struct watch watch;
	bool is_batch;
	enum top_order order;
	struct top_sample before, now;
};

static int look_again(struct top *top, struct errmsg *e)
{
	struct top_sample sample;
	int r = top_sample_read(&sample, e);

	if (r < 0)
		return r;
	top_sample_done(&top->before);
	top->before = top->now;
	top->now = sample;
	if (top->before.usec)
		top_rates(&top->before, &top->now);
	return 0;
}

static int print(const struct top *top, FILE *out, const struct table_look *look, struct errmsg *e)
{
	const size_t n = top->now.n;
	AUTO_FREE struct top_row *row = calloc(n + 1, sizeof(*row));

	if (!row)
		return errmsg_set(e, -ENOMEM, "cannot sort the users");
	if (n)
		memcpy(row, top->now.row, n * sizeof(*row));
	top_sort(row, n, top->order);
	return top_print(row, n, look, out) == 0 ? 0 :
						   errmsg_set(e, -ENOMEM, "cannot print the table");
}

/* A key only sorts: rates of the short time since the last look would say nothing. */
static int page(void *ctx, bool is_due, FILE *out, const struct table_look *look, struct errmsg *e)
{
	struct top *top = ctx;
	int r = is_due ? look_again(top, e) : 0;

	if (r < 0)
		return r;
	(void)fprintf(out, "By %s; keys: c cpu, m memory, p pids, i io, u user, q quit\n\n",
		      top_order_name(top->order));
	return print(top, out, look, e);
}

static void key(void *ctx, char key)
{
	struct top *top = ctx;
	enum top_order order = top_order_of_key(key);

	if (order != TOP_ORDER_COUNT)
		top->order = order;
}

/* Each page has rates, so the first one comes after a delay. */
static int batch(struct top *top, struct errmsg *e)
{
	struct table_look look = table_look_at(stdout);
	const struct timespec delay = { .tv_sec = top->watch.delay / 1000,
					.tv_nsec = top->watch.delay % 1000 * 1000000L };
	int r = look_again(top, e);

	for (unsigned n = 0; r == 0 && (top->watch.count == 0 || n < top->watch.count); n++) {
		(void)nanosleep(&delay, NULL);
		if (n)
			(void)putchar('\n');
		r = look_again(top, e);
		if (r == 0)
			r = print(top, stdout, &look, e);
		if (r == 0 && fflush(stdout) != 0)
			r = errmsg_set(e, -errno, "cannot write the table");
	}
	return r;
}

/* "1500ms", "2s" or seconds. */
static bool delay_read(const char *text, unsigned *ret, struct errmsg *e)
{
	uint32_t ms = 0;

	if (value_duration(text, DELAY_MAX, &ms, e) < 0)
		return false;
	*ret = ms;
	if (ms >= DELAY_MIN)
		return true;
	(void)errmsg_setx(e, -EINVAL, "'%s' is less than %dms", text, DELAY_MIN);
	return false;
}

static bool count_read(const char *text, unsigned *ret, struct errmsg *e)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*ret = (unsigned)n;
	if (*text >= '0' && *text <= '9' && !*end && n > 0 && n <= COUNT_MAX)
		return true;
	(void)errmsg_setx(e, -EINVAL, "'%s' is not a number from 1 to %d", text, COUNT_MAX);
	return false;
}

static bool order_read(const char *text, enum top_order *ret, struct errmsg *e)
{
	*ret = top_order_find(text);
	if (*ret != TOP_ORDER_COUNT)
		return true;
	(void)errmsg_setx(e, -EINVAL, "'%s' is not cpu, memory, pids, io or user", text);
	return false;
}

/* 0, or STATUS_USAGE, told. */
static int options_read(int argc, char **argv, struct top *ret)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "sort", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct errmsg e = { 0 };
	bool is_good = true;
	int option;

	while (is_good && (option = getopt_long(argc, argv, "d:n:", options, NULL)) != -1) {
		if (option == 'b')
			ret->is_batch = true;
		else if (option == 's')
			is_good = order_read(optarg, &ret->order, &e);
		else if (option == 'd')
			is_good = delay_read(optarg, &ret->watch.delay, &e);
		else if (option == 'n')
			is_good = count_read(optarg, &ret->watch.count, &e);
		else
			return usage_print("top");
	}
	if (!is_good)
		(void)error_print(&e);
	else if (optind != argc)
		is_good = usage_print("top") == STATUS_OK;
	return is_good ? 0 : STATUS_USAGE;
}

int cmd_top(int argc, char **argv)
{
	struct top top = { .watch = { .page = page, .key = key, .delay = 1000 } };
	struct errmsg e = { 0 };
	int r = options_read(argc, argv, &top);

	if (r)
		return r;
	top.watch.ctx = &top;
	r = top.is_batch ? batch(&top, &e) : watch_run(&top.watch, &e);
	top_sample_done(&top.before);
	top_sample_done(&top.now);
	if (r == 0)
		return STATUS_OK;
	return error_print(&e);
}
