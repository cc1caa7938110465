/* The list of instances as text, apart from where it comes from and goes to. */
#ifndef NSISO_LIST_H
#define NSISO_LIST_H

#include <stdio.h>

#include "table.h"
#include "view.h"

/* 0 or -errno. */
int list_print(const struct views *views, const struct table_look *look, FILE *out);
void list_print_json(const struct views *views, FILE *out);

#endif
