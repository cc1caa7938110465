/*
 * nsisoctl status: all that is known of a user's instances.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "detail.h"
#include "errmsg.h"
#include "json.h"
#include "nsisoctl.h"
#include "policy_digest.h"
#include "record_line.h"

#define ANSWER_TIMEOUT 500 /* ms for a supervisor to answer */

static void namespaces_read(pid_t init, uint64_t ret[NAMESPACE_KINDS])
{
	struct stat st;
	char path[48];

	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)init,
			       namespace_kinds[i].name);
		ret[i] = init && stat(path, &st) == 0 ? st.st_ino : 0;
	}
}

static void record_read(int dir, struct detail *ret)
{
	char keys[POLICY_DIGEST_KEYS_MAX];

	record_line(dir, "files=", ret->files, sizeof(ret->files));
	record_line(dir, "end=", ret->ended, sizeof(ret->ended));
	record_line(dir, "keys=", keys, sizeof(keys));
	if (ret->view->policy == POLICY_STALE)
		(void)policy_age_keys(&ret->view->record, keys, ret->differs);
}

/* Root's folder and file, which the instance cannot write. */
static void events_read(int dir, struct detail *ret)
{
	AUTO_CLOSE int in = openat(dir, "in", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd = openat(in, "events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct status status = { .since = 0 };
	char line[1024];

	if (!file) {
		close_fd(&fd);
		return;
	}
	while (fgets(line, sizeof(line), file))
		status_take_event(&status, line);
	(void)fclose(file);
	ret->kill = status.kill;
	ret->refusal = status.refusal;
}

/* A file that is not as it must be is nsisoctl limit's to tell. */
static void limits_read(int dir, struct limits_live *limits, struct detail *ret)
{
	AUTO_CLOSE int user = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct errmsg ignored;

	ret->boottime = limits_live_now();
	if (user < 0 || limits_live_read(user, limits, &ignored) < 0)
		return;
	(void)limits_live_expire(limits, ret->boottime);
	ret->limits = limits;
}

static void print(const struct detail *detail, bool is_first, struct json *json)
{
	struct table_look look = table_look_at(stdout);

	if (json) {
		detail_print_json(detail, json);
		return;
	}
	if (!is_first)
		(void)putchar('\n');
	detail_print(detail, time(NULL), &look, stdout);
}

static int status_show(const struct view *view, bool is_first, struct json *json, struct errmsg *e)
{
	AUTO_FREE struct instance_state *state = malloc(sizeof(*state));
	AUTO_FREE struct limits_live *limits = malloc(sizeof(*limits));
	AUTO_CLOSE int dir = view_open(view, e);
	struct detail detail = { .view = view };
	struct errmsg ignored;

	/* Gone since the walk. */
	if (dir == -ENOENT)
		return 0;
	if (dir < 0 || !state || !limits)
		return dir < 0 ? dir : errmsg_set(e, -ENOMEM, "cannot ask instance %s", view->id);
	if (view->record.supervisor.pid && view->state != VIEW_DEAD &&
	    instance_ask_state(dir, state, wire_now() + ANSWER_TIMEOUT, &ignored) == 0)
		detail.state = state;
	record_read(dir, &detail);
	events_read(dir, &detail);
	limits_read(dir, limits, &detail);
	cgroup_use_of(&view->record, &detail.use);
	if (view->state != VIEW_DEAD)
		namespaces_read(view->record.init.pid, detail.namespaces);
	print(&detail, is_first, json);
	return 0;
}

static int status(const char *name, bool is_json, struct errmsg *e)
{
	struct json json;
	struct views views;
	int r = views_find(name, &views, e);

	if (r < 0)
		return r;
	json_init(&json, stdout);
	if (is_json)
		json_array(&json, NULL);
	for (size_t i = 0; r == 0 && i < views.n; i++)
		r = status_show(&views.view[i], i == 0, is_json ? &json : NULL, e);
	if (is_json)
		json_close(&json);
	views_done(&views);
	return r;
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct errmsg e = { 0 };
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return usage_print("status");
		is_json = true;
	}
	if (optind + 1 != argc)
		return usage_print("status");
	if (status(argv[optind], is_json, &e) == 0)
		return STATUS_OK;
	return error_print(&e);
}
