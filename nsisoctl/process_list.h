/* The processes of instances as text, apart from where they come from and go to. */
#ifndef NSISO_PROCESS_LIST_H
#define NSISO_PROCESS_LIST_H

#include <stddef.h>
#include <stdio.h>

#include "process_info.h"
#include "table.h"
#include "view.h"

struct errmsg;

struct process_list {
	size_t n;
	struct process_info *info; /* by pid */
};

/* Those of an instance that live; 0 or -errno. */
int process_list_read(const struct view *view, struct process_list *ret, struct errmsg *e);
void process_list_done(struct process_list *list);

/* As a table; 0 or -errno. */
int process_list_print(const struct process_list *list, const struct table_look *look, FILE *out);
/* As a tree below a line for the instance; 0 or -errno. */
int process_tree_print(const struct view *view, const struct process_list *list,
		       const struct table_look *look, FILE *out);

#endif
