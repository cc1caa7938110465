/*
 * The use that an instance makes of its cgroups: tells of processes killed for want of memory and of forks
 * refused as soon as the kernel does, and sums up at the end of sessions and of the instance.
 *
 * The folders are those of the record's account lines.  In the end one of them may be gone, or never have been
 * there (another backend, fewer controllers): then its figures are left out, or are the last ones seen.
 */
#ifndef NSISO_SUPERVISOR_WATCH_H
#define NSISO_SUPERVISOR_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "cgroup_use.h"
#include "instance.h"
#include "supervisor_report.h"

enum watch_event { WATCH_OOM, WATCH_PIDS, WATCH_EVENTS };

struct watch {
	const char *user, *id;
	int dir;     /* the instance's folder in the state folder */
	bool shared; /* scope=user: the figures of the user's folder are the instance's */
	unsigned n;
	struct watch_folder {
		int account, own; /* O_PATH; -1: there is none */
		bool v2;
	} at[INSTANCE_CGROUPS_MAX];
	int fd[WATCH_EVENTS];          /* polled; -1: the kernel has nothing to poll */
	bool eventfd;                  /* v1: what is polled for WATCH_OOM */
	bool heard[WATCH_EVENTS];      /* since the last look */
	unsigned looks;                /* in vain, one after the other */
	int64_t quiet;                 /* ms of CLOCK_BOOTTIME: no record of events before that */
	uint64_t told[WATCH_EVENTS];   /* the count */
	int64_t told_at[WATCH_EVENTS]; /* ms of CLOCK_BOOTTIME; 0: never */
	struct cgroup_use use;         /* as last seen */
};

/* The time (ms of CLOCK_BOOTTIME) and the counters at it; the others of struct cgroup_use are peaks and limits. */
struct watch_base {
	int64_t time;
	uint64_t at[USE_COUNT - USE_CPU_TIME];
};

/* *w is all zeros; user and id stay the caller's, dir is the instance's folder. */
void watch_init(struct watch *w, const char *user, const char *id, int dir);
/*
 * Opens what the record names; what fails is not watched.  Not before the first session has joined: the
 * opener makes v1's folders beside our own beginning.  *ret: where the instance, and its first session, begin.
 */
void watch_open(struct watch *w, struct watch_base *ret);
/* Fills WATCH_EVENTS pollfds. */
void watch_poll(const struct watch *w, struct pollfd *ret);
/* Notes what they have; true: *ret is the time (ms of CLOCK_BOOTTIME) for watch_look(). */
bool watch_hear(struct watch *w, const struct pollfd *pollers, int64_t *ret);
/* Tells of what has happened: one record a burst.  The time of the next look, or 0. */
int64_t watch_look(struct watch *w);
/* Whether something has happened that was not told of yet, or no more than within ms ago. */
bool watch_has_news(struct watch *w, enum watch_event event, int64_t within);
/* Where another session begins; opens anew what a backend has made anew since. */
void watch_begin(struct watch *w, struct watch_base *ret);
/* What has been used since, and the peaks up to now. */
void watch_sum_up(struct watch *w, const struct watch_base *base, struct report *r);

#endif
