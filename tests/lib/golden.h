/* Outputs that are compared byte by byte with a file. */
#ifndef NSISO_TESTS_GOLDEN_H
#define NSISO_TESTS_GOLDEN_H

#include <stdio.h>

#define GOLDEN_MAX 65536 /* bytes of a text, with its end */

struct facts;

/* Of alice's login by ssh, which all plans that are compared are made for. */
extern const struct facts golden_facts;

/* A whole file; ends the program when it can't be read. */
void golden_read(const char *path, char ret[GOLDEN_MAX]);
/*
 * One test: have is what the file says.  UPDATE=1 rewrites the file: read the difference before you commit it.
 */
void golden_compare(const char *path, const char *have);
/* The same for what print writes, and tests/golden/ctl/NAME.want. */
void golden_check(const char *name, void (*print)(FILE *out));

#endif
