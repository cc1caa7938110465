/* All that is known of one instance, for programs; see detail.h. */
#include <string.h>

#include "detail.h"
#include "json.h"

static void known_put(struct json *json, const char *key, uint64_t number)
{
	if (number >= USE_NO_LIMIT)
		json_null(json, key);
	else
		json_number(json, key, number);
}

/* Fixed fields that need not have an end. */
static void field_put(struct json *json, const char *key, const char *field, size_t size)
{
	char text[sizeof(struct wire_session)];

	(void)snprintf(text, sizeof(text), "%.*s", (int)size, field);
	json_text(json, key, text);
}

static void sessions_put(const struct instance_state *state, struct json *json)
{
	if (!state) {
		json_null(json, "sessions");
		return;
	}
	json_array(json, "sessions");
	for (unsigned i = 0; i < state->n; i++) {
		const struct wire_state_session *session = &state->session[i];
		const struct wire_session *about = &session->about;

		json_object(json, NULL);
		field_put(json, "service", about->service, sizeof(about->service));
		field_put(json, "tty", about->tty, sizeof(about->tty));
		field_put(json, "rhost", about->rhost, sizeof(about->rhost));
		json_number(json, "opener", (uint64_t)session->pid);
		json_number(json, "since", session->since);
		json_close(json);
	}
	json_close(json);
}

static void policy_put(const struct detail *detail, struct json *json)
{
	char name[128];

	json_text(json, "files", *detail->files ? detail->files : NULL);
	if (detail->view->policy == POLICY_AGE_UNKNOWN)
		json_null(json, "stale");
	else
		json_bool(json, "stale", detail->view->policy == POLICY_STALE);
	json_array(json, "changed");
	for (int row = 0; row < ROW_COUNT; row++) {
		if (!detail->differs[row])
			continue;
		(void)snprintf(name, sizeof(name), "%s.%s", policy_keys[row].section,
			       policy_keys[row].name);
		json_text(json, NULL, name);
	}
	json_close(json);
}

static void limits_put(const struct detail *detail, struct json *json)
{
	json_array(json, "limits");
	for (unsigned i = 0; detail->limits && i < detail->limits->n; i++) {
		const struct limit_live *limit = &detail->limits->entry[i];

		json_object(json, NULL);
		json_text(json, "key", limit->key);
		json_text(json, "value", limit->value);
		known_put(json, "left",
			  limit->until > detail->boottime ? limit->until - detail->boottime :
							    USE_UNKNOWN);
		json_close(json);
	}
	json_close(json);
}

/* What is not limited is null, as is what the kernel does not say. */
static void use_put(const struct cgroup_use *use, struct json *json)
{
	json_object(json, "use");
	for (enum cgroup_figure figure = 0; figure < USE_COUNT; figure++)
		known_put(json, cgroup_use_name(figure), use->at[figure]);
	json_close(json);
}

static void event_put(struct json *json, const char *key, const struct status_event *event)
{
	if (event->time == 0) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	json_number(json, "time", (uint64_t)event->time);
	known_put(json, "count", event->count);
	known_put(json, "limit", event->limit);
	json_close(json);
}

static void places_put(const struct detail *detail, struct json *json)
{
	const struct instance_record *record = &detail->view->record;

	known_put(json, "init", record->init.pid ? (uint64_t)record->init.pid : USE_UNKNOWN);
	known_put(json, "supervisor",
		  record->supervisor.pid ? (uint64_t)record->supervisor.pid : USE_UNKNOWN);
	json_object(json, "namespaces");
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		known_put(json, namespace_kinds[i].name,
			  detail->namespaces[i] ? detail->namespaces[i] : USE_UNKNOWN);
	json_close(json);
	json_array(json, "cgroups");
	for (unsigned i = 0; i < record->n_cgroups; i++)
		json_text(json, NULL, record->cgroup[i].path);
	json_close(json);
}

void detail_print_json(const struct detail *detail, struct json *json)
{
	const struct view *view = detail->view;
	const struct instance_state *state = detail->state;
	bool lingers = state && (state->head.flags & WIRE_STATE_LINGERING);

	json_object(json, NULL);
	json_text(json, "user", view->user);
	json_text(json, "id", view->id);
	known_put(json, "uid",
		  view->record.uid == (uid_t)-1 ? USE_UNKNOWN : (uint64_t)view->record.uid);
	json_text(json, "state", view_state_name(view->state));
	known_put(json, "since", view->since ? (uint64_t)view->since : USE_UNKNOWN);
	json_text(json, "ended", *detail->ended ? detail->ended : NULL);
	sessions_put(state, json);
	known_put(json, "linger_left", lingers ? state->head.linger_left / 1000 : USE_UNKNOWN);
	known_put(json, "idle", state ? state->head.idle / 1000 : USE_UNKNOWN);
	policy_put(detail, json);
	limits_put(detail, json);
	use_put(&detail->use, json);
	event_put(json, "last_kill", &detail->kill);
	event_put(json, "last_refusal", &detail->refusal);
	json_number(json, "pids", view->n_pids);
	places_put(detail, json);
	json_close(json);
}
