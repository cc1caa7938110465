/* What users use at the moment: rates, order, table; see top.h. */
#include "top.h"

#include <stdlib.h>
#include <string.h>

#include "units.h"

static const struct table_column columns[] = {
	{ "USER", false },  { "INSTANCES", true }, { "PIDS", true },      { "%CPU", true },
	{ "MEMORY", true }, { "READ/S", true },    { "WRITTEN/S", true },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char *const order_names[TOP_ORDER_COUNT] = {
	[TOP_CPU] = "cpu", [TOP_MEMORY] = "memory", [TOP_PIDS] = "pids",
	[TOP_IO] = "io",   [TOP_USER] = "user",
};

/* A cgroup that was made anew counts from 0. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t factor, uint64_t usec)
{
	if (before == USE_UNKNOWN || now == USE_UNKNOWN || now < before || usec == 0)
		return USE_UNKNOWN;
	return (uint64_t)((double)(now - before) * (double)factor / (double)usec);
}

static const struct top_row *row_find(const struct top_sample *sample, const char *user)
{
	for (size_t i = 0; i < sample->n; i++)
		if (strcmp(sample->row[i].user, user) == 0)
			return &sample->row[i];
	return NULL;
}

/* What has ended meanwhile is not counted, what has begun is. */
static uint64_t processes_usec(const struct top_sample *before, const struct top_sample *now,
			       size_t row)
{
	uint64_t sum = 0;

	for (size_t i = 0, j = 0; i < now->n_processes; i++) {
		const struct top_process *process = &now->process[i];
		uint64_t old = 0;

		while (j < before->n_processes && before->process[j].pid < process->pid)
			j++;
		if (j < before->n_processes && before->process[j].pid == process->pid)
			old = before->process[j].cpu_usec;
		if (process->row == row && process->cpu_usec > old)
			sum += process->cpu_usec - old;
	}
	return sum;
}

void top_rates(const struct top_sample *before, struct top_sample *now)
{
	uint64_t usec = now->usec > before->usec ? (uint64_t)(now->usec - before->usec) : 0;

	for (size_t i = 0; i < now->n; i++) {
		struct top_row *row = &now->row[i];
		const struct top_row *old = row_find(before, row->user);

		if (!old)
			continue;
		row->cpu_permille = row->cpu_usec == USE_UNKNOWN ?
					    rate(0, processes_usec(before, now, i), 1000, usec) :
					    rate(old->cpu_usec, row->cpu_usec, 1000, usec);
		row->read_rate = rate(old->io_read, row->io_read, 1000000, usec);
		row->write_rate = rate(old->io_written, row->io_written, 1000000, usec);
	}
}

static uint64_t known(uint64_t figure)
{
	return figure == USE_UNKNOWN ? 0 : figure;
}

static uint64_t weight(const struct top_row *row, enum top_order order)
{
	switch (order) {
	case TOP_CPU:
		return known(row->cpu_permille);
	case TOP_MEMORY:
		return known(row->memory);
	case TOP_PIDS:
		return row->n_pids;
	case TOP_IO:
		return known(row->read_rate) + known(row->write_rate);
	default:
		return 0;
	}
}

static int compare(const void *a, const void *b, void *order)
{
	const struct top_row *x = a, *y = b;
	uint64_t of_x = weight(x, *(enum top_order *)order);
	uint64_t of_y = weight(y, *(enum top_order *)order);

	return of_x == of_y ? strcmp(x->user, y->user) : of_x < of_y ? 1 : -1;
}

void top_sort(struct top_row *row, size_t n, enum top_order order)
{
	if (n)
		qsort_r(row, n, sizeof(row[0]), compare, &order);
}

const char *top_order_name(enum top_order order)
{
	return order_names[order];
}

enum top_order top_order_find(const char *name)
{
	int order = 0;

	while (order < TOP_ORDER_COUNT && strcmp(order_names[order], name) != 0)
		order++;
	return (enum top_order)order;
}

enum top_order top_order_of_key(char key)
{
	int order = 0;

	while (order < TOP_ORDER_COUNT && order_names[order][0] != key)
		order++;
	return (enum top_order)order;
}

static void bytes_add(struct table *table, uint64_t bytes)
{
	char text[UNITS_MAX];

	table_add(table, COLOUR_NONE, "%s", bytes == USE_UNKNOWN ? "-" : units_bytes(bytes, text));
}

int top_print(const struct top_row *row, size_t n, const struct table_look *look, FILE *out)
{
	struct table table;
	int r;

	table_begin(&table, columns, COLUMN_COUNT);
	for (size_t i = 0; i < n; i++, row++) {
		table_add(&table, COLOUR_NONE, "%s", row->user);
		table_add(&table, COLOUR_NONE, "%u", row->n_instances);
		table_add(&table, COLOUR_NONE, "%ju", (uintmax_t)row->n_pids);
		if (row->cpu_permille == USE_UNKNOWN)
			table_add(&table, COLOUR_NONE, "-");
		else
			table_add(&table, COLOUR_NONE, "%ju.%ju",
				  (uintmax_t)(row->cpu_permille / 10),
				  (uintmax_t)(row->cpu_permille % 10));
		bytes_add(&table, row->memory);
		bytes_add(&table, row->read_rate);
		bytes_add(&table, row->write_rate);
	}
	r = table_print(&table, look, out);
	table_done(&table);
	return r;
}
