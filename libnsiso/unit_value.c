/* Limits as properties of a unit; see unit_value.h.  Pure. */
#include "unit_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errmsg.h"
#include "idset.h"

#define MASK_MAX 128            /* bytes of a mask: 1024 processors or memory nodes */
#define SECOND 1000000ULL       /* µs */
#define PER_CENT (SECOND / 100) /* of one processor: what systemd writes into a drop-in */
#define PERIOD_USUAL 100000ULL  /* µs, where cpu.max names none */

static const struct unit_property properties[] = {
	{ "MemoryMax", UNIT_NUMBER, "MemoryMax" },
	{ "MemoryHigh", UNIT_NUMBER, "MemoryHigh" },
	{ "MemoryLow", UNIT_NUMBER, "MemoryLow" },
	{ "MemorySwapMax", UNIT_NUMBER, "MemorySwapMax" },
	{ "TasksMax", UNIT_NUMBER, "TasksMax" },
	{ "CPUQuotaPerSecUSec", UNIT_NUMBER, "CPUQuota" },
	{ "CPUQuotaPeriodUSec", UNIT_NUMBER, "CPUQuotaPeriodSec" },
	{ "CPUWeight", UNIT_NUMBER, "CPUWeight" },
	{ "AllowedCPUs", UNIT_MASK, "AllowedCPUs" },
	{ "AllowedMemoryNodes", UNIT_MASK, "AllowedMemoryNodes" },
	{ "IOWeight", UNIT_NUMBER, "IOWeight" },
	{ "IOReadBandwidthMax", UNIT_DEVICES, "IOReadBandwidthMax" },
	{ "IOWriteBandwidthMax", UNIT_DEVICES, "IOWriteBandwidthMax" },
	{ "IOReadIOPSMax", UNIT_DEVICES, "IOReadIOPSMax" },
	{ "IOWriteIOPSMax", UNIT_DEVICES, "IOWriteIOPSMax" },
	{ "memory.oom.group", UNIT_FILE, NULL },
};

/* The limits that are one number of the property of the same meaning. */
static const struct {
	const char *limit, *property;
} numbers[] = {
	{ "memory.max", "MemoryMax" }, { "memory.high", "MemoryHigh" },
	{ "memory.low", "MemoryLow" }, { "memory.swap.max", "MemorySwapMax" },
	{ "pids.max", "TasksMax" },    { "cpu.weight", "CPUWeight" },
	{ "io.weight", "IOWeight" },   { "memory.oom.group", "memory.oom.group" },
};

/* The words of an io.max line. */
static const struct {
	const char *word, *property;
} device_limits[] = {
	{ "rbps", "IOReadBandwidthMax" },
	{ "wbps", "IOWriteBandwidthMax" },
	{ "riops", "IOReadIOPSMax" },
	{ "wiops", "IOWriteIOPSMax" },
};

const struct unit_property *unit_property_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcmp(properties[i].name, name) == 0)
			return &properties[i];
	return NULL;
}

static struct unit_value *find(struct unit_values *values, const struct unit_property *property)
{
	unsigned i;

	for (i = 0; i < values->n; i++)
		if (values->value[i].property == property)
			return &values->value[i];
	return NULL;
}

const struct unit_value *unit_values_find(const struct unit_values *values, const char *name)
{
	return find((struct unit_values *)values, unit_property_find(name));
}

int unit_values_set(struct unit_values *values, const struct unit_property *property,
		    const char *text)
{
	struct unit_value *value = find(values, property);

	if ((!value && values->n == UNIT_VALUES_MAX) || strlen(text) >= UNIT_TEXT_MAX)
		return -E2BIG;
	if (!value) {
		value = &values->value[values->n++];
		*value = (struct unit_value){ .property = property };
	}
	memcpy(value->text, text, strlen(text) + 1);
	return 0;
}

static int set_number(struct unit_values *values, const char *name, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return unit_values_set(values, unit_property_find(name), text);
}

