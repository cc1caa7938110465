/* The list of instances as text; see list.h. */
#include "list.h"

#include "json.h"
#include "units.h"

static const struct table_column columns[] = {
	{ "USER", false },  { "ID", false },  { "STATE", false },
	{ "SINCE", false }, { "PIDS", true },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void row_add(struct table *table, const struct view *view)
{
	char when[UNITS_MAX];

	table_add(table, COLOUR_NONE, "%s", view->user);
	table_add(table, COLOUR_NONE, "%s", view->id);
	table_add(table, view_state_colour(view->state), "%s", view_state_name(view->state));
	table_add(table, COLOUR_NONE, "%s", units_time(view->since, when));
	table_add(table, COLOUR_NONE, "%ju", (uintmax_t)view->n_pids);
}

int list_print(const struct views *views, const struct table_look *look, FILE *out)
{
	struct table table;
	int r;

	table_begin(&table, columns, COLUMN_COUNT);
	for (size_t i = 0; i < views->n; i++)
		row_add(&table, &views->view[i]);
	r = table_print(&table, look, out);
	table_done(&table);
	return r;
}

void list_print_json(const struct views *views, FILE *out)
{
	struct json json;

	json_init(&json, out);
	json_array(&json, NULL);
	for (size_t i = 0; i < views->n; i++) {
		const struct view *view = &views->view[i];

		json_object(&json, NULL);
		json_text(&json, "user", view->user);
		json_text(&json, "id", view->id);
		json_text(&json, "state", view_state_name(view->state));
		json_number(&json, "since", (uint64_t)view->since);
		json_number(&json, "pids", view->n_pids);
		json_close(&json);
	}
	json_close(&json);
}
