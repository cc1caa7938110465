/*
 * Which file of the policy folder an admin means.
 */
#ifndef NSISO_TARGET_H
#define NSISO_TARGET_H

#include "nsiso.h"

struct errmsg;

struct target {
	char file[64];             /* below the policy folder: "users.d/alice.conf" */
	char user[NSISO_USER_MAX]; /* whose file it is; empty: not a user's own */
};

/* The folder, "users.d", and the name in it; "." for default.conf. */
void target_split(const struct target *target, char ret_folder[16], const char **ret_name);
/* "default", "conf.d/NAME", "users.d/NAME" or "NAME" of a user, with or without ".conf".  0 or -EINVAL. */
int target_parse(const char *text, struct target *ret, struct errmsg *e);
/* What a draft is for, by the last parts of its path; else it is the user's own file. */
int target_of_path(const char *path, const char *user, struct target *ret, struct errmsg *e);

#endif
