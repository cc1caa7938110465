/*
 * A process by number and start time: a number alone may have been given to another process since.
 */
#ifndef NSISO_PROCESS_H
#define NSISO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;      /* 0: none */
	uint64_t start; /* clock ticks since boot: field 22 of /proc/PID/stat (man 5 proc) */
};

/* Fills start of a living process; -errno (-ENOENT, -ESRCH: gone). */
int process_start(pid_t pid, uint64_t *ret);
/* A pidfd of exactly this process; -ESRCH when it is gone or another one has its number. */
int process_open(const struct process *process);
/* A pidfd of the parent of a process, which must live; -ESRCH: one of them is gone, or it is not to be seen. */
int process_open_parent(pid_t pid);
/* Kills exactly this process and waits for its end, timeout ms at most; 0 (also when gone), -ETIMEDOUT. */
int process_kill(const struct process *process, int timeout);

#define PROCESS_BOOT_MAX 40 /* bytes of a boot id with the NUL */

/* The id of this boot (man 4 random): a start time means something in one boot alone; -errno. */
int process_boot(char ret[PROCESS_BOOT_MAX]);

#endif
