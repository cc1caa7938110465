/*
 * Runs a process and all that come of it under ptrace(2), and lets one system call of one of them fail.
 * What they are is known by their descent: the opener, the clone between, the supervisor, the init, the
 * init's children.
 */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum tracer_role { ROLE_OPENER, ROLE_MIDDLE, ROLE_SUPERVISOR, ROLE_INIT, ROLE_HELPER, ROLE_OTHER };

struct tracer_fault {
	enum tracer_role role;
	unsigned at;   /* which of its calls, from 1; calls that can't fail are not counted */
	int error;     /* the errno; 0: one that the call has */
	bool restarts; /* only calls that wait are counted, and fail with EINTR */
};

struct tracer_result {
	bool fired;
	long call; /* its number */
	int error;
	char path
		[256]; /* its argument that is a path, what its descriptor is, or "NUMBER " of its first one */
	bool hung; /* all were killed after the time-out */
	int ms;
};

/*
 * body runs in a new process; *armed, in shared memory, says when calls count.  Returns when every process
 * of the tree is gone and reaped.
 */
void tracer_run(void (*body)(void), const volatile int *armed, const struct tracer_fault *fault,
		struct tracer_result *ret);
/* "openat"; numbers that are not known come as digits. */
const char *tracer_call_name(long call);
/* False: this machine can't trace. */
bool tracer_works(void);

#endif
