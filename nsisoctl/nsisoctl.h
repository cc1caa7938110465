/*
 * The subcommands of nsisoctl: each gets its own argument vector, with its name in argv[0], and returns
 * the exit status of the program.
 */
#ifndef NSISO_NSISOCTL_H
#define NSISO_NSISOCTL_H

#define STATUS_OK 0
#define STATUS_FAULT 1 /* the answer is no: faults were found, or the work could not be done */
#define STATUS_USAGE 2

struct errmsg;

int cmd_check(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_trial(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_edit(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_unset(int argc, char **argv);
int cmd_new(int argc, char **argv);
int cmd_disable(int argc, char **argv);
int cmd_enable(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_tree(int argc, char **argv);
int cmd_enter(int argc, char **argv);
int cmd_freeze(int argc, char **argv);
int cmd_thaw(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_limit(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_gc(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_help(int argc, char **argv);

/* Prints "usage: nsisoctl NAME ..." to stderr; returns STATUS_USAGE. */
int usage_print(const char *name);
/* Prints the error to stderr; returns STATUS_FAULT. */
int error_print(const struct errmsg *e);

#endif
