/*
 * Sets of small numbers as the kernel writes them in cpuset files: "0-3,8" (man 7 cpuset, list format).
 */
#ifndef NSISO_IDSET_H
#define NSISO_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDSET_MAX 8192 /* numbers: the kernel's most processors (NR_CPUS of x86) */

struct idset {
	uint64_t bits[IDSET_MAX / 64];
};

/*
 * Numbers and ranges, separated by commas or spaces, in any order.  0, -EINVAL: no such list, or a number
 * from IDSET_MAX on.  An empty text is the empty set.
 */
int idset_read(const char *text, struct idset *ret);
/* In ascending order, ranges as long as can be; false: it needs more than size bytes. */
bool idset_write(const struct idset *set, char *ret, size_t size);
bool idset_is_empty(const struct idset *set);
/* Whether all of set is in other, too. */
bool idset_is_within(const struct idset *set, const struct idset *other);

#endif
