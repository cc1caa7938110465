/* Limits as properties of units: the translation of each key, what is refused, and what counts as the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "errmsg.h"
#include "unit_value.h"

static struct unit_values values;
static struct errmsg e;

static int set_up(void **state)
{
	(void)state;
	values.n = 0;
	e = (struct errmsg){ .code = 0 };
	return 0;
}

static void assert_value(const char *name, const char *text)
{
	const struct unit_value *value = unit_values_find(&values, name);

	assert_non_null(value);
	assert_string_equal(value->text, text);
}

static void add(const char *limit, const char *text)
{
	assert_int_equal(unit_values_add(&values, limit, text, false, &e), 0);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *limit, *text, *property, *want;
	} cases[] = {
		{ "memory.max", "67108864", "MemoryMax", "67108864" },
		{ "memory.max", "max", "MemoryMax", "18446744073709551615" },
		{ "memory.high", "1", "MemoryHigh", "1" },
		{ "memory.low", "4096", "MemoryLow", "4096" },
		{ "memory.swap.max", "0", "MemorySwapMax", "0" },
		{ "memory.oom.group", "1", "memory.oom.group", "1" },
		{ "pids.max", "64", "TasksMax", "64" },
		{ "pids.max", "max", "TasksMax", "18446744073709551615" },
		{ "cpu.weight", "10000", "CPUWeight", "10000" },
		{ "io.weight", "default 50", "IOWeight", "50" },
		{ "io.weight", "50", "IOWeight", "50" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)set_up(state);
		add(cases[i].limit, cases[i].text);
		assert_int_equal(values.n, 1);
		assert_value(cases[i].property, cases[i].want);
	}
}

/* systemd keeps whole per cent of a processor in its drop-in, and 0% would be no limit after a reload. */
static void test_quota(void **state)
{
	static const struct {
		const char *text, *quota, *period;
	} cases[] = {
		{ "50000 100000", "500000", "100000" },
		{ "200000 100000", "2000000", "100000" },
		{ "1000", "10000", "100000" },
		{ "1 1000000", "10000", "1000000" },
		{ "33333 100000", "340000", "100000" },
		{ "max 100000", "18446744073709551615", "100000" },
		{ "max", "18446744073709551615", "100000" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)set_up(state);
		add("cpu.max", cases[i].text);
		assert_int_equal(values.n, 2);
		assert_value("CPUQuotaPerSecUSec", cases[i].quota);
		assert_value("CPUQuotaPeriodUSec", cases[i].period);
	}
}

static void test_masks(void **state)
{
	uint8_t mask[4];

	(void)state;
	add("cpuset.cpus", "0-3,8");
	assert_value("AllowedCPUs", "0f01");
	assert_int_equal(unit_mask_bytes("0f01", mask, sizeof(mask)), 2);
	assert_int_equal(mask[0], 0x0f);
	assert_int_equal(mask[1], 1);
	assert_int_equal(unit_mask_bytes("0f0", mask, sizeof(mask)), -EINVAL);
	assert_int_equal(unit_mask_bytes("0g", mask, sizeof(mask)), -EINVAL);
	assert_int_equal(unit_mask_bytes("0000000000", mask, sizeof(mask)), -EINVAL);
	add("cpuset.mems", "");
	assert_value("AllowedMemoryNodes", "");
	add("cpuset.cpus", "1023");
	assert_int_equal(strlen(unit_values_find(&values, "AllowedCPUs")->text), 256);
}

static void test_devices(void **state)
{
	(void)state;
	add("io.max", "8:0 rbps=1048576 wbps=max riops=100 wiops=max\n8:16 rbps=2");
	assert_int_equal(values.n, 2);
	assert_value("IOReadBandwidthMax", "/dev/block/8:0 1048576,/dev/block/8:16 2");
	assert_value("IOReadIOPSMax", "/dev/block/8:0 100");
	add("io.max", "/dev/sdc rbps=max wbps=3 riops=max wiops=4");
	assert_value("IOWriteBandwidthMax", "/dev/sdc 3");
	assert_value("IOWriteIOPSMax", "/dev/sdc 4");
}

