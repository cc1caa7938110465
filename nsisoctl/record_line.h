/* Lines of an instance's record that only people ask for. */
#ifndef NSISO_RECORD_LINE_H
#define NSISO_RECORD_LINE_H

#include <stddef.h>

/*
 * The value behind key ("KEY=") in the record of the open folder, of the last of several such lines, without what
 * must not reach a terminal; empty: there is none.
 */
void record_line(int dir, const char *key, char *ret, size_t size);

#endif
