/* Whose session this is, through what, and whether it is to be isolated. */
#ifndef NSISO_PAM_DECIDE_H
#define NSISO_PAM_DECIDE_H

#include <security/pam_modules.h>
#include <stddef.h>

#include "facts.h"
#include "pam_args.h"
#include "policy.h"

struct errmsg;

/*
 * Fills facts of who logs in through what, and with an id.  0; 1: not to be isolated (logged), whatever
 * arguments and policy are: root, who is inside already, and everybody while isolation is switched off (see
 * override.h); 2: root, inside of an instance that does not let root be, see pam_leave.h; -errno: refuse.
 */
int pam_decide_user(pam_handle_t *pamh, struct facts *facts, struct errmsg *e);
/*
 * Fills policy.  0: isolate; 1: not (logged: exempt, mode=off, no policy); 2: not, but to be
 * observed (mode=observe); -errno: refuse.  Who is exempt by
 * a file of his own is so whatever faults the other files have.
 * Every fault of the policy is logged.
 */
int pam_decide_policy(pam_handle_t *pamh, const struct pam_args *args, const struct facts *facts,
		      struct policy *policy, struct errmsg *e);

#endif
