/* The privileged child of an opener; see pam_child.h. */
#include "pam_child.h"

#include <security/pam_ext.h>
#include <syslog.h>
#include <unistd.h>

#include "caps.h"
#include "errmsg.h"

#define STATUS_REFUSED 254 /* sshd's own status for a session that PAM refused */

/* By parent too: a number inside may by chance be the opener's own number outside. */
bool pam_child_is(const struct session *session)
{
	return getpid() != session->opener || getppid() != session->parent;
}

void pam_child_finish(pam_handle_t *pamh, const struct session *session)
{
	struct errmsg e;

	if (caps_drop(session->bounding, session->no_new_privs, &e) < 0) {
		pam_syslog(pamh, LOG_ERR, "session ended: id=%s reason=%s", session->id, e.text);
		_exit(STATUS_REFUSED);
	}
	/* The descriptor's number stays in the data; it is not used here again. */
	(void)close(session->conn);
}
