/* All that is known of one instance, as text; see detail.h. */
#include "detail.h"

#include <string.h>

#include "units.h"

#define INDENT 12 /* columns before the colon of a line */

static void label_print(const char *label, FILE *out)
{
	(void)fprintf(out, "%*s%s ", INDENT, label, *label ? ":" : " ");
}

/* "LABEL: use (peak: P, max: M)", as far as they are known. */
static void figure_print(const struct detail *detail, const char *label, enum cgroup_figure now,
			 enum cgroup_figure peak, enum cgroup_figure max, FILE *out)
{
	const bool is_count = now == USE_PIDS;
	const struct {
		const char *name;
		uint64_t value;
	} parts[] = { { "peak", detail->use.at[peak] }, { "max", detail->use.at[max] } };
	const char *gap = " (";
	char text[UNITS_MAX];

	if (detail->use.at[now] == USE_UNKNOWN)
		return;
	label_print(label, out);
	if (is_count)
		(void)fprintf(out, "%ju", (uintmax_t)detail->use.at[now]);
	else
		(void)fputs(units_bytes(detail->use.at[now], text), out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].value == USE_UNKNOWN || parts[i].value == USE_NO_LIMIT)
			continue;
		if (is_count)
			(void)fprintf(out, "%s%s: %ju", gap, parts[i].name,
				      (uintmax_t)parts[i].value);
		else
			(void)fprintf(out, "%s%s: %s", gap, parts[i].name,
				      units_bytes(parts[i].value, text));
		gap = ", ";
	}
	(void)fputs(*gap == ',' ? ")\n" : "\n", out);
}

static void cpu_print(const struct cgroup_use *use, FILE *out)
{
	if (use->at[USE_CPU_TIME] == USE_UNKNOWN)
		return;
	label_print("CPU", out);
	(void)fprintf(out, "%ju.%03jus", (uintmax_t)(use->at[USE_CPU_TIME] / 1000000),
		      (uintmax_t)(use->at[USE_CPU_TIME] / 1000 % 1000));
	if (use->at[USE_CPU_QUOTA] < USE_NO_LIMIT && use->at[USE_CPU_PERIOD] < USE_NO_LIMIT &&
	    use->at[USE_CPU_PERIOD])
		(void)fprintf(out, " (max: %ju%%)",
			      (uintmax_t)(use->at[USE_CPU_QUOTA] * 100 / use->at[USE_CPU_PERIOD]));
	(void)fputc('\n', out);
}

/* Only what has happened. */
static void events_print(const struct cgroup_use *use, FILE *out)
{
	static const struct {
		enum cgroup_figure figure;
		const char *text;
	} events[] = {
		{ USE_OOM_KILLS, "processes killed for want of memory" },
		{ USE_PIDS_REFUSED, "processes refused for pids.max" },
		{ USE_THROTTLED, "periods throttled for cpu.max" },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		uint64_t n = use->at[events[i].figure];

		if (n == 0 || n == USE_UNKNOWN)
			continue;
		label_print("Events", out);
		(void)fprintf(out, "%ju %s\n", (uintmax_t)n, events[i].text);
	}
}

/* "LABEL: Mon ... UTC, 5s ago: 2 processes (limit: 64.0M)" */
static void event_print(const struct status_event *event, const char *label, time_t now,
			bool is_count, FILE *out)
{
	char text[UNITS_MAX];

	if (event->time == 0)
		return;
	label_print(label, out);
	(void)fputs(units_time((time_t)event->time, text), out);
	if (now >= (time_t)event->time)
		(void)fprintf(out, ", %s ago", units_span((uint64_t)(now - event->time), text));
	if (event->count != USE_UNKNOWN)
		(void)fprintf(out, ": %ju process%s", (uintmax_t)event->count,
			      event->count == 1 ? "" : "es");
	if (event->limit < USE_NO_LIMIT && is_count)
		(void)fprintf(out, " (limit: %ju)", (uintmax_t)event->limit);
	else if (event->limit < USE_NO_LIMIT)
		(void)fprintf(out, " (limit: %s)", units_bytes(event->limit, text));
	(void)fputc('\n', out);
}

static void policy_print_age(const struct detail *detail, FILE *out)
{
	const char *gap = "";

	label_print("Policy", out);
	(void)fprintf(out, "%s, from %s\n", policy_age_name(detail->view->policy),
		      *detail->files ? detail->files : "-");
	for (int row = 0; row < ROW_COUNT; row++) {
		if (!detail->differs[row])
			continue;
		if (!*gap)
			label_print("Changed", out);
		(void)fprintf(out, "%s%s.%s", gap, policy_keys[row].section, policy_keys[row].name);
		gap = ", ";
	}
	if (*gap)
		(void)fputc('\n', out);
}

