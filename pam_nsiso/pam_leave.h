/*
 * [session] su=: a session for root that real root opens inside of an instance.  What is to become of it
 * stands in the run folder of the instance, where root alone can read it.
 */
#ifndef NSISO_PAM_LEAVE_H
#define NSISO_PAM_LEAVE_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "facts.h"

struct errmsg;

/*
 * Whether this process is real root in an instance that does not let root's sessions be; -errno.  The root of a
 * user namespace is not: the host's root is not mapped there.
 */
int pam_leave_is_due(struct errmsg *e);
/*
 * For such a process: with su = refuse -EPERM and what the user is told into *told, with su = leave out of all
 * namespaces and cgroups of the instance, into those of its supervisor and of the login that made it.  The
 * instance does not take notice.  0: logged; on failure before the last steps the process is where it was.
 */
int pam_leave_run(pam_handle_t *pamh, const struct facts *facts, const char **told,
		  struct errmsg *e);
/* At the end of a session: true, and logged, if it is one that has left. */
bool pam_leave_close(pam_handle_t *pamh);

#endif
