/*
 * Aligned columns for people: cut to fit a terminal, whole where the output goes elsewhere.
 */
#ifndef NSISO_TABLE_H
#define NSISO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

enum table_colour {
	COLOUR_NONE,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE,
	COLOUR_RED,
	COLOUR_BOLD
};

struct table_column {
	const char *title;
	bool right; /* numbers */
};

struct table {
	const struct table_column *columns;
	unsigned n_columns;
	size_t n_cells, n_room;
	struct table_cell {
		char *text;
		enum table_colour colour;
	} * cells;
	bool failed; /* out of memory: table_print() says so */
};

/* How an output takes a table. */
struct table_look {
	unsigned width; /* columns of the terminal; 0: no terminal, nothing is cut */
	bool colour;
	bool title;
};

/* Asks the stream: its width, and colours unless NO_COLOR is set or TERM is dumb. */
struct table_look table_look_at(FILE *out);
void table_begin(struct table *table, const struct table_column *columns, unsigned n_columns);
/* The next cell, rows from left to right.  What is not printable ASCII becomes '?': much of it is users' text. */
void table_add(struct table *table, enum table_colour colour, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 0 or -errno.  In a terminal lines are cut, from the last column on. */
int table_print(const struct table *table, const struct table_look *look, FILE *out);
void table_done(struct table *table);

/* What must not reach a terminal becomes '?', in place; returns text. */
char *text_clean(char *text);
/* Writes text in the same way, but for tabs, which stay. */
void text_put(const char *text, FILE *out);
/* Switches a colour on (COLOUR_NONE: off) where look has colours. */
void colour_put(const struct table_look *look, enum table_colour colour, FILE *out);

#endif
