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
 * Fills facts and policy.  0: isolate; 1: not (logged: root, exempt, mode=off, no policy, already inside);
 * -errno: refuse.  Every fault of the policy is logged.
 */
int pam_decide(pam_handle_t *pamh, const struct pam_args *args, struct facts *facts,
	       struct policy *policy, struct errmsg *e);
/* The names of the files that made the policy, separated by commas, cut to size. */
void pam_decide_files(const struct policy *policy, char *ret, size_t size);

#endif
