/*
 * Mounts by descriptor, with the calls of Linux 5.2 and 5.12: nothing is mounted by a name that could
 * change in between, no link is followed, and flags are on a mount before anybody can reach it.
 * All return a descriptor or 0, or -errno with the text in e.
 */
#ifndef NSISO_MNT_H
#define NSISO_MNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct errmsg;

struct mnt_tmpfs {
	uint64_t size;   /* bytes; 0: one page */
	uint64_t inodes; /* 0: as few as a handful of folders need */
	unsigned mode;
	uid_t uid;
	gid_t gid;
};

/* O_PATH descriptor of an absolute path; a symbolic link anywhere in it is -ELOOP. */
int mnt_open(const char *path, struct errmsg *e);
/* A detached copy of what is at path, with all below when recursive; attributes (SYS_ATTR_*) set on all. */
int mnt_copy(int path, const char *name, bool recursive, uint64_t attributes, struct errmsg *e);
/* A new detached file system of a type with one option more ("" and NULL: none). */
int mnt_new(const char *type, const char *option, const char *value, uint64_t attributes,
	    struct errmsg *e);
int mnt_new_tmpfs(const struct mnt_tmpfs *tmpfs, struct errmsg *e);
/* Puts a detached mount on a path, or on an open one. */
int mnt_attach(int tree, const char *path, struct errmsg *e);
int mnt_attach_at(int tree, int target, const char *name, struct errmsg *e);
/* Sets attributes and propagation (MS_SLAVE, MS_PRIVATE or 0) of an open mount. */
int mnt_set(int mount, const char *name, bool recursive, uint64_t attributes, uint64_t propagation,
	    struct errmsg *e);

#endif
