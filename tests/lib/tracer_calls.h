/* What the tracer knows of system calls. */
#ifndef TESTS_TRACER_CALLS_H
#define TESTS_TRACER_CALLS_H

#include <stdbool.h>

/* The errno that it fails with in tests; 0: it does not fail, or its failure tells nothing. */
int tracer_call_error(long call);
/* Whether it may wait, and be interrupted. */
bool tracer_call_waits(long call);
/* Which argument is a path, -1: none. */
int tracer_call_path(long call);
/* Whether the first argument is a descriptor, which says more than an empty path. */
bool tracer_call_has_fd(long call);

#endif
