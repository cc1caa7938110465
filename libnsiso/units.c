/* Numbers and times for people; see units.h. */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>

const char *units_bytes(uint64_t bytes, char ret[UNITS_MAX])
{
	static const char suffixes[] = "KMGTPE";
	uint64_t unit = 1024;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(ret, UNITS_MAX, "%" PRIu64 "B", bytes);
		return ret;
	}
	for (; i < sizeof(suffixes) - 2 && bytes / 1024 >= unit; i++)
		unit *= 1024;
	/* By the next smaller unit, or the tenths would overflow. */
	(void)snprintf(ret, UNITS_MAX, "%" PRIu64 ".%" PRIu64 "%c", bytes / unit,
		       bytes % unit / (unit / 1024) * 10 / 1024, suffixes[i]);
	return ret;
}

const char *units_span(uint64_t seconds, char ret[UNITS_MAX])
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {
		{ 7 * 86400, "w" }, { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" }
	};
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	uint64_t rest;
	size_t i = 0;
	int n;

	while (i < last && seconds < units[i].seconds)
		i++;
	rest = seconds % units[i].seconds;
	n = snprintf(ret, UNITS_MAX, "%" PRIu64 "%s", seconds / units[i].seconds, units[i].name);
	if (i < last && rest / units[i + 1].seconds)
		(void)snprintf(ret + n, UNITS_MAX - (size_t)n, " %" PRIu64 "%s",
			       rest / units[i + 1].seconds, units[i + 1].name);
	return ret;
}

const char *units_time(time_t when, char ret[UNITS_MAX])
{
	struct tm tm;

	if (when == 0 || !localtime_r(&when, &tm) ||
	    strftime(ret, UNITS_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		(void)snprintf(ret, UNITS_MAX, "-");
	return ret;
}
