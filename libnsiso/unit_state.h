/*
 * What was changed of user-UID.slice, kept in the file ".unit" of the user's state folder for as long as it is
 * changed: one line a property, "NAME own|foreign VALUE", with the value that it had before.  Written before
 * the change, so that whoever finds it can take the change back.
 */
#ifndef NSISO_UNIT_STATE_H
#define NSISO_UNIT_STATE_H

#include <sys/types.h>

#include "unit_value.h"

struct errmsg;

/* Without the file: none. */
int unit_state_read(int user_dir, struct unit_values *ret, struct errmsg *e);
/* Without values: no file. */
int unit_state_write(int user_dir, const struct unit_values *values, struct errmsg *e);

#endif
