/*
 * The strict first pass over a policy file: its structure, and where each value stands.
 */
#ifndef NSISO_POLICY_SCAN_H
#define NSISO_POLICY_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy_keys.h"

struct policy_faults;

#define POLICY_LINE_MAX 1000 /* bytes of a line with its end; iniparser fails above 1024 */

struct policy_item {
	uint16_t line;    /* 0: the key is not in the file */
	uint16_t column;  /* of the value, behind an opening quote */
	bool optional;    /* marked "?" */
	const char *text; /* the value in the file's text, without quotes */
	size_t len;
};

struct policy_scan {
	struct policy_item items[ROW_COUNT];
	uint16_t sections[ROW_COUNT]; /* line of a section, at its first row; 0: not in the file */
};

/* Fills *ret; all faults go to faults.  Only without any is *ret of use. */
void policy_scan(const char *text, size_t len, struct policy_scan *ret,
		 struct policy_faults *faults);

#endif
