/*
 * A page that is shown again and again in a terminal: for list --watch and top.
 */
#ifndef NSISO_WATCH_H
#define NSISO_WATCH_H

#include <stdbool.h>
#include <stdio.h>

#include "table.h"

struct errmsg;

/* Writes the page; is_due: a delay is over, and not only a key was hit or the terminal's size changed.  0 or -errno. */
typedef int watch_page(void *ctx, bool is_due, FILE *out, const struct table_look *look,
		       struct errmsg *e);
/* Told of a key but q; the page is shown again then. */
typedef void watch_key(void *ctx, char key);

struct watch {
	watch_page *page;
	watch_key *key; /* may be NULL */
	void *ctx;
	unsigned delay; /* ms between two pages */
	unsigned count; /* pages that are due until it ends; 0: no end */
};

/*
 * Shows the page until q, Ctrl-C or any signal that ends programs; the terminal is what it was before, then, and also
 * while Ctrl-Z holds it.  stdin and stdout must be a terminal.  0 or -errno.
 */
int watch_run(const struct watch *watch, struct errmsg *e);

#endif
