/*
 * Printing what is wrong with policy files: as compilers do, for people and editors, or as JSON.
 */
#ifndef NSISO_FAULT_PRINTER_H
#define NSISO_FAULT_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

struct json;

#define FAULT_SEEN_MAX 512 /* what was printed last is not printed again */

/* Zeroed, it prints text to stderr without lines of the files. */
struct fault_printer {
	const char *prefix; /* put before each file's name that is no path; NULL: nothing */
	unsigned count;     /* of faults */
	unsigned warnings;
	struct table_look look;
	struct json *json; /* an open array that gets an object for each; NULL: text on stderr */
	/* The text of a file, for the line that is shown; NULL: not known. */
	const char *(*source)(void *ctx, const char *file, size_t *ret_len);
	void *ctx;
	uint64_t seen[FAULT_SEEN_MAX];
	unsigned n_seen;
};

/* A policy_report with a struct fault_printer as its ctx: "FILE:LINE:COLUMN: text". */
void fault_print(void *ctx, const char *file, unsigned line, unsigned column, const char *text);
/* "FILE:LINE:COLUMN: warning: text".  suggestion may be NULL. */
void warning_print(struct fault_printer *printer, const char *file, unsigned line,
		   const char *suggestion, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * What could be done about a fault, in ret; source is the faulty line without its end, or NULL.  Where
 * the text asks "did you mean", it is the word itself, and *ret_cut the length of the text without the question.
 * Returns ret, or NULL when there is nothing to say.
 */
const char *fault_suggest(const char *file, const char *text, const char *source, char ret[256],
			  size_t *ret_cut);

#endif
