/* TAP from any process of a test: the count lies in memory that all of them share. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>

/* In the first process, before the first fork; keeps the output, so that stdout may be redirected. */
void tap_begin(void);
/* One result; returns good. */
bool tap_ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A result that compares numbers and shows both when they differ. */
bool tap_is(long have, long want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A result that was not tried, and why. */
void tap_skip(const char *name, const char *why);
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The plan; the exit status. */
int tap_end(void);
/* Instead of all: prints why and ends the process with status 0. */
void tap_skip_all(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* What the test needs does not work: prints why and ends the process. */
void tap_bail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