static void limits_print(const struct detail *detail, FILE *out)
{
	char left[UNITS_MAX];

	for (unsigned i = 0; detail->limits && i < detail->limits->n; i++) {
		const struct limit_live *limit = &detail->limits->entry[i];

		label_print(i ? "" : "Limits", out);
		(void)fprintf(out, "%s=%s", limit->key, limit->value);
		if (limit->until > detail->boottime)
			(void)fprintf(out, " (for another %s)",
				      units_span(limit->until - detail->boottime, left));
		(void)fputc('\n', out);
	}
}

static void session_print(const struct wire_state_session *session, const char *label, FILE *out)
{
	char service[sizeof(session->about.service)], tty[sizeof(session->about.tty)],
		rhost[sizeof(session->about.rhost)], when[UNITS_MAX];

	memcpy(service, session->about.service, sizeof(service));
	memcpy(tty, session->about.tty, sizeof(tty));
	memcpy(rhost, session->about.rhost, sizeof(rhost));
	label_print(label, out);
	(void)fprintf(out, "%s", *service ? text_clean(service) : "-");
	if (*tty)
		(void)fprintf(out, " on %s", text_clean(tty));
	if (*rhost)
		(void)fprintf(out, " from %s", text_clean(rhost));
	(void)fprintf(out, ", opener %d, since %s\n", (int)session->pid,
		      units_time((time_t)session->since, when));
}

static void sessions_print(const struct instance_state *state, FILE *out)
{
	char left[UNITS_MAX];

	label_print("Sessions", out);
	(void)fprintf(out, "%ju\n", (uintmax_t)state->head.n_sessions);
	for (unsigned i = 0; i < state->n; i++)
		session_print(&state->session[i], "", out);
	if ((state->head.flags & WIRE_STATE_LINGERING) && state->head.linger_left != UINT64_MAX) {
		label_print("Lingers", out);
		(void)fprintf(out, "another %s\n",
			      units_span(state->head.linger_left / 1000, left));
	}
	if (state->head.idle >= 1000) {
		label_print("Idle", out);
		(void)fprintf(out, "%s\n", units_span(state->head.idle / 1000, left));
	}
}

static void head_print(const struct view *view, time_t now, const struct table_look *look,
		       FILE *out)
{
	char text[UNITS_MAX];

	colour_put(look, COLOUR_BOLD, out);
	(void)fprintf(out, "%s", view->user);
	colour_put(look, COLOUR_NONE, out);
	(void)fprintf(out, " - instance %s, uid %u\n", view->id, (unsigned)view->record.uid);
	label_print("State", out);
	colour_put(look, view_state_colour(view->state), out);
	(void)fputs(view_state_name(view->state), out);
	colour_put(look, COLOUR_NONE, out);
	if (view->since) {
		(void)fprintf(out, " since %s", units_time(view->since, text));
		if (now >= view->since)
			(void)fprintf(out, ", %s ago",
				      units_span((uint64_t)(now - view->since), text));
	}
	(void)fputc('\n', out);
}

static void places_print(const struct detail *detail, FILE *out)
{
	const struct instance_record *record = &detail->view->record;
	const char *label = "Namespaces";

	if (record->init.pid) {
		label_print("Processes", out);
		(void)fprintf(out, "%ju, init %d, supervisor %d\n", (uintmax_t)detail->view->n_pids,
			      (int)record->init.pid, (int)record->supervisor.pid);
	}
	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		if (detail->namespaces[i] == 0)
			continue;
		if (*label)
			label_print(label, out);
		(void)fprintf(out, "%s%s:[%ju]", *label ? "" : " ", namespace_kinds[i].name,
			      (uintmax_t)detail->namespaces[i]);
		label = "";
	}
	if (!*label)
		(void)fputc('\n', out);
	for (unsigned i = 0; i < record->n_cgroups; i++) {
		label_print(i ? "" : "CGroup", out);
		(void)fprintf(out, "%s\n", record->cgroup[i].path);
	}
}

void detail_print(const struct detail *detail, time_t now, const struct table_look *look, FILE *out)
{
	head_print(detail->view, now, look, out);
	if (*detail->ended) {
		label_print("Ended", out);
		(void)fprintf(out, "%s\n", detail->ended);
	}
	if (detail->state)
		sessions_print(detail->state, out);
	policy_print_age(detail, out);
	limits_print(detail, out);
	figure_print(detail, "Memory", USE_MEMORY, USE_MEMORY_PEAK, USE_MEMORY_MAX, out);
	figure_print(detail, "Swap", USE_SWAP, USE_SWAP_PEAK, USE_SWAP_MAX, out);
	figure_print(detail, "Tasks", USE_PIDS, USE_PIDS_PEAK, USE_PIDS_MAX, out);
	cpu_print(&detail->use, out);
	events_print(&detail->use, out);
	event_print(&detail->kill, "Last kill", now, false, out);
	event_print(&detail->refusal, "Last refusal", now, true, out);
	places_print(detail, out);
}
