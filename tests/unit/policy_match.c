/* [match]: which logins a file applies to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy_match.h"

static unsigned groups_asked;

static int group_stub(const struct facts *facts, const char *group)
{
	(void)facts;
	groups_asked++;
	if (strcmp(group, "broken") == 0)
		return -EIO;
	return strcmp(group, "staff") == 0 || strcmp(group, "users") == 0;
}

static const struct facts alice = {
	.user = "alice",
	.uid = 1500,
	.gid = 100,
	.service = "sshd",
	.in_group = group_stub,
};

static int fits(enum key_row row, const char *text, const struct facts *facts)
{
	struct errmsg e;
	size_t at;

	assert_int_equal(policy_match_check(row, text, &at, &e), 0);
	return policy_match_fits(row, text, facts, &e);
}

static int fits_from(const char *rhost, const char *text)
{
	struct facts facts = alice;

	memcpy(facts.rhost, rhost, strlen(rhost) + 1);
	return fits(ROW_MATCH_RHOST, text, &facts);
}

static void test_user(void **state)
{
	(void)state;
	assert_int_equal(fits(ROW_MATCH_USER, "alice", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_USER, "bob, alice", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_USER, "bob carol", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "al*", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_USER, "Alice", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "[a-c]lice", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_USER, "alic", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "!alice", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "!bob", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_USER, "* !alice", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "!alice *", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_USER, "bob !carol", &alice), 0);
}

static void test_service(void **state)
{
	(void)state;
	assert_int_equal(fits(ROW_MATCH_SERVICE, "sshd", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_SERVICE, "login su*", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_SERVICE, "!cron", &alice), 1);
}

static void test_uid(void **state)
{
	(void)state;
	assert_int_equal(fits(ROW_MATCH_UID, "1500", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_UID, "1000-1499, 1501", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_UID, "1500-1500", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_UID, "1000-1999 !1500", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_UID, "0-4294967294", &alice), 1);
}

static void test_group(void **state)
{
	(void)state;
	assert_int_equal(fits(ROW_MATCH_GROUP, "wheel staff", &alice), 1);
	assert_int_equal(fits(ROW_MATCH_GROUP, "wheel", &alice), 0);
	assert_int_equal(fits(ROW_MATCH_GROUP, "users !staff", &alice), 0);
	/* Nobody knows whether it fits: no policy can be found then. */
	assert_int_equal(fits(ROW_MATCH_GROUP, "wheel broken", &alice), -EIO);
	assert_int_equal(fits(ROW_MATCH_GROUP, "!broken", &alice), -EIO);
}

static void test_rhost(void **state)
{
	(void)state;
	assert_int_equal(fits_from("gate.example.org", "*.example.org"), 1);
	assert_int_equal(fits_from("GATE.Example.org", "gate.example.ORG"), 1);
	assert_int_equal(fits_from("example.org", "*.example.org"), 0);
	assert_int_equal(fits_from("10.1.2.3", "10.0.0.0/8"), 1);
	assert_int_equal(fits_from("11.1.2.3", "10.0.0.0/8"), 0);
	assert_int_equal(fits_from("10.1.2.3", "10.1.2.3"), 1);
	assert_int_equal(fits_from("10.1.2.30", "10.1.2.3"), 0);
	assert_int_equal(fits_from("10.1.2.3", "10.1.2.2/31"), 1);
	assert_int_equal(fits_from("10.1.2.3", "0.0.0.0/0"), 1);
	assert_int_equal(fits_from("::1", "0.0.0.0/0"), 0);
	assert_int_equal(fits_from("2001:db8::5", "2001:db8::/32"), 1);
	assert_int_equal(fits_from("2001:DB8:0:0::5", "2001:db8::5"), 1);
	assert_int_equal(fits_from("2001:db9::5", "2001:db8::/32"), 0);
	assert_int_equal(fits_from("fe80::1%eth0", "fe80::/10"), 1);
	/* The same client, as a dual-stack socket reports it. */
	assert_int_equal(fits_from("::ffff:10.1.2.3", "10.0.0.0/8"), 1);
	assert_int_equal(fits_from("10.1.2.3", "::ffff:10.1.2.3"), 1);
	/* A name is not an address, whatever it looks like. */
	assert_int_equal(fits_from("10.1.2.3.example.org", "10.0.0.0/8"), 0);
	assert_int_equal(fits_from("10.1.2", "10.0.0.0/8"), 0);
}

static void test_rhost_local(void **state)
{
	(void)state;
	assert_int_equal(fits_from("", "*"), 0);
	assert_int_equal(fits_from("", "!*"), 1);
	assert_int_equal(fits_from("host", "!*"), 0);
	assert_int_equal(fits_from("", "0.0.0.0/0 ::/0"), 0);
	assert_int_equal(fits_from("", "!10.0.0.0/8"), 1);
}

static void test_faults(void **state)
{
	static const struct {
		enum key_row row;
		const char *text;
		size_t at;
	} wrong[] = {
		{ ROW_MATCH_USER, "bob al/ice", 4 },   { ROW_MATCH_USER, "!", 0 },
		{ ROW_MATCH_USER, "*a*b*c*d*e", 0 },   { ROW_MATCH_USER, " ,", 0 },
		{ ROW_MATCH_UID, "1000-", 0 },         { ROW_MATCH_UID, "-5", 0 },
		{ ROW_MATCH_UID, "5 9-3", 2 },         { ROW_MATCH_UID, "4294967295", 0 },
		{ ROW_MATCH_UID, "root", 0 },          { ROW_MATCH_UID, "1-2-3", 0 },
		{ ROW_MATCH_GROUP, "sta*", 0 },        { ROW_MATCH_RHOST, "10.0.0.1/8", 0 },
		{ ROW_MATCH_RHOST, "10.0.0.0/33", 0 }, { ROW_MATCH_RHOST, "::/129", 0 },
		{ ROW_MATCH_RHOST, "10.0.0/8", 0 },    { ROW_MATCH_RHOST, "10.0.0.0/", 0 },
		{ ROW_MATCH_RHOST, "host/8", 0 },      { ROW_MATCH_SERVICE, "a b,!", 4 },
	};
	struct errmsg e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t at = 0;

		assert_true(policy_match_check(wrong[i].row, wrong[i].text, &at, &e) < 0);
		assert_int_equal(at, wrong[i].at);
	}
}

/* A stranger chooses the name of the remote host: no name may make a comparison slow. */
static void test_slow_pattern(void **state)
{
	char rhost[256];

	(void)state;
	memset(rhost, 'a', sizeof(rhost));
	rhost[255] = '\0';
	assert_int_equal(fits_from(rhost, "*a*a*a*b"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),   cmocka_unit_test(test_service),
		cmocka_unit_test(test_uid),    cmocka_unit_test(test_group),
		cmocka_unit_test(test_rhost),  cmocka_unit_test(test_rhost_local),
		cmocka_unit_test(test_faults), cmocka_unit_test(test_slow_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
