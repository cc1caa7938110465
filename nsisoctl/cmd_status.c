/*
 * nsisoctl status: all that is known of a user's instances.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "detail.h"
#include "errmsg.h"
#include "nsisoctl.h"

#define ANSWER_TIMEOUT 500 /* ms for a supervisor to answer */

static void namespaces_read(pid_t init, uint64_t ret[DETAIL_NAMESPACES])
{
	struct stat st;
	char path[48];

	for (size_t i = 0; i < DETAIL_NAMESPACES; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)init,
			       detail_namespaces[i]);
		ret[i] = init && stat(path, &st) == 0 ? st.st_ino : 0;
	}
}

/* A line of the record by its key, "KEY="; the last one of several. */
static void line_read(const char *text, const char *key, char *ret, size_t size)
{
	const char *line = text;

	while (line) {
		if (strncmp(line, key, strlen(key)) == 0)
			(void)snprintf(ret, size, "%.*s", (int)strcspn(line + strlen(key), "\n"),
				       line + strlen(key));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	(void)text_clean(ret);
}

static void record_read(int dir, struct detail *ret)
{
	AUTO_CLOSE int fd = openat(dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return;
	text[n] = '\0';
	line_read(text, "files=", ret->files, sizeof(ret->files));
	line_read(text, "end=", ret->ended, sizeof(ret->ended));
}

static int status_show(const struct view *view, struct errmsg *e)
{
	struct table_look look = table_look_at(stdout);
	AUTO_FREE struct instance_state *state = malloc(sizeof(*state));
	AUTO_CLOSE int dir = view_open(view, e);
	struct detail detail = { .view = view };
	struct process init = view->record.init;
	struct errmsg ignored;

	/* Gone since the walk. */
	if (dir == -ENOENT)
		return 0;
	if (dir < 0 || !state)
		return dir < 0 ? dir : errmsg_set(e, -ENOMEM, "cannot ask instance %s", view->id);
	if (view->record.supervisor.pid && view->state != VIEW_DEAD &&
	    instance_ask_state(dir, state, wire_now() + ANSWER_TIMEOUT, &ignored) == 0)
		detail.state = state;
	record_read(dir, &detail);
	cgroup_use_of(&view->record, &detail.use);
	if (view->state != VIEW_DEAD)
		namespaces_read(init.pid, detail.namespaces);
	detail_print(&detail, time(NULL), &look, stdout);
	return 0;
}

int cmd_status(int argc, char **argv)
{
	struct errmsg e = { 0 };
	struct views views;
	int r;

	if (getopt(argc, argv, "") != -1 || optind + 1 != argc)
		return usage_print("status");
	r = views_find(argv[optind], &views, &e);
	for (size_t i = 0; r == 0 && i < views.n; i++) {
		if (i)
			(void)putchar('\n');
		r = status_show(&views.view[i], &e);
	}
	views_done(&views);
	if (r == 0)
		return STATUS_OK;
	(void)fprintf(stderr, "nsisoctl: %s\n", e.text);
	return STATUS_FAULT;
}
