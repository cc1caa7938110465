/* Outputs that are compared byte by byte with a file. */
#ifndef NSISO_TESTS_GOLDEN_H
#define NSISO_TESTS_GOLDEN_H

#include <stdio.h>

/*
 * One test: what print writes is tests/golden/ctl/NAME.want.  UPDATE=1 rewrites the file: read the difference before
 * you commit it.
 */
void golden_check(const char *name, void (*print)(FILE *out));

#endif
