/*
 * [match]: whether a file of conf.d applies to a login.  Within a key any item fits; an item with a
 * leading "!" excludes; a key of such items alone fits whatever they do not exclude.
 */
#ifndef NSISO_POLICY_MATCH_H
#define NSISO_POLICY_MATCH_H

#include <stddef.h>

#include "policy_keys.h"

struct errmsg;
struct facts;
struct policy_faults;
struct policy_scan;

/* The form of a value alone: 0, or -EINVAL with a sentence in e and the place in *at. */
int policy_match_check(enum key_row row, const char *text, size_t *at, struct errmsg *e);
/* For a checked value: 1 fits, 0 does not, -errno when a group cannot be looked up. */
int policy_match_fits(enum key_row row, const char *text, const struct facts *facts,
		      struct errmsg *e);
/*
 * A file without faults: 1 when all keys of its [match] fit, 0 when not; -errno with a fault.  Keys whose bit
 * (1 << row) is in ignored are taken to fit.
 */
int policy_scan_fits(const struct policy_scan *scan, const struct facts *facts, unsigned ignored,
		     struct policy_faults *faults);

#endif
