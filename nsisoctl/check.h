/*
 * Finding all faults of policy files, and what is allowed but probably wrong.  Shared by the files of the
 * subcommand check.
 */
#ifndef NSISO_CHECK_H
#define NSISO_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "fault_printer.h"
#include "passwd_users.h"
#include "policy.h"
#include "policy_stack.h"

struct errmsg;

struct checker {
	struct fault_printer printer;
	bool is_relaxed;  /* whoever owns the files; this host's users and files say nothing */
	bool is_printing; /* what a clean file comes to */
	struct policy_stack stack; /* base: what a file is laid over */
	/* The file at hand, for the line that is shown. */
	const char *file, *text;
	size_t len;
	char *base_text; /* of default.conf */
	size_t base_len;
};

/* A message about a whole file or folder. */
void check_error(struct checker *checker, const char *file, const struct errmsg *e);
/* An O_PATH descriptor of a folder that may be trusted, or -1 with a message. */
int check_dir_open(struct checker *checker, const char *path);
/* All of a file; false: with a message. */
bool check_read(struct checker *checker, int dir, const char *name, const char *file, char **ret,
		size_t *ret_len);
/* One text over a policy; file is its name below the printer's prefix.  *ret (may be NULL) is the result, if clean. */
bool check_text(struct checker *checker, const struct policy *base, const char *file,
		const char *text, size_t len, struct policy *ret);
/* default.conf of a folder becomes the base, as far as it is there and clean. */
void check_base(struct checker *checker, int dir);
/* The whole of a policy folder. */
void check_folder(struct checker *checker, const char *path);
/* What is allowed and dangerous, or without effect, in a policy without faults. */
void check_warn(struct checker *checker, const struct policy *policy);
/* Once all files are read: rules that are for nobody, and users whom isolation does not hold. */
void check_users(struct checker *checker, const char *path, const struct passwd_users *users);

#endif
