/*
 * nsisoctl list: all instances, a line each.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "errmsg.h"
#include "list.h"
#include "nsisoctl.h"
#include "watch.h"

#define WATCH_DELAY 1000 /* ms */

enum { OPTION_JSON = 256, OPTION_WATCH };

/* Once, or each time that the watch asks. */
static int show(void *ctx, bool is_due, FILE *out, const struct table_look *look, struct errmsg *e)
{
	const bool *is_json = ctx;
	struct views views;
	int r = views_read(NULL, &views, e);

	(void)is_due;
	if (r < 0)
		return r;
	if (*is_json)
		list_print_json(&views, out);
	else
		r = list_print(&views, look, out);
	views_done(&views);
	return r < 0 ? errmsg_set(e, r, "cannot print the list") : 0;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "watch", no_argument, NULL, OPTION_WATCH },
		{ NULL, 0, NULL, 0 },
	};
	struct table_look look = table_look_at(stdout);
	struct watch watch = { .page = show, .delay = WATCH_DELAY };
	bool is_json = false, is_watching = false;
	struct errmsg e = { 0 };
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_JSON)
			is_json = true;
		else if (option == OPTION_WATCH)
			is_watching = true;
		else
			return usage_print("list");
	}
	if (optind != argc || (is_json && is_watching))
		return usage_print("list");
	watch.ctx = &is_json;
	r = is_watching ? watch_run(&watch, &e) : show(&is_json, true, stdout, &look, &e);
	if (r == 0)
		return STATUS_OK;
	return error_print(&e);
}