static void test_optional(void **state)
{
	(void)state;
	assert_int_equal(unit_values_add(&values, "memory.max", "1", true, &e), 0);
	add("pids.max", "1");
	assert_true(unit_values_find(&values, "MemoryMax")->optional);
	assert_false(unit_values_find(&values, "TasksMax")->optional);
}

static void test_refused(void **state)
{
	static const struct {
		const char *limit, *text;
		int code;
	} cases[] = {
		{ "memory.max", "1M", -EINVAL },
		{ "memory.max", "", -EINVAL },
		{ "memory.max", "-1", -EINVAL },
		{ "memory.max", "maximum", -EINVAL },
		{ "memory.max", "18446744073709551616", -EINVAL },
		{ "pids.max", "64 ", -EINVAL },
		{ "cpu.max", "0 100000", -EINVAL },
		{ "cpu.max", "100 0", -EINVAL },
		{ "cpu.max", "18446744073709551614", -EINVAL },
		{ "cpuset.cpus", "3-1", -EINVAL },
		{ "cpuset.cpus", "1024", -EINVAL },
		{ "cpuset.cpus", "1;2", -EINVAL },
		{ "io.max", "sda rbps=1", -EINVAL },
		{ "cpuset.mems", "0-", -EINVAL },
		{ "io.max", "8:0 bps=1", -EINVAL },
		{ "io.max", "8:0 rbps", -EINVAL },
		{ "io.max", "8:0 rbps=x", -EINVAL },
		{ "hugetlb.2MB.max", "1", -EOPNOTSUPP },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(unit_values_add(&values, cases[i].limit, cases[i].text, false, &e),
				 cases[i].code);
		assert_non_null(strstr(e.text, cases[i].limit));
		assert_int_equal(values.n, 0);
	}
}

/* More devices than fit are refused, never cut. */
static void test_too_long(void **state)
{
	char text[64];
	int i, r = 0;

	(void)state;
	for (i = 0; i < 100 && r == 0; i++) {
		(void)snprintf(text, sizeof(text), "8:%d rbps=1000000000", i);
		r = unit_values_add(&values, "io.max", text, false, &e);
	}
	assert_int_equal(r, -E2BIG);
	assert_true(i > 10);
}

static void test_same(void **state)
{
	static const struct {
		const char *limit, *have, *want;
		int same;
	} cases[] = {
		{ "memory.max", "67108864", "67108864", 1 },
		{ "memory.max", "67108864", "67108865", 1 },
		{ "memory.max", "67104768", "67108865", 0 },
		{ "memory.max", "max", "67108864", 0 },
		{ "memory.max", "67108864", "max", 0 },
		{ "memory.max", "", "67108864", 0 },
		{ "pids.max", "64", "64", 1 },
		{ "pids.max", "64", "65", 0 },
		{ "cpu.max", "50000 100000", "50000 100000", 1 },
		{ "cpu.max", "34000 100000", "33333 100000", 1 },
		{ "cpu.max", "100000 100000", "50000 100000", 0 },
		{ "cpu.max", "max 100000", "50000 100000", 0 },
		{ "cpu.max", "max 100000", "max", 1 },
		{ "cpuset.cpus", "0-1", "0-1", 1 },
		{ "cpuset.cpus", "0-1", "0-2", 0 },
		{ "cpuset.cpus", "", "0", 0 },
		{ "io.weight", "default 50", "50", 1 },
		{ "io.weight", "default 50", "51", 0 },
		{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=max", "8:0 rbps=1", 1 },
		{ "io.max", "8:0 rbps=1 wbps=2 riops=max wiops=max", "8:0 rbps=1", 0 },
		{ "io.max", "", "8:0 rbps=1", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (unit_limit_is(cases[i].limit, cases[i].have, cases[i].want) != cases[i].same)
			fail_msg("%s: '%s' and '%s'", cases[i].limit, cases[i].have, cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_numbers, set_up),
		cmocka_unit_test_setup(test_quota, set_up),
		cmocka_unit_test_setup(test_masks, set_up),
		cmocka_unit_test_setup(test_devices, set_up),
		cmocka_unit_test_setup(test_optional, set_up),
		cmocka_unit_test_setup(test_refused, set_up),
		cmocka_unit_test_setup(test_too_long, set_up),
		cmocka_unit_test_setup(test_same, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
