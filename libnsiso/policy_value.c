/*
 * Converters of single values: words, numbers with units, paths.  Pure but for value_size() and
 * value_count(), which ask the kernel how much there is when a value is a percentage of it.
 */
#include "policy_value.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"

#define CPU_PERIOD 100000 /* µs: the kernel's own default */
#define CPU_PERIOD_MIN 1000
#define CPU_PERIOD_MAX 1000000
#define CPU_QUOTA_MIN 1000
#define CPU_QUOTA_MAX 1000000000
#define CPU_PERCENT_MAX 1000000
#define PAGE 4096
#define NAME_LEN_MAX 32

int value_word(const char *text, const char *words, unsigned *ret, struct errmsg *e)
{
	size_t len = strlen(text);
	const char *word = words;
	char wanted[ERRMSG_MAX / 4];
	size_t used = 0;

	for (unsigned i = 0; *word != '\0'; i++) {
		size_t word_len = strcspn(word, " ");

		if (word_len == len && memcmp(word, text, len) == 0) {
			*ret = i;
			return 0;
		}
		word += word_len + strspn(word + word_len, " ");
	}
	/* "a b c" becomes "a, b, c". */
	for (word = words; *word != '\0' && used < sizeof(wanted) - 3; word++) {
		if (*word == ' ')
			wanted[used++] = ',';
		wanted[used++] = *word;
	}
	wanted[used] = '\0';
	return errmsg_setx(e, -EINVAL, "'%s' is none of %s", text, wanted);
}

int value_bool(const char *text, bool *ret, struct errmsg *e)
{
	unsigned word = 0;

	if (value_word(text, "yes no true false on off", &word, e) < 0)
		return e->code;
	*ret = word % 2 == 0;
	return 0;
}

/* Digits at *at, which is moved behind them; false: none, a leading zero, or more than 64 bits. */
static bool digits_read(const char **at, uint64_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	*at = p;
	*ret = value;
	return true;
}

int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e)
{
	const char *at = text;
	uint64_t value = 0;

	if (!digits_read(&at, &value) || *at != '\0')
		return errmsg_setx(e, -EINVAL, "'%s' is not a plain number", text);
	if (value < min || value > max)
		return errmsg_setx(e, -EINVAL, "%s is not within %ju..%ju", text, (uintmax_t)min,
				   (uintmax_t)max);
	*ret = value;
	return 0;
}

/* N% of the physical memory, in whole pages; false: more than 100, or no answer. */
static bool memory_share(uint64_t percent, uint64_t *ret)
{
	struct sysinfo info;
	uint64_t total;

	if (percent == 0 || percent > 100 || sysinfo(&info) < 0)
		return false;
	total = (uint64_t)info.totalram * info.mem_unit;
	*ret = (total / 100 * percent + total % 100 * percent / 100) / PAGE * PAGE;
	return true;
}

static unsigned size_shift(char unit)
{
	switch (unit) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	case 'T':
		return 40;
	default:
		return 0;
	}
}

/* The size as it is written, without judging it. */
static bool size_read(const char *text, uint64_t *ret)
{
	const char *at = text;
	uint64_t value = 0;
	unsigned shift;

	if (!digits_read(&at, &value))
		return false;
	if (strcmp(at, "%") == 0)
		return memory_share(value, ret);
	shift = size_shift(*at);
	if (at[shift ? 1 : 0] != '\0' || value > UINT64_MAX >> shift)
		return false;
	*ret = value << shift;
	return true;
}

const char *value_size_text(uint64_t size, char ret[VALUE_SIZE_MAX])
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	unsigned unit = 0;

	for (; unit < 4 && size != 0 && size % 1024 == 0; unit++)
		size /= 1024;
	(void)snprintf(ret, VALUE_SIZE_MAX, "%ju%s", (uintmax_t)size, units[unit]);
	return ret;
}