/* Decimal digits, or "max", up to the end or a character of stop; NULL: neither.  Returns what is behind. */
static const char *read_number(const char *text, const char *stop, uint64_t *ret)
{
	char *end = (char *)text;

	if (strncmp(text, "max", 3) == 0) {
		*ret = UINT64_MAX;
		end += 3;
	} else if (*text >= '0' && *text <= '9') {
		errno = 0;
		*ret = strtoull(text, &end, 10);
		if (errno)
			return NULL;
	}
	return end != text && (*end == '\0' || strchr(stop, *end)) ? end : NULL;
}

/* io.weight may be written "default N". */
static int add_number(struct unit_values *values, const char *property, const char *text)
{
	uint64_t number = 0;

	if (strncmp(text, "default ", strlen("default ")) == 0)
		text += strlen("default ");
	return read_number(text, "", &number) ? set_number(values, property, number) : -EINVAL;
}

/* QUOTA [PERIOD] to the quota of a second, in whole per cent; 0 where it would be none at all. */
static bool read_quota(const char *text, uint64_t *ret, uint64_t *ret_period)
{
	uint64_t quota = 0, period = PERIOD_USUAL;
	const char *rest = read_number(text, " ", &quota);

	if (!rest || (*rest && !read_number(rest + 1, "", &period)) || period == 0 || quota == 0 ||
	    (quota != UINT64_MAX && quota > UINT64_MAX / SECOND))
		return false;
	*ret_period = period;
	*ret = quota;
	if (quota != UINT64_MAX)
		*ret = (quota * SECOND / period + PER_CENT - 1) / PER_CENT * PER_CENT;
	return true;
}

static int add_quota(struct unit_values *values, const char *text)
{
	uint64_t quota, period;
	int r;

	if (!read_quota(text, &quota, &period))
		return -EINVAL;
	r = set_number(values, "CPUQuotaPerSecUSec", quota);
	return r < 0 ? r : set_number(values, "CPUQuotaPeriodUSec", period);
}

/* A list as "0-3,8" into a mask; the number of bytes, or -EINVAL. */
static int read_list(const char *text, uint8_t mask[MASK_MAX])
{
	struct idset set;
	unsigned i;
	int used = 0;

	if (idset_read(text, &set) < 0)
		return -EINVAL;
	for (i = MASK_MAX / 8; i < sizeof(set.bits) / sizeof(set.bits[0]); i++)
		if (set.bits[i])
			return -EINVAL;
	for (i = 0; i < MASK_MAX; i++) {
		mask[i] = (uint8_t)(set.bits[i / 8] >> i % 8 * 8);
		used = mask[i] ? (int)i + 1 : used;
	}
	return used;
}

static int add_mask(struct unit_values *values, const char *property, const char *text)
{
	char hex[2 * MASK_MAX + 1] = "";
	uint8_t mask[MASK_MAX];
	int i, n = read_list(text, mask);

	for (i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", mask[i]);
	return n < 0 ? n : unit_values_set(values, unit_property_find(property), hex);
}

int unit_mask_bytes(const char *text, uint8_t *ret, size_t size)
{
	size_t i, n = strlen(text) / 2;

	if (n > size || strlen(text) % 2)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;

		ret[i] = (uint8_t)strtoul(digits, &end, 16);
		if (*end)
			return -EINVAL;
	}
	return (int)n;
}

/* Further devices are put behind those that are there. */
static int add_device(struct unit_values *values, const char *property, const char *device,
		      uint64_t number)
{
	const struct unit_property *found = unit_property_find(property);
	const struct unit_value *there = find(values, found);
	char text[UNIT_TEXT_MAX];
	int n;

	n = snprintf(text, sizeof(text), "%s%s%s%s %" PRIu64, there ? there->text : "",
		     there && there->text[0] ? "," : "", device[0] == '/' ? "" : "/dev/block/",
		     device, number);
	return n >= (int)sizeof(text) ? -E2BIG : unit_values_set(values, found, text);
}

