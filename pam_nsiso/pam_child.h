/* The privileged child of an opener that calls setcred inside the session (sshd's user process). */
#ifndef NSISO_PAM_CHILD_H
#define NSISO_PAM_CHILD_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "opener.h"

/* Marks this process as the opener; -errno.  Undone by pam_child_unmark(), also of what was not marked. */
int pam_child_mark(struct session *session, struct errmsg *e);
void pam_child_unmark(struct session *session);
/* Whether this process is not the one that opened the session. */
bool pam_child_is(const struct session *session);
/*
 * Drops the bounding set and sets no_new_privs as the policy says, and reads both back.  On failure the
 * process ends with status 254, because callers ignore what setcred returns (sshd with public keys) and would
 * go on.
 */
void pam_child_finish(pam_handle_t *pamh, const struct session *session);

#endif
