/*
 * One policy file that is about to change: locked, read, and replaced whole or not at all.
 */
#ifndef NSISO_STORE_H
#define NSISO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "target.h"

struct errmsg;

#define STORE_BACKUPS \
	10 /* that are kept of a file: NAME.conf.~1~ and so on, the highest being the newest */

struct store {
	struct target target;
	char *confdir;   /* absolute */
	bool is_relaxed; /* whoever owns it: drafts */
	int dir;         /* the file's folder */
	int lock;
	bool exists;
	struct stat st; /* of the file that is there */
	char *text;     /* of it; "" for none */
	size_t len;
};

/*
 * Opens the policy folder, which must be trusted, makes the folder of the file if need be, and locks the file:
 * -EBUSY says who holds it.  The lock ends with the process, or with store_close().
 */
int store_open(const char *confdir, bool is_relaxed, const struct target *target, struct store *ret,
	       struct errmsg *e);
/*
 * The text takes the file's place: written beside it, with its owner and mode, and on the disk before it is
 * renamed.  What was there stays as a backup.  On failure the old file is as it was.  -ESTALE: somebody else has
 * changed it since it was opened.
 */
int store_install(struct store *store, const char *text, size_t len, struct errmsg *e);
/* Safe on one that was zeroed, or that store_open() failed on. */
void store_close(struct store *store);

#endif
