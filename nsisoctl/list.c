/* The list of instances as text; see list.h. */
#include "list.h"

#include "json.h"
#include "units.h"

static const struct table_column columns[] = {
	{ "USER", false }, { "ID", false },    { "STATE", false },  { "SESSIONS", true },
	{ "PIDS", true },  { "MEMORY", true }, { "POLICY", false }, { "SINCE", false },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char *number_text(uint64_t number, char ret[UNITS_MAX])
{
	(void)snprintf(ret, UNITS_MAX, "%ju", (uintmax_t)number);
	return number == USE_UNKNOWN ? "-" : ret;
}

static void row_add(struct table *table, const struct view *view)
{
	char text[UNITS_MAX];

	table_add(table, COLOUR_NONE, "%s", view->user);
	table_add(table, COLOUR_NONE, "%s", view->id);
	table_add(table, view_state_colour(view->state), "%s", view_state_name(view->state));
	table_add(table, COLOUR_NONE, "%s", number_text(view->n_sessions, text));
	table_add(table, COLOUR_NONE, "%s", number_text(view->n_pids, text));
	table_add(table, COLOUR_NONE, "%s",
		  view->memory == USE_UNKNOWN ? "-" : units_bytes(view->memory, text));
	table_add(table, view->policy == POLICY_STALE ? COLOUR_YELLOW : COLOUR_NONE, "%s",
		  policy_age_name(view->policy));
	table_add(table, COLOUR_NONE, "%s", units_time(view->since, text));
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

static void number_put(struct json *json, const char *key, uint64_t number)
{
	if (number == USE_UNKNOWN)
		json_null(json, key);
	else
		json_number(json, key, number);
}

static void policy_put(struct json *json, enum policy_age age)
{
	if (age == POLICY_AGE_UNKNOWN)
		json_null(json, "stale");
	else
		json_bool(json, "stale", age == POLICY_STALE);
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
		number_put(&json, "sessions", view->n_sessions);
		json_number(&json, "pids", view->n_pids);
		number_put(&json, "memory", view->memory);
		policy_put(&json, view->policy);
		number_put(&json, "since", view->since ? (uint64_t)view->since : USE_UNKNOWN);
		json_close(&json);
	}
	json_close(&json);
}
