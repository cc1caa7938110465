/*
 * Lists of paths: making them from the text of a value, and writing them back.
 * Items are separated by spaces; a space in a path is written "\ ", a backslash "\\".
 */
#ifndef NSISO_POLICY_LIST_H
#define NSISO_POLICY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy.h"

struct errmsg;

enum policy_list_kind {
	LIST_PATHS,       /* a leading "-" is allowed */
	LIST_PATHS_PLAIN, /* it is not */
	LIST_BINDS,       /* SRC:DST[:ro], a leading "-" is allowed */
};

/*
 * 0, or -EINVAL with a sentence and *at, the place in text; then *ret is untouched.  An item that
 * is there twice is a fault.
 */
int policy_list_read(const char *text, enum policy_list_kind kind, struct policy_list *ret,
		     size_t *at, struct errmsg *e);
/* As policy_list_read() takes it. */
void policy_list_write(const struct policy_list *list, FILE *out);
/* The target of an item of a list of binds, and its length. */
const char *policy_bind_target(const char *item, size_t *ret_len);

#endif
