/* mode=observe: what a login would come to, for the log alone. */
#ifndef NSISO_PAM_OBSERVE_H
#define NSISO_PAM_OBSERVE_H

#include <security/pam_modules.h>

#include "opener.h"

/*
 * Decides and plans for o->facts and o->policy as a login does, changes nothing, and logs what would have been
 * done, or why it would have been refused.
 */
void pam_observe(pam_handle_t *pamh, struct opener *o);

#endif
