/*
 * nsisoctl limit and apply: the limits of users that are logged in.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "actor.h"
#include "cleanup.h"
#include "errmsg.h"
#include "live.h"
#include "nsisoctl.h"
#include "policy_digest.h"
#include "policy_value.h"
#include "record_line.h"
#include "units.h"

#define FOR_MAX 2592000000 /* ms: 30 days */

static void tell_log(const char *user, int n, char **words)
{
	char actor[64];

	actor_name(actor, sizeof(actor));
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	for (int i = 0; i < n; i++)
		syslog(LOG_NOTICE, "limit set: user=%s %s by=%s", user, text_clean(words[i]),
		       actor);
	closelog();
}

static void limits_print(const struct limits_live *limits)
{
	const uint64_t now = limits_live_now();
	char left[UNITS_MAX];

	for (unsigned i = 0; i < limits->n; i++) {
		const struct limit_live *limit = &limits->entry[i];

		(void)printf("%s=%s", limit->key, limit->value);
		if (limit->until > now)
			(void)printf(" (for another %s)", units_span(limit->until - now, left));
		(void)putchar('\n');
	}
}

/* "KEY=VALUE"; "KEY=" takes the limit away, "KEY=-" gives back the policy's. */
static int word_read(struct limits_live *limits, const char *word, uint64_t until, struct errmsg *e)
{
	const char *equals = strchr(word, '=');
	AUTO_FREE char *key = equals ? strndup(word, (size_t)(equals - word)) : NULL;

	if (!key)
		return errmsg_setx(e, -EINVAL, "'%s' is not KEY=VALUE", word);
	return limits_live_set(limits, key, strcmp(equals + 1, "-") == 0 ? NULL : equals + 1, until,
			       e);
}

static int limit(const char *user, char **words, uint64_t until, struct errmsg *e)
{
	AUTO_FREE struct live *live = calloc(1, sizeof(*live));
	int r = live ? live_open(user, live, e) : errmsg_set(e, -ENOMEM, "cannot set limits");

	if (!live)
		return r;
	for (char **word = words; r == 0 && *word; word++)
		r = word_read(&live->limits, *word, until, e);
	if (r == 0 && *words)
		r = live_set(live, e);
	if (r == 0 && !*words)
		limits_print(&live->limits);
	live_close(live);
	return r;
}

int cmd_limit(int argc, char **argv)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct errmsg e = { 0 };
	uint64_t until = 0;
	uint32_t ms = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'f')
			return usage_print("limit");
		if (value_duration(optarg, FOR_MAX, &ms, &e) < 0 || ms == 0) {
			(void)fprintf(stderr, "nsisoctl: --for: %s\n", e.code ? e.text : "no time");
			return STATUS_USAGE;
		}
		until = limits_live_now() + (ms + 999) / 1000;
	}
	if (optind == argc || (until && optind + 1 == argc))
		return usage_print("limit");
	if (limit(argv[optind], &argv[optind + 1], until, &e) < 0)
		return error_print(&e);
	tell_log(argv[optind], argc - optind - 1, &argv[optind + 1]);
	return STATUS_OK;
}

static void keys_print(const struct view *view, const bool differs[ROW_COUNT],
		       enum policy_hold hold, const char *when)
{
	const char *gap = "";

	for (int row = 0; row < ROW_COUNT; row++) {
		if (!differs[row] || policy_age_hold(row) != hold)
			continue;
		if (!*gap)
			(void)printf("%s %s: from the next %s on: ", view->user, view->id, when);
		(void)printf("%s%s.%s", gap, policy_keys[row].section, policy_keys[row].name);
		gap = ", ";
	}
	if (*gap)
		(void)putchar('\n');
}

/* What of a changed policy is not in force for who is logged in. */
static void tell_rest(const struct view *view)
{
	struct errmsg ignored;
	AUTO_CLOSE int dir = view_open(view, &ignored);
	char keys[POLICY_DIGEST_KEYS_MAX] = "";
	bool differs[ROW_COUNT];

	if (dir >= 0)
		record_line(dir, "keys=", keys, sizeof(keys));
	if (policy_age_keys(&view->record, keys, differs) == 0)
		(void)printf("%s %s: the policy has changed; but for limits it holds from the next "
			     "instance on\n",
			     view->user, view->id);
	keys_print(view, differs, HOLD_NEXT_SESSION, "session");
	keys_print(view, differs, HOLD_NEXT_INSTANCE, "instance");
}

static int apply(const char *user, struct errmsg *e)
{
	AUTO_FREE struct live *live = calloc(1, sizeof(*live));
	int r = live ? live_open(user, live, e) : errmsg_set(e, -ENOMEM, "cannot apply limits");

	if (!live)
		return r;
	if (r == 0)
		r = live_apply(live, e);
	/* What is over is forgotten. */
	if (r == 0)
		r = limits_live_write(live->dir, &live->limits, e);
	for (size_t i = 0; r == 0 && i < live->views.n; i++)
		if (live->views.view[i].policy == POLICY_STALE)
			tell_rest(&live->views.view[i]);
	live_close(live);
	return r;
}

static int apply_all(void)
{
	struct errmsg e = { 0 };
	int status = STATUS_OK;
	struct views views;

	if (views_read(NULL, &views, &e) < 0)
		return error_print(&e);
	for (size_t i = 0; i < views.n; i++) {
		if (i && strcmp(views.view[i].user, views.view[i - 1].user) == 0)
			continue;
		/* Who has left meanwhile needs no limits. */
		if (apply(views.view[i].user, &e) < 0 && e.code != -ENOENT) {
			(void)fprintf(stderr, "nsisoctl: user %s: %s\n", views.view[i].user,
				      e.text);
			status = STATUS_FAULT;
		}
	}
	views_done(&views);
	return status;
}

int cmd_apply(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	struct errmsg e = { 0 };
	bool is_all = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'a')
			return usage_print("apply");
		is_all = true;
	}
	if (optind + !is_all != argc)
		return usage_print("apply");
	if (is_all)
		return apply_all();
	if (apply(argv[optind], &e) == 0)
		return STATUS_OK;
	return error_print(&e);
}