int value_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e)
{
	char least[VALUE_SIZE_MAX];
	char most[VALUE_SIZE_MAX];
	uint64_t value = 0;

	if (!size_read(text, &value))
		return errmsg_setx(e, -EINVAL,
				   "'%s' is not a size: a number with K, M, G or T, or 1%%..100%%",
				   text);
	if (value < min || value > max)
		return errmsg_setx(e, -EINVAL, "%s is not within %s..%s", text,
				   value_size_text(min, least), value_size_text(max, most));
	*ret = value;
	return 0;
}

/* A number in a file of /proc/sys; POLICY_LIMIT_MAX when there is none. */
static uint64_t sysctl_read(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	const char *at = text;
	uint64_t value = 0;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || !digits_read(&at, &value))
		return POLICY_LIMIT_MAX;
	return value;
}

/* As systemd reckons TasksMax=: what there is of the scarcer one of process ids and threads. */
static bool processes_share(uint64_t percent, uint64_t *ret)
{
	uint64_t ids = sysctl_read("/proc/sys/kernel/pid_max");
	uint64_t threads = sysctl_read("/proc/sys/kernel/threads-max");
	uint64_t most = ids < threads ? ids : threads;

	if (percent == 0 || percent > 100 || most == POLICY_LIMIT_MAX)
		return false;
	*ret = most * percent / 100;
	return true;
}

int value_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct errmsg *e)
{
	const char *at = text;
	uint64_t value = 0;

	if (!digits_read(&at, &value) || strcmp(at, "%") != 0)
		return value_number(text, min, max, ret, e);
	if (!processes_share(value, &value))
		return errmsg_setx(e, -EINVAL, "'%s' is not within 1%%..100%%", text);
	/* A share of a small machine is at least what a login needs. */
	*ret = value < min ? min : value > max ? max : value;
	return 0;
}

int value_duration(const char *text, uint64_t max_ms, uint32_t *ret_ms, struct errmsg *e)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "", 1000 },   { "ms", 1 },      { "s", 1000 },
		      { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	const char *at = text;
	uint64_t value = 0;

	if (!digits_read(&at, &value))
		return errmsg_setx(e, -EINVAL,
				   "'%s' is not a duration: a number with ms, s, m, h or d", text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(at, units[i].name) != 0)
			continue;
		if (value > max_ms / units[i].ms)
			return errmsg_setx(e, -EINVAL, "%s is more than %jus", text,
					   (uintmax_t)(max_ms / 1000));
		*ret_ms = (uint32_t)(value * units[i].ms);
		return 0;
	}
	return errmsg_setx(e, -EINVAL, "'%s' is not a unit of time: ms, s, m, h or d", at);
}

/* "QUOTA PERIOD", "max PERIOD", "max" or "N%" as it is written. */
static bool cpu_read(const char *text, uint64_t *ret_quota, uint64_t *ret_period)
{
	const char *at = text;

	*ret_period = CPU_PERIOD;
	if (strncmp(text, "max", 3) == 0) {
		*ret_quota = POLICY_LIMIT_MAX;
		at += 3;
		if (*at == '\0')
			return true;
	} else if (!digits_read(&at, ret_quota)) {
		return false;
	}
	if (strcmp(at, "%") == 0 && *ret_quota > 0 && *ret_quota <= CPU_PERCENT_MAX) {
		*ret_quota *= CPU_PERIOD / 100;
		return true;
	}
	if (*at != ' ')
		return false;
	at += strspn(at, " ");
	return digits_read(&at, ret_period) && *at == '\0';
}

