/* The steps of the opener in the plan of a new instance. */
#ifndef NSISO_OPENER_STEPS_H
#define NSISO_OPENER_STEPS_H

#include "opener.h"
#include "plan.h"
#include "wire.h"

/* Their context. */
struct opener_steps {
	struct opener *o;
	int fd[LAUNCH_COUNT]; /* -1: absent, or not made yet */
	int later;            /* our end of LAUNCH_LATER */
	int init;             /* pidfd; -1: not heard of yet */
	bool ready;           /* the init is */
	bool limited;         /* the user's limits are set */
};

extern step_apply *const opener_steps[STEP_KIND_COUNT];
step_traced opener_report;

#endif
