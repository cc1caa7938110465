/* The arguments on the module's PAM line. */
#ifndef NSISO_PAM_ARGS_H
#define NSISO_PAM_ARGS_H

#include <stdbool.h>

struct errmsg;

struct pam_args {
	bool debug;          /* debug: log what was decided, and when a child gives up privileges */
	bool close_at_exit;  /* close=exit: the session lasts until its opener ends */
	const char *confdir; /* confdir=DIR: policies from there */
	const char *statedir; /* statedir=DIR: instances there */
};

/* An unknown argument is -EINVAL: a misspelt one must not open an unprotected session. */
int pam_args_parse(int argc, const char **argv, struct pam_args *ret, struct errmsg *e);

#endif
