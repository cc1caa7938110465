/*
 * Keys as admins name them on a command line.
 */
#ifndef NSISO_KEY_NAME_H
#define NSISO_KEY_NAME_H

#include <stddef.h>

struct errmsg;
struct policy_key;

/*
 * "SECTION.KEY", or "KEY" where one section alone has it; NULL with a sentence that says what there is, e->code
 * being -EINVAL.
 */
const struct policy_key *key_name_find(const char *name, size_t len, struct errmsg *e);

#endif
