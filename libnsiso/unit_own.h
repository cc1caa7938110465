/* What the parts of unit share: one change of limits, from what is there to what is wanted. */
#ifndef NSISO_UNIT_OWN_H
#define NSISO_UNIT_OWN_H

#include "unit.h"
#include "unit_state.h"

struct unit_change {
	const struct unit_user *user;
	char slice[NSISO_PATH_MAX];
	char folder[NSISO_PATH_MAX]; /* of the slice, in the hierarchy */
	struct unit_bus *bus;        /* NULL: not needed so far */
	struct unit_values owned;    /* what was changed before, with the values from before that */
	struct unit_values wanted;
};

void unit_change_begin(const struct unit_user *user, struct unit_change *ret);
void unit_change_end(struct unit_change *change);
int unit_change_open(struct unit_change *change, struct errmsg *e);
/* Keeps what the wanted properties are now, for those not yet owned; then sets them, and gives back the rest. */
int unit_change_set(struct unit_change *change, struct errmsg *e);
/* What systemd has no property for; the slice is active. */
int unit_change_write_files(const struct unit_change *change, struct errmsg *e);
/* Forgets what is owned and not wanted, with the files that systemd keeps it in. */
int unit_change_forget(struct unit_change *change, struct errmsg *e);
/* Whether what is owned are the wanted properties and no other ones. */
bool unit_change_is_known(const struct unit_change *change);

/* The folder of the cgroup that this process is in, "" when the host has no version 2. */
int unit_own_folder(char *ret, size_t size, struct errmsg *e);
bool unit_is_below(const char *path, const char *folder);

/* Whether all of the user (session: of one session) are in force in the folder. */
bool unit_limits_hold(const char *folder, const struct unit_limit *limits, unsigned n,
		      bool session);
/* The same, with the first that is not as an error, after a warning for those that are optional. */
int unit_limits_verify(const struct unit_user *user, const char *folder,
		       const struct unit_limit *limits, unsigned n, bool session, struct errmsg *e);

/* A file of a cgroup; its first lines without the last line's end. */
int unit_file_read(const char *folder, const char *name, char *ret, size_t size);
int unit_file_write(const char *folder, const char *name, const char *text);

#endif
