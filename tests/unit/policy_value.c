/* Converters of single values: what they take, what they refuse, and that refusing changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/sysinfo.h>

#include <cmocka.h>

#include "errmsg.h"
#include "policy.h"
#include "policy_value.h"

#define UNTOUCHED 0x5a5a5a5aULL

static const char *const not_numbers[] = { "",     "-1",      "+1",  " 1",  "1 ",
					   "0x10", "010",     "1e3", "one", "18446744073709551616",
					   "1.5",  "\xd9\xa1" };

static void test_bool(void **state)
{
	static const char *const wrong[] = { "",  "Yes",  "YES",   "y",     "1",
					     "0", "yes ", "yikes", "enable" };
	struct errmsg e;
	bool value = false;

	(void)state;
	assert_int_equal(value_bool("yes", &value, &e), 0);
	assert_true(value);
	assert_int_equal(value_bool("off", &value, &e), 0);
	assert_false(value);
	assert_int_equal(value_bool("true", &value, &e), 0);
	assert_true(value);
	assert_int_equal(value_bool("no", &value, &e), 0);
	assert_int_equal(value_bool("false", &value, &e), 0);
	assert_int_equal(value_bool("on", &value, &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(value_bool(wrong[i], &value, &e) < 0);
		assert_true(value);
	}
	assert_string_equal(e.text, "'enable' is none of yes, no, true, false, on, off");
}

static void test_number(void **state)
{
	struct errmsg e;
	uint64_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
		assert_true(value_number(not_numbers[i], 0, UINT64_MAX, &value, &e) < 0);
		assert_true(value == UNTOUCHED);
	}
	assert_true(value_number("9", 10, 20, &value, &e) < 0);
	assert_true(value_number("21", 10, 20, &value, &e) < 0);
	assert_true(value == UNTOUCHED);
	assert_int_equal(value_number("0", 0, 5, &value, &e), 0);
	assert_true(value == 0);
	assert_int_equal(value_number("18446744073709551615", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value == UINT64_MAX);
}

static void test_size(void **state)
{
	static const char *const wrong[] = { "1k",
					     "1KB",
					     "1MiB",
					     "M",
					     "1 M",
					     "0%",
					     "101%",
					     "%",
					     "10%%",
					     "16777216T",
					     "99999999999999999999G",
					     "-1M",
					     "1P" };
	struct sysinfo info;
	struct errmsg e;
	uint64_t value = UNTOUCHED;
	uint64_t total;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(value_size(wrong[i], 0, UINT64_MAX, &value, &e) < 0);
		assert_true(value == UNTOUCHED);
	}
	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++)
		assert_true(value_size(not_numbers[i], 0, UINT64_MAX, &value, &e) < 0);
	assert_int_equal(value_size("3K", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value == 3 << 10);
	assert_int_equal(value_size("2T", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value == 2ULL << 40);
	assert_int_equal(value_size("16777215T", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value_size("1023", 1024, UINT64_MAX, &value, &e) < 0);

	assert_int_equal(sysinfo(&info), 0);
	total = (uint64_t)info.totalram * info.mem_unit;
	assert_int_equal(value_size("100%", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value == total / 4096 * 4096);
	assert_int_equal(value_size("1%", 0, UINT64_MAX, &value, &e), 0);
	assert_true(value <= total / 100 + 1 && value + 8192 > total / 100);
	assert_true(value % 4096 == 0);
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{ "10", 10000 }, { "0", 0 }, { "1500ms", 1500 }, { "7s", 7000 }, { "10m", 600000 }
	};
	static const char *const wrong[] = { "11m", "1h",  "601",  "600001ms",
					     "s",   "5 s", "5S",   "5d",
					     "",    "-5",  "1.5s", "99999999999999999999" };
	struct errmsg e;
	uint32_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(value_duration(good[i].text, 600000, &value, &e), 0);
		assert_int_equal(value, good[i].ms);
	}
	value = 77;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(value_duration(wrong[i], 600000, &value, &e) < 0);
		assert_int_equal(value, 77);
	}
	assert_int_equal(value_duration("1h", 3600000, &value, &e), 0);
	assert_int_equal(value, 3600000);
}

static void test_cpu(void **state)
{
	static const char *const wrong[] = {
		"50000", "50000  ",  "999 100000",    "50000 999",      "50000 1000001",
		"0%",    "1000001%", "max 5",         "maximum",        "",
		"5 % ",  "-1%",      "50000\t100000", "50000 100000 1", "1000000001 1000"
	};
	struct errmsg e;
	uint64_t quota = UNTOUCHED;
	uint64_t period = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(value_cpu(wrong[i], &quota, &period, &e) < 0);
		assert_true(quota == UNTOUCHED && period == UNTOUCHED);
	}
	assert_int_equal(value_cpu("150%", &quota, &period, &e), 0);
	assert_true(quota == 150000 && period == 100000);
	assert_int_equal(value_cpu("20000 50000", &quota, &period, &e), 0);
	assert_true(quota == 20000 && period == 50000);
	assert_int_equal(value_cpu("max", &quota, &period, &e), 0);
	assert_true(quota == POLICY_LIMIT_MAX && period == 100000);
	assert_int_equal(value_cpu("max 20000", &quota, &period, &e), 0);
	assert_true(quota == POLICY_LIMIT_MAX && period == 20000);
}

static void test_path(void **state)
{
	static const char *const good[] = { "/",       "/a",   "/a/b.c",   "/...",
					    "/.a/..b", "/a b", "/\xc3\xa4" };
	static const char *const wrong[] = { "",    "a",    "./a",     "//",  "/a/",  "/a//b", "/.",
					     "/..", "/a/.", "/a/../b", "~/a", "../a", "/a/./b" };
	char longest[NSISO_PATH_MAX + 1];
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(value_path(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(value_path(wrong[i], &e) < 0);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[NSISO_PATH_MAX] = '\0';
	assert_true(value_path(longest, &e) < 0);
	longest[NSISO_PATH_MAX - 1] = '\0';
	assert_int_equal(value_path(longest, &e), 0);
}

static void test_hostname(void **state)
{
	static const char *const good[] = { "%h", "%u-%h", "a", "x.y", "box%%", "1st_host" };
	static const char *const wrong[] = { "",   "-a",  ".a",  "%",       "a%",
					     "%x", "a b", "a/b", "\xc3\xa4" };
	char longest[66];
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(value_hostname(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(value_hostname(wrong[i], &e) < 0);
	memset(longest, 'x', sizeof(longest));
	longest[65] = '\0';
	assert_true(value_hostname(longest, &e) < 0);
	longest[64] = '\0';
	assert_int_equal(value_hostname(longest, &e), 0);
}

static void test_caps(void **state)
{
	static const char *const wrong[] = { "",
					     " ",
					     ",",
					     "all",
					     "none chown",
					     "CAP_CHOWN",
					     "cap_",
					     "chown!",
					     "chown cap_chown",
					     "cap_cap_chown",
					     "0",
					     "cap_0",
					     "chown;kill" };
	struct errmsg e;
	uint64_t caps = UNTOUCHED;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(value_caps(wrong[i], &caps, &at, &e) < 0);
		assert_true(caps == UNTOUCHED);
	}
	assert_true(value_caps("chown  bogus", &caps, &at, &e) < 0);
	assert_int_equal(at, 7);
	assert_int_equal(value_caps("cap_chown, kill\tnet_raw", &caps, &at, &e), 0);
	assert_true(caps == (1ULL << 0 | 1ULL << 5 | 1ULL << 13));
	assert_int_equal(value_caps("none", &caps, &at, &e), 0);
	assert_true(caps == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bool),     cmocka_unit_test(test_number),
		cmocka_unit_test(test_size),     cmocka_unit_test(test_duration),
		cmocka_unit_test(test_cpu),      cmocka_unit_test(test_path),
		cmocka_unit_test(test_hostname), cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