int value_cpu(const char *text, uint64_t *ret_quota, uint64_t *ret_period, struct errmsg *e)
{
	uint64_t quota = 0;
	uint64_t period = 0;

	if (!cpu_read(text, &quota, &period))
		return errmsg_setx(e, -EINVAL,
				   "'%s' is not a share of processor time: 'QUOTA PERIOD' in "
				   "microseconds, N%% or max",
				   text);
	if (period < CPU_PERIOD_MIN || period > CPU_PERIOD_MAX)
		return errmsg_setx(e, -EINVAL, "the period %ju is not within %d..%d microseconds",
				   (uintmax_t)period, CPU_PERIOD_MIN, CPU_PERIOD_MAX);
	if (quota != POLICY_LIMIT_MAX && (quota < CPU_QUOTA_MIN || quota > CPU_QUOTA_MAX))
		return errmsg_setx(e, -EINVAL, "the quota %ju is not within %d..%d microseconds",
				   (uintmax_t)quota, CPU_QUOTA_MIN, CPU_QUOTA_MAX);
	*ret_quota = quota;
	*ret_period = period;
	return 0;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int value_hostname(const char *text, struct errmsg *e)
{
	if (strlen(text) > sizeof(((struct policy *)NULL)->uts.hostname) - 1)
		return errmsg_setx(e, -EINVAL, "a host name has at most 64 characters");
	if (!is_alnum(*text) && *text != '%')
		return errmsg_setx(e, -EINVAL,
				   "'%s' is not a host name: it begins with a letter, "
				   "a digit or %%",
				   text);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%') {
			p++;
			if (*p != 'u' && *p != 'h' && *p != '%')
				return errmsg_setx(e, -EINVAL,
						   "'%s': only %%u, %%h and %%%% are "
						   "replaced",
						   text);
		} else if (!is_alnum(*p) && *p != '-' && *p != '.' && *p != '_') {
			return errmsg_setx(e, -EINVAL, "'%c' cannot stand in a host name", *p);
		}
	}
	return 0;
}

int value_path(const char *text, struct errmsg *e)
{
	if (*text != '/')
		return errmsg_setx(e, -EINVAL, "'%s' is not an absolute path", text);
	if (strlen(text) >= NSISO_PATH_MAX)
		return errmsg_setx(e, -EINVAL, "a path has at most %d bytes", NSISO_PATH_MAX - 1);
	for (const char *p = text; *p != '\0' && text[1] != '\0';) {
		size_t len = strcspn(++p, "/");

		if (len == 0)
			return errmsg_setx(e, -EINVAL, "'%s' has '//' or a '/' at its end", text);
		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return errmsg_setx(e, -EINVAL, "'%s' goes through '.' or '..'", text);
		p += len;
	}
	return 0;
}

/* The capability of that name, with or without "cap_"; -1: there is none. */
static int cap_number(const char *text, size_t len)
{
	char name[NAME_LEN_MAX];

	if (len > 4 && strncmp(text, "cap_", 4) == 0) {
		text += 4;
		len -= 4;
	}
	if (len == 0 || len >= sizeof(name))
		return -1;
	/* libcap-ng takes capital letters and numbers for names, too. */
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz_") < len)
		return -1;
	memcpy(name, text, len);
	name[len] = '\0';
	return capng_name_to_capability(name);
}

int value_caps(const char *text, uint64_t *ret, size_t *at, struct errmsg *e)
{
	const char *p = text;
	uint64_t caps = 0;

	if (strcmp(text, "none") == 0) {
		*ret = 0;
		return 0;
	}
	for (p += strspn(p, " \t,"); *p != '\0'; p += strspn(p, " \t,")) {
		size_t len = strcspn(p, " \t,");
		int number = cap_number(p, len);

		*at = (size_t)(p - text);
		if (number < 0 || number > 63)
			return errmsg_setx(e, -EINVAL, "'%.*s' is not a capability", (int)len, p);
		if (caps & 1ULL << number)
			return errmsg_setx(e, -EINVAL, "'%.*s' is there twice", (int)len, p);
		caps |= 1ULL << number;
		p += len;
	}
	if (caps == 0)
		return errmsg_setx(e, -EINVAL, "no capability in '%s'; write none", text);
	*ret = caps;
	return 0;
}
