/* The last events of an instance, where the session sees them: NSISO_RUNDIR/events, a line each. */
#ifndef NSISO_SUPERVISOR_EVENTS_H
#define NSISO_SUPERVISOR_EVENTS_H

#define EVENTS_MAX 1024 /* bytes of the file: the oldest lines make room */

/* Adds "time=SECONDS TEXT" to the file in the run folder of the instance in dir; a failure leaves the old one. */
void events_keep(int dir, const char *text);

#endif
