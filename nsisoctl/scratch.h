/*
 * A private copy of a file to be edited, in a folder that nobody else can enter.
 */
#ifndef NSISO_SCRATCH_H
#define NSISO_SCRATCH_H

#include <stddef.h>

struct errmsg;

struct scratch {
	char folder[256];
	char path[512]; /* of the copy */
};

int scratch_make(const char *name, const char *text, size_t len, struct scratch *ret,
		 struct errmsg *e);
/* What the editor has left; *ret is for free(). */
int scratch_read(const struct scratch *scratch, char **ret, size_t *ret_len, struct errmsg *e);
/* With all that editors leave beside it. */
void scratch_remove(const struct scratch *scratch);

#endif
