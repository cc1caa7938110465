/* Aligned columns for people; see table.h. */
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"

#define WIDTH_MIN 20 /* a terminal that says less is not believed */

static const char *const colours[] = {
	[COLOUR_NONE] = "\033[0m",  [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
	[COLOUR_BLUE] = "\033[34m", [COLOUR_RED] = "\033[31m",   [COLOUR_BOLD] = "\033[1m",
};

/* COLUMNS counts first, as with other tools. */
static unsigned terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	unsigned long width = columns ? strtoul(columns, NULL, 10) : 0;
	struct winsize size;

	if (width == 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width == 0)
		return 80;
	return width < WIDTH_MIN ? WIDTH_MIN : width > 10000 ? 10000 : (unsigned)width;
}

struct table_look table_look_at(FILE *out)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	struct table_look look = { .title = true };

	if (!isatty(fileno(out)))
		return look;
	look.width = terminal_width(fileno(out));
	look.colour = term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
	return look;
}

char *text_clean(char *text)
{
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return text;
}

void text_put(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		(void)fputc((*text >= ' ' && *text <= '~') || *text == '\t' ? *text : '?', out);
}

void colour_put(const struct table_look *look, enum table_colour colour, FILE *out)
{
	if (look->colour)
		(void)fputs(colours[colour], out);
}

void table_begin(struct table *table, const struct table_column *columns, unsigned n_columns)
{
	*table = (struct table){ .columns = columns, .n_columns = n_columns };
}

static struct table_cell *cell_new(struct table *table)
{
	if (table->n_cells == table->n_room) {
		size_t room = table->n_room ? 2 * table->n_room : 256;
		void *cells = reallocarray(table->cells, room, sizeof(table->cells[0]));

		if (!cells)
			return NULL;
		table->cells = cells;
		table->n_room = room;
	}
	return &table->cells[table->n_cells++];
}

void table_add(struct table *table, enum table_colour colour, const char *fmt, ...)
{
	struct table_cell *cell = cell_new(table);
	va_list ap;

	table->failed = table->failed || !cell;
	if (!cell)
		return;
	cell->colour = colour;
	va_start(ap, fmt);
	if (vasprintf(&cell->text, fmt, ap) < 0) {
		cell->text = NULL;
		table->failed = true;
	} else {
		(void)text_clean(cell->text);
	}
	va_end(ap);
}

/* One cell and the gap before it; *left is what the line has room for.  False: the line is full. */
static bool cell_print(const struct table_cell *cell, const struct table_look *look, int pad,
		       size_t *left, FILE *out)
{
	size_t len = strlen(cell->text), before = pad > 0 ? (size_t)pad : 0;
	size_t after = pad < 0 ? (size_t) - (int64_t)pad : 0;

	if (before >= *left)
		return false;
	*left -= before;
	(void)fprintf(out, "%*s", (int)before, "");
	if (cell->colour != COLOUR_NONE)
		colour_put(look, cell->colour, out);
	(void)fprintf(out, "%.*s", (int)(len < *left ? len : *left), cell->text);
	if (cell->colour != COLOUR_NONE)
		colour_put(look, COLOUR_NONE, out);
	if (len + after + 1 >= *left)
		return false;
	*left -= len + after;
	(void)fprintf(out, "%*s", (int)after, "");
	return true;
}

/* The last column is never filled up: no line ends in spaces. */
static void row_print(const struct table *table, const struct table_cell *row,
		      const size_t width[TABLE_COLUMNS_MAX], const struct table_look *look,
		      FILE *out)
{
	size_t left = look->width ? look->width : SIZE_MAX;
	bool fits = true;

	for (unsigned i = 0; i < table->n_columns && fits; i++) {
		int pad = (int)(width[i] - strlen(row[i].text));
		bool is_last = i + 1 == table->n_columns;

		fits = cell_print(&row[i], look,
				  table->columns[i].right ? pad :
				  is_last                 ? 0 :
							    -pad,
				  &left, out);
		if (fits && !is_last) {
			(void)fputs("  ", out);
			left = left > 2 ? left - 2 : 0;
		}
	}
	(void)fputc('\n', out);
}

static void titles_print(const struct table *table, const size_t width[TABLE_COLUMNS_MAX],
			 const struct table_look *look, FILE *out)
{
	struct table_cell row[TABLE_COLUMNS_MAX];

	for (unsigned i = 0; i < table->n_columns; i++)
		row[i] = (struct table_cell){ .text = (char *)table->columns[i].title,
					      .colour = COLOUR_BOLD };
	row_print(table, row, width, look, out);
}

int table_print(const struct table *table, const struct table_look *look, FILE *out)
{
	size_t width[TABLE_COLUMNS_MAX];

	if (table->failed)
		return -ENOMEM;
	for (unsigned i = 0; i < table->n_columns; i++) {
		width[i] = look->title ? strlen(table->columns[i].title) : 0;
		for (size_t j = i; j < table->n_cells; j += table->n_columns) {
			size_t len = strlen(table->cells[j].text);

			width[i] = len > width[i] ? len : width[i];
		}
	}
	if (look->title)
		titles_print(table, width, look, out);
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		row_print(table, &table->cells[i], width, look, out);
	return 0;
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){ .n_cells = 0 };
}
