/*
 * Changing single keys in the text of a policy file: comments, order and blanks stay.
 */
#ifndef NSISO_INI_EDIT_H
#define NSISO_INI_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct errmsg;
struct policy_key;

/*
 * *text, a string from malloc(3), with the key set to that value, in its section, which is added if need be.  With
 * is_optional the key gets the mark "?".  0, or -ENOMEM.
 */
int ini_set(char **text, const struct policy_key *key, const char *value, bool is_optional,
	    struct errmsg *e);
/* 1: without the key; 0: it was not there; -ENOMEM. */
int ini_unset(char **text, const struct policy_key *key, struct errmsg *e);

#endif
