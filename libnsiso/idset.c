/* Sets of small numbers; see idset.h. */
#include "idset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool has(const struct idset *set, unsigned number)
{
	return number < IDSET_MAX && (set->bits[number / 64] >> number % 64 & 1);
}

/* Digits at *at, which is moved behind them. */
static bool read_number(const char **at, unsigned *ret)
{
	const char *p = *at;
	unsigned value = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned)(*p - '0');
		if (value >= IDSET_MAX)
			return false;
	}
	*at = p;
	*ret = value;
	return true;
}

int idset_read(const char *text, struct idset *ret)
{
	const char *p = text + strspn(text, " ");
	struct idset set = { { 0 } };
	unsigned first, last;

	while (*p != '\0') {
		if (!read_number(&p, &first))
			return -EINVAL;
		last = first;
		if (*p == '-') {
			p++;
			if (!read_number(&p, &last) || last < first)
				return -EINVAL;
		}
		for (; first <= last; first++)
			set.bits[first / 64] |= 1ULL << first % 64;
		if (*p != '\0' && *p != ',' && *p != ' ')
			return -EINVAL;
		p += strspn(p, " ");
		if (*p == ',') {
			p += 1 + strspn(p + 1, " ");
			if (*p == '\0')
				return -EINVAL;
		}
	}
	*ret = set;
	return 0;
}

bool idset_write(const struct idset *set, char *ret, size_t size)
{
	size_t used = 0;
	unsigned first, last;
	int n;

	ret[0] = '\0';
	for (first = 0; first < IDSET_MAX; first = last + 1) {
		for (last = first; has(set, last + 1) && has(set, first); last++)
			;
		if (!has(set, first))
			continue;
		n = snprintf(ret + used, size - used, first == last ? "%s%u" : "%s%u-%u",
			     used ? "," : "", first, last);
		if (n < 0 || (size_t)n >= size - used)
			return false;
		used += (size_t)n;
	}
	return true;
}

bool idset_is_empty(const struct idset *set)
{
	size_t i;

	for (i = 0; i < IDSET_MAX / 64; i++)
		if (set->bits[i])
			return false;
	return true;
}

bool idset_is_within(const struct idset *set, const struct idset *other)
{
	size_t i;

	for (i = 0; i < IDSET_MAX / 64; i++)
		if (set->bits[i] & ~other->bits[i])
			return false;
	return true;
}
