/* Processes that the supervisor starts and forgets; see detach() in supervisor_parts.h. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "supervisor_parts.h"

bool detach(const struct supervisor *s, const char *what)
{
	const pid_t child = fork();

	if (child == 0) {
		if (fork() == 0)
			return true;
		_exit(0);
	}
	if (child < 0)
		syslog(LOG_ERR, "%s: user=%s id=%s reason=cannot fork: %s", what, s->user, s->id,
		       strerror(errno));
	else
		(void)waitpid(child, NULL, 0);
	return false;
}
