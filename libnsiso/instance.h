/*
 * An instance on disk: the folder STATEDIR/USER/ID (root only, on a tmpfs) with
 *   record   key=value lines, each written before what it names is made; locked by the living supervisor
 *   ctl      the supervisor's socket
 *   in/      what the session sees as its run folder: the init's socket and what covers hidden paths
 * The record alone is enough to end an instance, whoever died.
 */
#ifndef NSISO_INSTANCE_H
#define NSISO_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsiso.h"
#include "process.h"

struct errmsg;

#define INSTANCE_CGROUPS_MAX 5
#define CGROUP_SESSION_PREFIX "s-" /* of the folder of one session, below the instance's */

struct instance_record {
	char user[NSISO_USER_MAX];
	uid_t uid;
	char id[NSISO_ID_MAX];
	char service[64]; /* PAM service of the login that made it */
	bool shared;      /* scope=user: other logins may join */
	bool ending;      /* it takes no more sessions */
	struct process supervisor, init;
	char boot[PROCESS_BOOT_MAX]; /* see process_boot(); empty: not written yet */
	char policy[17];             /* of policy_digest() in hex; empty: not written yet */
	uint64_t created;            /* s of CLOCK_REALTIME; 0: not written yet */
	unsigned n_cgroups;
	struct instance_cgroup {
		bool v2;
		char path[NSISO_PATH_MAX +
			  128]; /* of the instance's folder; its parent is the user's */
		char origin[NSISO_PATH_MAX + 128]; /* cgroup.procs that the opener came from */
	} cgroup[INSTANCE_CGROUPS_MAX];
	/* Folders in which the use of all of the user's instances together is read; not removed at the end. */
	unsigned n_accounts;
	struct instance_account {
		bool v2;
		char path[NSISO_PATH_MAX + 128];
	} account[INSTANCE_CGROUPS_MAX];
};

/* Reads dir/record; unknown keys and a last line without its end are passed over. */
int instance_read(int dir, struct instance_record *ret, struct errmsg *e);
/* The same for a record that is open. */
int instance_read_from(int record, struct instance_record *ret, struct errmsg *e);
/* Appends one line to an open record. */
int instance_append(int record, struct errmsg *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Ends an instance whose supervisor is dead, or is the caller: kills what is left in its cgroups, removes
 * those, the folder and, when it was the last, the user's folder.  Idempotent; every wait bounded.
 */
int instance_end(int dir, const char *id, struct errmsg *e);
/*
 * Kills init and supervisor, and waits for them for a bounded time.  Both: the supervisor's end is the init's
 * end too, but only if that is not stopped, and a stopped supervisor would keep the lock.  0 when they are gone.
 */
int instance_kill(const struct instance_record *record, struct errmsg *e);

/* Kills all processes of one cgroup folder and removes it, then the user's folder above when empty. */
int cgroup_end(const struct instance_cgroup *cgroup, struct errmsg *e);
/*
 * Removes those groups of sessions in which no process is left.  Whoever makes one holds the lock of the user
 * (see state_lock_user()) until it has entered, and the caller must hold it, too.
 */
void cgroup_sweep(const struct instance_cgroup *cgroup);
/* Sends a signal to every process of a cgroup and of those below; the number of processes, or -errno. */
int cgroup_signal(const struct instance_cgroup *cgroup, int signal);

#endif
