/* Processes that the supervisor starts and forgets; see detach() in supervisor_parts.h. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "supervisor_parts.h"

static void complain(const struct supervisor *s, const char *what)
{
	syslog(LOG_ERR, "%s: user=%s id=%s reason=cannot fork: %s", what, s->user, s->id,
	       strerror(errno));
}

bool detach(const struct supervisor *s, const char *what)
{
	const pid_t child = fork();

	if (child == 0) {
		const pid_t grandchild = fork();

		if (grandchild == 0)
			return true;
		if (grandchild < 0)
			complain(s, what);
		_exit(0);
	}
	if (child < 0)
		complain(s, what);
	else
		(void)waitpid(child, NULL, 0);
	return false;
}
