/*
 * Telling the admin of a user's processes outside of the new instance: here and not in the opener, whose
 * login must not wait for a walk of all processes.
 */
#include <syslog.h>

#include "errmsg.h"
#include "outside.h"
#include "supervisor.h"

void supervisor_warn_outside(uid_t uid, const char *user, const char *id)
{
	char text[ERRMSG_MAX / 2];
	struct outside found;
	struct errmsg ignored;

	if (outside_find(uid, &found, &ignored) < 0 || found.n == 0)
		return;
	outside_print(&found, text, sizeof(text));
	syslog(LOG_WARNING, "process outside: user=%s id=%s reason=%s", user, id, text);
}
