/* What /proc says of one process, for people.  Its name and arguments are text of the user's. */
#ifndef NSISO_PROCESS_INFO_H
#define NSISO_PROCESS_INFO_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define PROCESS_COMMAND_MAX 512

struct process_info {
	pid_t pid, parent;
	pid_t inside; /* in the instance's pid namespace; 0: it is not in there */
	uid_t uid;
	char state;                        /* man 5 proc, field 3 */
	uint64_t cpu_ms;                   /* of all processors */
	uint64_t resident;                 /* bytes */
	char command[PROCESS_COMMAND_MAX]; /* arguments, or "[NAME]" */
};

/* With the name as the command.  0, or -ESRCH: gone. */
int process_info_read(pid_t pid, struct process_info *ret);
/*
 * The arguments in place of the name, where there are any.  They are read from the process's own memory, which it
 * may have mapped from a file system that does not answer: only a signal ends that wait.
 */
void process_info_command(struct process_info *ret);
/* The user's name, or the number; ret holds at least 33 bytes. */
const char *process_info_user(const struct process_info *info, char *ret, size_t size);

#endif
