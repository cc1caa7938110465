/*
 * Reporting the faults of one policy file.
 */
#ifndef NSISO_POLICY_FAULT_H
#define NSISO_POLICY_FAULT_H

#include <stdbool.h>

#include "policy.h"

#define POLICY_FAULTS_MAX 100 /* of one file; then the reader gives up */

struct policy_faults {
	const char *file;
	policy_report *report; /* may be NULL */
	void *ctx;
	unsigned count;
};

/* Count a fault and tell the reporter; bytes that are not printable ASCII appear as \xHH. */
void policy_fault(struct policy_faults *faults, unsigned line, unsigned column, const char *fmt,
		  ...) __attribute__((format(printf, 4, 5)));
/* Whether there are too many to go on. */
bool policy_fault_is_enough(const struct policy_faults *faults);

#endif
