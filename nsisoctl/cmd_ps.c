/*
 * nsisoctl ps and tree: the processes of instances, as the host and as they themselves number them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errmsg.h"
#include "nsisoctl.h"
#include "process_list.h"

/* The process lists of all views, one behind the other. */
static int lists_join(const struct views *views, struct process_list *ret, struct errmsg *e)
{
	*ret = (struct process_list){ .n = 0 };
	for (size_t i = 0; i < views->n; i++) {
		struct process_list list;
		void *info;

		if (process_list_read(&views->view[i], &list, e) < 0)
			return e->code;
		if (list.n == 0)
			continue;
		info = reallocarray(ret->info, ret->n + list.n, sizeof(ret->info[0]));
		if (!info) {
			process_list_done(&list);
			return errmsg_set(e, -ENOMEM, "cannot list the processes");
		}
		ret->info = info;
		memcpy(&ret->info[ret->n], list.info, list.n * sizeof(list.info[0]));
		ret->n += list.n;
		process_list_done(&list);
	}
	return 0;
}

static int ps_print(const struct views *views, struct errmsg *e)
{
	struct table_look look = table_look_at(stdout);
	struct process_list list;
	int r = lists_join(views, &list, e);

	if (r == 0) {
		r = process_list_print(&list, &look, stdout);
		if (r < 0)
			(void)errmsg_set(e, r, "cannot print the processes");
	}
	process_list_done(&list);
	return r;
}

static int tree_print(const struct views *views, struct errmsg *e)
{
	struct table_look look = table_look_at(stdout);

	for (size_t i = 0; i < views->n; i++) {
		struct process_list list;
		int r = process_list_read(&views->view[i], &list, e);

		if (r < 0)
			return r;
		r = process_tree_print(&views->view[i], &list, &look, stdout);
		process_list_done(&list);
		if (r < 0)
			return errmsg_set(e, r, "cannot print the processes");
	}
	return 0;
}

static int run(const char *name, int (*print)(const struct views *views, struct errmsg *e))
{
	struct errmsg e = { 0 };
	struct views views;
	int r = name ? views_find(name, &views, &e) : views_read(NULL, &views, &e);

	if (r == 0)
		r = print(&views, &e);
	views_done(&views);
	if (r == 0)
		return STATUS_OK;
	return error_print(&e);
}

int cmd_ps(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1 || optind + 1 != argc)
		return usage_print("ps");
	return run(argv[optind], ps_print);
}

int cmd_tree(int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1 || optind + 1 < argc)
		return usage_print("tree");
	return run(argv[optind], tree_print);
}
