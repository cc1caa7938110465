/*
 * nsisoctl trial: an instance of a user's that is really built, looked at from both sides, and ended.  Three
 * processes: the admin's (this one, on the host), the opener (its child, which goes inside as a login program
 * does), and the user's (the opener's children, one after the other).
 */
#ifndef NSISO_TRIAL_H
#define NSISO_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "enter_user.h"
#include "errmsg.h"
#include "instance.h"
#include "opener.h"
#include "policy.h"

/* What opener and user tell the admin's process: datagrams over one socket. */
enum trial_kind {
	TRIAL_STEP,    /* of the plan: index, usec; value 1: it failed */
	TRIAL_WARNING, /* text */
	TRIAL_REFUSED, /* text: why there is no instance */
	TRIAL_INSIDE,  /* usec: the opener has joined */
	TRIAL_CHILD,   /* value: pid of the user's process, on the host */
	TRIAL_USER,    /* that process is the user's, and waits for TRIAL_GO (to be looked at) */
	TRIAL_GO,      /* the other way */
	TRIAL_CHECK,   /* text "NAME: TEXT", value 1: it does not hold */
	TRIAL_SHELL,   /* value: wait(2) status of login shell or command; usec */
};

struct trial_message {
	uint32_t kind, index;
	uint64_t usec;
	int32_t value;
	char text[ERRMSG_MAX];
};

/* In memory that all share: the plan is made by the opener. */
struct trial_shared {
	struct opener opener;
	struct session session;
	struct policy policy;
	struct enter_user user;
	char shell[NSISO_PATH_MAX]; /* of /etc/passwd */
	unsigned n_cgroups;         /* that were made */
	struct instance_cgroup cgroup[INSTANCE_CGROUPS_MAX];
};

struct trial {
	struct trial_shared *shared;
	const char *command; /* NULL: none */
	int sock;            /* our end */
	int output[2];       /* opener, user: what the command's output goes to */
	FILE *out;
	unsigned n_failed; /* checks that do not hold */
};

void trial_send(const struct trial *trial, const struct trial_message *message);
/* From a user's or the opener's process. */
void trial_tell(const struct trial *trial, bool holds, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* In the admin's: prints and counts. */
void trial_print(struct trial *trial, bool holds, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The opener; its exit status. */
int trial_open(struct trial *trial);
/* The user's process, which says what it sees; its exit status. */
int trial_look_inside(struct trial *trial);
/* The admin's view of a user's process. */
void trial_look_outside(struct trial *trial, pid_t pid);
/* What a step's mount must have among its options, or as its type; NULL: the step leaves no mount. */
const char *trial_mount_word(const struct step *step);
const char *trial_mount_path(const struct plan *plan, unsigned index);
/* By a later step, which has the last word. */
bool trial_is_covered(const struct plan *plan, unsigned index);
/* Ends the instance and looks for what is left. */
void trial_end(struct trial *trial);
/* Reads what is left to read, tells what happens until all is over or the time is; false: it was cut off. */
bool trial_watch(struct trial *trial, pid_t opener, const int output[2], unsigned seconds,
		 int *ret_status);

#endif
