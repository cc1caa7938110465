/* The kinds of namespaces, under the names that /proc/PID/ns has for them. */
#ifndef NSISO_NAMESPACES_H
#define NSISO_NAMESPACES_H

#include <stdint.h>

#define NAMESPACE_KINDS 8

struct errmsg;

extern const struct namespace_kind {
	const char *name;
	uint64_t flag; /* SYS_NEW* */
} namespace_kinds[NAMESPACE_KINDS];

/*
 * The flags of all that this kernel has; 0 or -errno.  One that cannot be looked at is an error: who joins the
 * others without it is half here and half there.
 */
int namespaces_known(uint64_t *ret, struct errmsg *e);
/*
 * The flags of all those in which a process, given as a descriptor of /proc/PID, is not with the calling one.
 * 0 or -errno: a kind that cannot be seen is not taken for the same.
 */
int namespaces_differ(int process, uint64_t *ret, struct errmsg *e);

#endif
