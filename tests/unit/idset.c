/* Lists of processors and memory nodes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "idset.h"

static void check(const char *text, const char *want)
{
	struct idset set;
	char have[64];

	assert_int_equal(idset_read(text, &set), 0);
	assert_true(idset_write(&set, have, sizeof(have)));
	assert_string_equal(have, want);
}

static void test_normal(void **state)
{
	(void)state;
	check("", "");
	check("0", "0");
	check("0-3,8", "0-3,8");
	check("8, 3 0-2", "0-3,8");
	check("1,0", "0-1");
	check("5-5", "5");
	check("0-63,64,8191", "0-64,8191");
	check(" 7 ", "7");
}

static void test_bad(void **state)
{
	static const char *const texts[] = { "a",   "-1", "1-",   "3-1",    "1,,2",
					     "1,",  ",1", "8192", "0-8192", "99999999999999999999",
					     "1;2", "0x1" };
	struct idset set;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(idset_read(texts[i], &set), -EINVAL);
}

static void test_room(void **state)
{
	struct idset set;
	char have[8];

	(void)state;
	assert_int_equal(idset_read("100,200,300", &set), 0);
	assert_false(idset_write(&set, have, sizeof(have)));
	assert_int_equal(idset_read("100-200", &set), 0);
	assert_true(idset_write(&set, have, sizeof(have)));
}

static void test_within(void **state)
{
	struct idset one, other;

	(void)state;
	assert_int_equal(idset_read("1-2", &one), 0);
	assert_int_equal(idset_read("0-3", &other), 0);
	assert_true(idset_is_within(&one, &other));
	assert_false(idset_is_within(&other, &one));
	assert_false(idset_is_empty(&one));
	assert_int_equal(idset_read("", &one), 0);
	assert_true(idset_is_empty(&one));
	assert_true(idset_is_within(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_normal),
					    cmocka_unit_test(test_bad), cmocka_unit_test(test_room),
					    cmocka_unit_test(test_within) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
