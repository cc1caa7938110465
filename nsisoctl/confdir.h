/*
 * What subcommands that read policies share: names of folders and the lines about faults.
 */
#ifndef NSISO_CONFDIR_H
#define NSISO_CONFDIR_H

#include <stddef.h>

/* Where to print the faults of a folder's files; what policy_report() gets as its ctx. */
struct fault_printer {
	const char *prefix; /* put before each file's name */
	unsigned count;
};

/* A policy_report: "FILE:LINE:COLUMN: text" on stderr. */
void fault_print(void *ctx, const char *file, unsigned line, unsigned column, const char *text);
/* path with the current folder before it when it is relative; for free().  NULL: errno. */
char *path_absolute(const char *path);

#endif
