/* The facts of a user: from the databases of this host, which has root at least. */
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"

static void test_user(void **state)
{
	struct facts facts = { .service = "sshd", .rhost = "here" };
	struct facts before;
	struct errmsg e;

	(void)state;
	assert_int_equal(facts_user("root", &facts, &e), 0);
	assert_string_equal(facts.user, "root");
	assert_int_equal(facts.uid, 0);
	assert_int_equal(facts.home[0], '/');
	assert_true(facts.host[0] != '\0');
	assert_string_equal(facts.service, "sshd");
	assert_string_equal(facts.rhost, "here");
	before = facts;
	assert_int_equal(facts_user("no-such-user-here", &facts, &e), -ENOENT);
	assert_string_equal(e.text, "no user no-such-user-here");
	assert_int_equal(facts_user("../root", &facts, &e), -EINVAL);
	assert_int_equal(facts_user("", &facts, &e), -EINVAL);
	assert_memory_equal(&before, &facts, sizeof(facts));
}

static void test_id(void **state)
{
	struct facts one = { 0 };
	struct facts two = { 0 };
	struct errmsg e;

	(void)state;
	assert_int_equal(facts_id(&one, &e), 0);
	assert_int_equal(facts_id(&two, &e), 0);
	assert_int_equal(strlen(one.id), NSISO_ID_MAX - 1);
	assert_int_equal(strspn(one.id, "0123456789abcdef"), NSISO_ID_MAX - 1);
	assert_string_not_equal(one.id, two.id);
}

static int group_stub(const struct facts *facts, const char *group)
{
	(void)facts;
	return strcmp(group, "mine") == 0;
}

static void test_group(void **state)
{
	const struct group *primary = getgrgid(0);
	struct facts facts = { 0 };
	struct errmsg e;

	(void)state;
	assert_non_null(primary);
	assert_int_equal(facts_user("root", &facts, &e), 0);
	assert_int_equal(facts_in_group(&facts, primary->gr_name), 1);
	assert_int_equal(facts_in_group(&facts, "no-such-group-here"), 0);
	facts.gid = 4242;
	assert_int_equal(facts_in_group(&facts, "no-such-group-here"), 0);
	facts.in_group = group_stub;
	assert_int_equal(facts_in_group(&facts, "mine"), 1);
	assert_int_equal(facts_in_group(&facts, primary->gr_name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
