/*
 * What a cgroup uses, has used at most, and may use: one set of figures, whatever the kernel's files are
 * called (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/).  Nothing here allocates or logs: it is part
 * of the static image as well.
 *
 * What is younger than the oldest supported kernel, 5.14: memory.peak 5.19, memory.swap.peak 6.5, pids.peak
 * and pids.events.local 6.11.  Controllers that are not enabled for a folder have no files in it.
 */
#ifndef NSISO_CGROUP_USE_H
#define NSISO_CGROUP_USE_H

#include <stdbool.h>
#include <stdint.h>

#define USE_UNKNOWN UINT64_MAX        /* the kernel does not say; never taken for 0 */
#define USE_NO_LIMIT (UINT64_MAX - 1) /* of the figures that are limits */

/* Bytes unless said otherwise; the counters count from the making of the cgroup. */
enum cgroup_figure {
	USE_MEMORY,
	USE_MEMORY_PEAK,
	USE_MEMORY_MAX,
	USE_MEMORY_HIGH, /* v2 */
	USE_SWAP,
	USE_SWAP_PEAK, /* v2 */
	USE_SWAP_MAX,
	USE_PIDS, /* tasks, as the kernel counts them: threads too */
	USE_PIDS_PEAK,
	USE_PIDS_MAX,
	USE_CPU_QUOTA,      /* µs of CPU time in each period */
	USE_CPU_PERIOD,     /* µs */
	USE_CPU_WEIGHT,     /* 1 to 10000, normally 100; v1: worked out of the shares */
	USE_CPU_TIME,       /* µs */
	USE_THROTTLED,      /* periods in which the quota was used up */
	USE_THROTTLED_TIME, /* µs */
	USE_IO_READ,        /* by block devices, summed over all of them */
	USE_IO_WRITTEN,
	USE_IO_READS, /* operations */
	USE_IO_WRITES,
	USE_OOM_KILLS,    /* processes that the kernel killed for want of memory */
	USE_PIDS_REFUSED, /* forks and threads refused for pids.max */
	USE_COUNT
};

#define USE_BIT(figure) (UINT32_C(1) << (figure))
#define USE_ALL (USE_BIT(USE_COUNT) - 1)
#define USE_COUNTERS (USE_ALL & ~(USE_BIT(USE_CPU_TIME) - 1)) /* those that only grow */

struct instance_record;

struct cgroup_use {
	uint64_t at[USE_COUNT];
};

/* "memory", "memory_peak", ...; times end in _usec. */
const char *cgroup_use_name(enum cgroup_figure figure);
/* All unknown. */
void cgroup_use_init(struct cgroup_use *use);
/*
 * Puts into *use what the folder dir (O_PATH will do) of one hierarchy has of the wanted figures (USE_BIT());
 * the others keep their values, so that several v1 hierarchies add up to one set.
 */
void cgroup_use_read(int dir, bool v2, uint32_t wanted, struct cgroup_use *use);
/*
 * The figures (USE_BIT()) that this kernel counts only in the folder of the process itself, not upwards, so
 * that the folder dir above says nothing of them: on v1 all events, on v2 refused forks before Linux 6.11
 * where dir hands the controller down.
 */
uint32_t cgroup_use_local(int dir, bool v2);
/* Adds those of one folder below dir.  A child that is missing adds nothing. */
void cgroup_use_add_events(int dir, bool v2, const char *child, struct cgroup_use *use);
/*
 * All figures of the user whose instance the record names, from the folders of its account lines, with the
 * events of this one instance where the kernel keeps them apart.  A folder that is gone leaves unknowns.
 */
void cgroup_use_of(const struct instance_record *record, struct cgroup_use *ret);

#endif
