/*
 * Strict converters from the text of a value.  Each takes the whole text or nothing: 0 and *ret
 * is set, or -EINVAL with a sentence in e and *ret untouched.
 */
#ifndef NSISO_POLICY_VALUE_H
#define NSISO_POLICY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errmsg;
struct policy_list;

/* One of words, which are separated by spaces: its number from 0. */
int value_word(const char *text, const char *words, unsigned *ret, struct errmsg *e);
int value_bool(const char *text, bool *ret, struct errmsg *e);
/* Decimal digits without sign or leading zeros. */
int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e);
/* Digits with K, M, G or T (powers of 1024), or N% of the physical memory. */
int value_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e);
#define VALUE_SIZE_MAX 24 /* bytes of a size as text */
/* The shortest text that value_size() takes for it, in ret; returns ret. */
const char *value_size_text(uint64_t size, char ret[VALUE_SIZE_MAX]);
/* Digits, or N% of the processes that the kernel can have. */
int value_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e);
/* Digits with ms, s, m, h or d; without a unit seconds. */
int value_duration(const char *text, uint64_t max_ms, uint32_t *ret_ms, struct errmsg *e);
/*
 * "QUOTA PERIOD", "max", "max PERIOD" or "N%"; both results in µs, the quota may be
 * POLICY_LIMIT_MAX.
 */
int value_cpu(const char *text, uint64_t *ret_quota, uint64_t *ret_period, struct errmsg *e);
/* A host name template with %u, %h, %%. */
int value_hostname(const char *text, struct errmsg *e);
/* A clean absolute path that fits into NSISO_PATH_MAX. */
int value_path(const char *text, struct errmsg *e);
/* Capability names, or "none": a bit for each.  *at: where in text the fault is. */
int value_caps(const char *text, uint64_t *ret, size_t *at, struct errmsg *e);

#endif
