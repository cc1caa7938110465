/* The processes of instances as text; see process_list.h. */
#include "process_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance_procs.h"
#include "units.h"

#define DEPTH_MAX 64 /* levels of a tree; deeper ones stand on the last */

int process_list_read(const struct view *view, struct process_list *ret, struct errmsg *e)
{
	struct pid_list pids;
	int r = instance_procs(&view->record, &pids, e);

	*ret = (struct process_list){ .n = 0 };
	if (r < 0 || pids.n == 0)
		return r;
	ret->info = calloc(pids.n, sizeof(ret->info[0]));
	for (size_t i = 0; ret->info && i < pids.n; i++)
		if (process_info_read(pids.pid[i], &ret->info[ret->n]) == 0)
			process_info_command(&ret->info[ret->n++]);
	pid_list_done(&pids);
	return ret->info ? 0 : errmsg_set(e, -ENOMEM, "cannot list the processes");
}

void process_list_done(struct process_list *list)
{
	free(list->info);
	*list = (struct process_list){ .n = 0 };
}

static void row_add(struct table *table, const struct process_info *info)
{
	char user[64], memory[UNITS_MAX], inside[16] = "-";

	if (info->inside)
		(void)snprintf(inside, sizeof(inside), "%d", (int)info->inside);
	table_add(table, COLOUR_NONE, "%d", (int)info->pid);
	table_add(table, COLOUR_NONE, "%s", inside);
	table_add(table, COLOUR_NONE, "%s", process_info_user(info, user, sizeof(user)));
	table_add(table, COLOUR_NONE, "%c", info->state);
	table_add(table, COLOUR_NONE, "%ju.%02ju", (uintmax_t)(info->cpu_ms / 1000),
		  (uintmax_t)(info->cpu_ms % 1000 / 10));
	table_add(table, COLOUR_NONE, "%s", units_bytes(info->resident, memory));
	table_add(table, COLOUR_NONE, "%s", info->command);
}

int process_list_print(const struct process_list *list, const struct table_look *look, FILE *out)
{
	static const struct table_column columns[] = {
		{ "PID", true }, { "INSIDE", true },   { "USER", false },    { "S", false },
		{ "CPU", true }, { "RESIDENT", true }, { "COMMAND", false },
	};
	struct table table;
	int r;

	table_begin(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < list->n; i++)
		row_add(&table, &list->info[i]);
	r = table_print(&table, look, out);
	table_done(&table);
	return r;
}

struct tree {
	const struct process_list *list;
	size_t *parent; /* by index; list->n: it is outside */
	bool *done;     /* by index */
	const struct table_look *look;
	FILE *out;
	bool more[DEPTH_MAX]; /* further ones follow on that level */
};

static void parents_find(struct tree *tree)
{
	const struct process_list *list = tree->list;

	for (size_t i = 0; i < list->n; i++) {
		const pid_t pid = list->info[i].parent;
		size_t parent = 0;

		while (parent < list->n && (parent == i || list->info[parent].pid != pid))
			parent++;
		tree->parent[i] = parent;
	}
}

/* The next one below parent, an index, from index i on; n: none. */
static size_t child_next(const struct tree *tree, size_t parent, size_t i)
{
	while (i < tree->list->n && (tree->done[i] || tree->parent[i] != parent))
		i++;
	return i;
}

static void branch_print(const struct tree *tree, const struct process_info *info, unsigned depth,
			 bool is_last)
{
	AUTO_FREE char *line = NULL;
	char inside[16] = "";

	if (info->inside)
		(void)snprintf(inside, sizeof(inside), " (%d)", (int)info->inside);
	for (unsigned i = 0; i < depth; i++)
		(void)fputs(tree->more[i] ? "| " : "  ", tree->out);
	(void)fputs(is_last ? "`-" : "|-", tree->out);
	if (asprintf(&line, "%d%s %s", (int)info->pid, inside, info->command) < 0)
		return;
	(void)text_clean(line);
	/* A width of 0 is none; what is left of a narrow one is at least a number. */
	if (tree->look->width && strlen(line) + 2 * depth + 2 > tree->look->width &&
	    tree->look->width > 2 * depth + 10)
		line[tree->look->width - 2 * depth - 2] = '\0';
	(void)fprintf(tree->out, "%s\n", line);
}

/* Down to the first child that was not there yet, else up: however deep, on this stack. */
static void branches_print(struct tree *tree)
{
	const size_t outside = tree->list->n;
	size_t at = outside;
	unsigned depth = 0;

	for (;;) {
		size_t child = child_next(tree, at, 0);
		unsigned level = depth < DEPTH_MAX ? depth : DEPTH_MAX - 1;

		if (child < tree->list->n) {
			tree->done[child] = true;
			tree->more[level] = child_next(tree, at, child + 1) < tree->list->n;
			branch_print(tree, &tree->list->info[child], level, !tree->more[level]);
			at = child;
			depth++;
		} else if (at == outside) {
			return;
		} else {
			at = tree->parent[at];
			depth--;
		}
	}
}

int process_tree_print(const struct view *view, const struct process_list *list,
		       const struct table_look *look, FILE *out)
{
	AUTO_FREE bool *done = calloc(list->n + 1, sizeof(*done));
	AUTO_FREE size_t *parent = calloc(list->n + 1, sizeof(*parent));
	struct tree tree = {
		.list = list, .parent = parent, .done = done, .look = look, .out = out
	};

	if (!done || !parent)
		return -ENOMEM;
	parents_find(&tree);
	colour_put(look, COLOUR_BOLD, out);
	(void)fprintf(out, "%s", view->user);
	colour_put(look, COLOUR_NONE, out);
	(void)fprintf(out, " %s ", view->id);
	colour_put(look, view_state_colour(view->state), out);
	(void)fprintf(out, "%s", view_state_name(view->state));
	colour_put(look, COLOUR_NONE, out);
	(void)fputc('\n', out);
	branches_print(&tree);
	/* Whose parents go in circles: the numbers are not of one moment. */
	for (size_t i = 0; i < list->n; i++) {
		if (done[i])
			continue;
		parent[i] = list->n;
		branches_print(&tree);
	}
	return 0;
}
