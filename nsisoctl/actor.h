/*
 * Who it is that gives a command: for the log, and for the next admin who finds something locked.
 */
#ifndef NSISO_ACTOR_H
#define NSISO_ACTOR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Who logged in, if that is known (the audit system's login uid), else whom the process belongs to.  Printable,
 * without spaces.
 */
void actor_name(char *ret, size_t size);
/* The same for another process; "uid N" where the account is gone, and "?" for a process that is gone. */
void actor_name_of(pid_t pid, char *ret, size_t size);

#endif
