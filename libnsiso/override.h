/*
 * The admin's way out when isolation itself is broken: a file that says that nobody is isolated for a time.
 * It is written by `nsisoctl disable`, and honoured by the module and by nsshell without a look at the policy.
 * Instances that run go on.
 */
#ifndef NSISO_OVERRIDE_H
#define NSISO_OVERRIDE_H

#include <stdint.h>

#include "nsiso.h"

struct errmsg;

/* Beside the folder of the instances, which users cannot search: nsshell reads it as the user. */
#define OVERRIDE_PATH NSISO_RUNDIR ".disabled"
#define OVERRIDE_SECONDS_MAX (7 * 24 * 3600)

struct override {
	uint64_t until; /* seconds of CLOCK_BOOTTIME: a clock that nobody can set */
	uint64_t since; /* seconds since 1970 */
	char by[64];    /* who, for the log: printable, without spaces */
	char reason[128];
};

/* Seconds of CLOCK_BOOTTIME. */
uint64_t override_now(void);
/*
 * 1: isolation is switched off; 0: it is not; -errno: the file is not what root has written during this boot,
 * so isolation is not switched off either.  path belongs into a folder that only root writes.
 */
int override_read(const char *path, struct override *ret, struct errmsg *e);
/* Puts it in force, in place of another one.  0 or -errno. */
int override_write(const char *path, const struct override *override, struct errmsg *e);
/* 1: removed; 0: there was none; -errno. */
int override_remove(const char *path, struct errmsg *e);

#endif
