/*
 * A page that is shown again and again in a terminal: for list --watch and top.
 */
#ifndef NSISO_WATCH_H
#define NSISO_WATCH_H

#include <stdio.h>

#include "table.h"

struct errmsg;

/* Writes the page; 0 or -errno. */
typedef int watch_page(void *ctx, FILE *out, const struct table_look *look, struct errmsg *e);

/*
 * Shows the page each second until q, Ctrl-C or a signal that ends programs; the terminal is what it was before,
 * then.  stdin and stdout must be a terminal.  0 or -errno.
 */
int watch_run(watch_page *page, void *ctx, struct errmsg *e);

#endif