/* "WORD=NUMBER"; "max" is no limit, so there is nothing to add. */
static int add_device_limit(struct unit_values *values, const char *device, const char *item)
{
	const char *equal = strchr(item, '=');
	uint64_t number;
	size_t i;

	if (!equal || !read_number(equal + 1, "", &number))
		return -EINVAL;
	for (i = 0; i < sizeof(device_limits) / sizeof(device_limits[0]); i++)
		if (strncmp(item, device_limits[i].word, (size_t)(equal - item)) == 0 &&
		    strlen(device_limits[i].word) == (size_t)(equal - item))
			return number == UINT64_MAX ? 0 :
						      add_device(values, device_limits[i].property,
								 device, number);
	return -EINVAL;
}

/* Lines of "MAJOR:MINOR WORD=NUMBER ...", or a path in place of the number, which is what systemd takes. */
static int add_devices(struct unit_values *values, const char *text)
{
	char copy[UNIT_TEXT_MAX], *lines = copy, *line;
	int r = 0;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -E2BIG;
	while (r == 0 && (line = strsep(&lines, "\n"))) {
		char *device = strsep(&line, " "), *item;

		if (*device && device[0] != '/' && strspn(device, "0123456789:") != strlen(device))
			return -EINVAL;
		while (r == 0 && (item = strsep(&line, " ")))
			r = add_device_limit(values, device, item);
	}
	return r;
}

static int add(struct unit_values *values, const char *limit, const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].limit, limit) == 0)
			return add_number(values, numbers[i].property, text);
	if (strcmp(limit, "cpu.max") == 0)
		return add_quota(values, text);
	if (strcmp(limit, "cpuset.cpus") == 0)
		return add_mask(values, "AllowedCPUs", text);
	if (strcmp(limit, "cpuset.mems") == 0)
		return add_mask(values, "AllowedMemoryNodes", text);
	if (strcmp(limit, "io.max") == 0)
		return add_devices(values, text);
	return -EOPNOTSUPP;
}

int unit_values_add(struct unit_values *values, const char *limit, const char *text, bool optional,
		    struct errmsg *e)
{
	unsigned i = values->n;
	int r = add(values, limit, text);

	for (; i < values->n; i++)
		values->value[i].optional = optional;
	if (r == -EOPNOTSUPP)
		return errmsg_setx(e, r, "units of systemd have no property for %s", limit);
	return r < 0 ? errmsg_set(e, r, "cannot make a unit's property of %s = %s", limit, text) :
		       0;
}

static bool is_same_number(const char *have, const char *want, uint64_t unit)
{
	uint64_t a = 0, b = 0;

	return read_number(have, "", &a) && read_number(want, "", &b) &&
	       (a == b || (a != UINT64_MAX && b != UINT64_MAX && a / unit == b / unit));
}

/* Either way rounded to whole per cent, of which one less or more may be the kernel's µs. */
static bool is_same_quota(const char *have, const char *want)
{
	uint64_t a, b, period;

	if (!read_quota(have, &a, &period) || !read_quota(want, &b, &period))
		return false;
	return a == b ||
	       (a != UINT64_MAX && b != UINT64_MAX && a + PER_CENT >= b && b + PER_CENT >= a);
}

/* The properties that both come to. */
static bool is_same_devices(const char *have, const char *want)
{
	struct unit_values a = { .n = 0 }, b = { .n = 0 };
	unsigned i;

	if (add_devices(&a, have) < 0 || add_devices(&b, want) < 0 || a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++) {
		const struct unit_value *other = find(&b, a.value[i].property);

		if (!other || strcmp(other->text, a.value[i].text) != 0)
			return false;
	}
	return true;
}

bool unit_limit_is(const char *limit, const char *have, const char *want)
{
	if (strcmp(have, want) == 0)
		return true;
	if (strcmp(limit, "cpu.max") == 0)
		return is_same_quota(have, want);
	if (strcmp(limit, "io.max") == 0)
		return is_same_devices(have, want);
	if (strcmp(limit, "io.weight") == 0 && strncmp(have, "default ", 8) == 0)
		return strcmp(have + 8, want) == 0;
	return is_same_number(have, want,
			      strncmp(limit, "memory.", 7) == 0 ? (uint64_t)sysconf(_SC_PAGESIZE) :
								  1);
}
