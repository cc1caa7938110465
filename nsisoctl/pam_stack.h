/*
 * The stack of a PAM service as Linux-PAM reads it (pam.conf(5), libpam/pam_handlers.c, since 1.1): one list
 * of lines, includes and substacks put in their places.
 */
#ifndef NSISO_PAM_STACK_H
#define NSISO_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor.h"

#define PAM_CODES 32      /* return values of modules, PAM_SUCCESS to PAM_INCOMPLETE */
#define PAM_STACKS_MAX 32 /* substacks of a service */
#define PAM_DEPTH_MAX 16  /* files that include each other */

/* What a return value leads to; a positive number skips that many modules. */
enum pam_action {
	PAM_DO_IGNORE = 0,
	PAM_DO_OK = -1,
	PAM_DO_DONE = -2,
	PAM_DO_BAD = -3,
	PAM_DO_DIE = -4,
	PAM_DO_RESET = -5
};

struct pam_line {
	int action[PAM_CODES];
	bool is_silent; /* "-session": a module that is not there is no error */
	unsigned stack; /* index of the substack that it is in */
	char *module;   /* without its folder */
	char *arguments;
	char *control; /* as written */
	char *file;
	unsigned line;
};

struct pam_stack {
	struct pam_line *lines;
	size_t n;
	/* Substacks; the first one is the whole. */
	struct pam_substack {
		unsigned parent;
		size_t end; /* behind its last line */
	} stacks[PAM_STACKS_MAX];
	unsigned n_stacks;
	char *missing; /* the first included file that is not there, and where it is named */
	char *missing_at;
	unsigned missing_line;
};

/* Type "auth" or "session".  0, or -ENOENT: the service has no file. */
int pam_stack_read(const struct doctor *d, const char *service, const char *type,
		   struct pam_stack *ret);
void pam_stack_done(struct pam_stack *stack);
/*
 * The first line before `line` from which the stack can go on, or end well, without it; -1: none.  As
 * `sufficient` does, or a jump.
 */
int pam_stack_bypass(const struct pam_stack *stack, size_t line);
/* Whether this module's refusal, of whatever kind, refuses the session. */
bool pam_line_is_required(const struct pam_line *line);
/* The path that a service's file has, for free(); NULL: it has none. */
char *pam_service_path(const struct doctor *d, const char *service);

#endif
