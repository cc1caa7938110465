/*
 * What users use at the moment: two looks at all instances with a time between them, apart from where the table goes.
 */
#ifndef NSISO_TOP_H
#define NSISO_TOP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "cgroup_use.h"
#include "nsiso.h"
#include "table.h"

struct errmsg;

enum top_order { TOP_CPU, TOP_MEMORY, TOP_PIDS, TOP_IO, TOP_USER, TOP_ORDER_COUNT };

struct top_row {
	char user[NSISO_USER_MAX];
	unsigned n_instances;
	uint64_t n_pids;
	uint64_t memory; /* bytes */
	/* Since the making of the user's cgroups; USE_UNKNOWN: they do not say. */
	uint64_t cpu_usec, io_read, io_written;
	/* Between two looks; USE_UNKNOWN: there was one alone. */
	uint64_t cpu_permille;          /* of one processor */
	uint64_t read_rate, write_rate; /* bytes/s */
};

struct top_process {
	pid_t pid;
	size_t row;
	uint64_t cpu_usec;
};

struct top_sample {
	int64_t usec; /* of CLOCK_MONOTONIC */
	size_t n, n_processes;
	struct top_row *row;
	struct top_process
		*process; /* by pid; of users whose cgroups do not count processor time */
};

/* Looks at all instances.  0 or -errno. */
int top_sample_read(struct top_sample *ret, struct errmsg *e);
void top_sample_done(struct top_sample *sample);

/* Fills in the rates of now from what was there before; pure. */
void top_rates(const struct top_sample *before, struct top_sample *now);
/* The largest first, users by name. */
void top_sort(struct top_row *row, size_t n, enum top_order order);
/* "cpu", ... */
const char *top_order_name(enum top_order order);
/* By name, or by the key for it, its first letter; TOP_ORDER_COUNT: there is none. */
enum top_order top_order_find(const char *name);
enum top_order top_order_of_key(char key);
/* 0 or -errno. */
int top_print(const struct top_row *row, size_t n, const struct table_look *look, FILE *out);

#endif
