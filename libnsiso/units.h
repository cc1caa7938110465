/*
 * Numbers and times as systemd's tools print them (man 7 systemd.time), and the reading of durations.
 */
#ifndef NSISO_UNITS_H
#define NSISO_UNITS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define UNITS_MAX 64 /* bytes of any of the texts */

/* "512B", "1.5K", "3.0G": powers of 1024, cut and not rounded; returns ret. */
const char *units_bytes(uint64_t bytes, char ret[UNITS_MAX]);
/* "1min 5s", "2h 30min", "3d 4h": the two largest units, below a minute "5s"; returns ret. */
const char *units_span(uint64_t seconds, char ret[UNITS_MAX]);
/* "Mon 2026-11-23 18:29:47 UTC": local time; "-" for 0; returns ret. */
const char *units_time(time_t when, char ret[UNITS_MAX]);

#endif
