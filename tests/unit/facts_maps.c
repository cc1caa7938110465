/* The ids for user namespaces: from a subuid(5), subgid(5) and group(5) of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_tree.h"

static struct policy policy;
static struct facts facts;
static struct errmsg e;

static int set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	memset(&facts, 0, sizeof(facts));
	(void)strcpy(facts.user, "alice");
	facts.uid = 1000;
	facts.gid = 1001;
	if (!policy_tree_write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n") ||
	    !policy_tree_write("/etc/passwd", "root:x:0:0::/:/bin/sh\n"
					      "alice:x:1000:1001::/:/bin/sh\n"
					      "bob:x:1002:1003::/:/bin/sh\n") ||
	    !policy_tree_write("/etc/group",
			       "root:x:0:alice\nalice:x:1001:\ncrew:x:50:alice,bob\n") ||
	    !policy_tree_write("/etc/subuid", "alice:100000:65536\n") ||
	    !policy_tree_write("/etc/subgid", "alice:200000:65536\n"))
		return -1;
	return 0;
}

static bool has_gid(gid_t gid)
{
	unsigned i;

	for (i = 0; i < facts.n_gids; i++)
		if (facts.gids[i] == gid)
			return true;
	return false;
}

static void test_none(void **state)
{
	(void)state;
	facts.n_gids = facts.n_subuid = facts.n_subgid = 3;
	assert_int_equal(facts_maps(&facts, &policy, &e), 0);
	assert_int_equal(facts.n_gids + facts.n_subuid + facts.n_subgid, 0);
}

static void test_identity(void **state)
{
	(void)state;
	policy.user.map = MAP_IDENTITY;
	assert_int_equal(facts_maps(&facts, &policy, &e), 0);
	assert_int_equal(facts.n_gids, 3);
	/* Root's is left out where the map is made. */
	assert_true(has_gid(1001) && has_gid(50) && has_gid(0));
	assert_int_equal(facts.n_subuid + facts.n_subgid, 0);
}

static void test_too_many_groups(void **state)
{
	char text[16384];
	size_t used = 0;
	unsigned i;

	(void)state;
	policy.user.map = MAP_IDENTITY;
	for (i = 0; i < FACTS_GIDS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "g%u:x:%u:alice\n", i,
					 2000 + i);
	assert_true(policy_tree_write("/etc/group", text));
	assert_int_equal(facts_maps(&facts, &policy, &e), -E2BIG);
	assert_string_equal(e.text, "user alice is in more than 256 groups");
}

static void test_subid_none(void **state)
{
	(void)state;
	policy.user.map = MAP_ROOT;
	policy.user.subid = SUBID_NONE;
	(void)unlink("/etc/subuid");
	assert_int_equal(facts_maps(&facts, &policy, &e), 0);
	assert_int_equal(facts.n_subuid + facts.n_subgid, 0);
}

static int read_auto(const char *subuid, const char *subgid)
{
	policy.user.map = MAP_ROOT;
	if (subuid)
		assert_true(policy_tree_write("/etc/subuid", subuid));
	if (subgid)
		assert_true(policy_tree_write("/etc/subgid", subgid));
	return facts_maps(&facts, &policy, &e);
}

#ifdef NSISO_SUBID
static void test_auto(void **state)
{
	(void)state;
	assert_int_equal(read_auto(NULL, NULL), 0);
	assert_int_equal(facts.n_subuid, 1);
	assert_int_equal(facts.subuid[0].start, 100000);
	assert_int_equal(facts.subuid[0].count, 65536);
	assert_int_equal(facts.n_subgid, 1);
	assert_int_equal(facts.subgid[0].start, 200000);
	assert_int_equal(facts.n_gids, 0);
}

static void test_several(void **state)
{
	(void)state;
	/* By number as well as by name; others' are not taken. */
	assert_int_equal(read_auto("bob:100:5\nalice:100000:10\n1000:300000:20\n", NULL), 0);
	assert_int_equal(facts.n_subuid, 2);
	assert_int_equal(facts.subuid[0].start, 100000);
	assert_int_equal(facts.subuid[1].start, 300000);
	assert_int_equal(facts.subuid[1].count, 20);
}

static void test_missing(void **state)
{
	(void)state;
	assert_int_equal(read_auto("bob:100000:65536\n", NULL), -ENOENT);
	assert_non_null(strstr(e.text, "user alice has no subordinate ids"));
	assert_int_equal(read_auto("alice:100000:65536\n", ""), -ENOENT);
	(void)unlink("/etc/subgid");
	assert_int_equal(read_auto(NULL, NULL), -ENOENT);
}

static void assert_unusable(const char *subuid, const char *subgid)
{
	assert_int_equal(read_auto(subuid, subgid), -EINVAL);
	assert_non_null(strstr(e.text, "of user alice are not usable"));
}

static void test_unusable(void **state)
{
	(void)state;
	assert_unusable("alice:0:10\n", NULL);         /* host root */
	assert_unusable("alice:1000:1\n", NULL);       /* the own id */
	assert_unusable("alice:991:10\n", NULL);       /* as the last */
	assert_unusable("alice:4294967295:1\n", NULL); /* what is no id at all */
	assert_unusable("alice:4294967290:6\n", NULL);
	assert_unusable("alice:100000:4294967295\n", NULL);
	assert_unusable("alice:100000:65536\nalice:0:1\n", NULL);
	assert_unusable("alice:100000:65536\n", "alice:1001:1\n");
	assert_unusable(NULL, "alice:0:65536\n");
}

static void test_edges(void **state)
{
	(void)state;
	/* Beside the own id, up to the last that there is. */
	assert_int_equal(read_auto("alice:990:10\nalice:1001:1\nalice:4294967290:4\n", NULL), 0);
	assert_int_equal(facts.n_subuid, 3);
}

/* Whatever libsubid makes of it: no login with ids that the line does not say. */
static void test_malformed(void **state)
{
	static const char *const lines[] = {
		"alice:100000:0\n",       "alice:100000\n",           "alice:100000:\n",
		"alice::65536\n",         "alice:-1:65536\n",         "alice:100000:-5\n",
		"alice:1e5:65536\n",      "alice:0x186a0:65536\n",    "alice:100000:65536x\n",
		"alice 100000 65536\n",   "alice:99999999999999:1\n", ":100000:65536\n",
		"alice:100000:65536:1\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (read_auto(lines[i], NULL) != 0)
			continue;
		assert_int_equal(facts.n_subuid, 1);
		assert_int_equal(facts.subuid[0].start, 100000);
		assert_int_equal(facts.subuid[0].count, 65536);
	}
}

static void assert_shared(const char *subuid, const char *subgid)
{
	assert_int_equal(read_auto(subuid, subgid), -EPERM);
	assert_non_null(strstr(e.text, "of user alice is uid 1002's, too"));
}

/* Of two that overlap at least one is refused, so that no two maps have an id in common. */
static void test_overlap(void **state)
{
	(void)state;
	assert_shared("alice:100000:65536\nbob:100000:65536\n", NULL);
	assert_shared("alice:100000:65536\nbob:165535:10\n", NULL);
	assert_shared("alice:100000:65536\nbob:99991:10\n", NULL);
	assert_shared("alice:100000:10\nbob:90000:65536\n", NULL);
	assert_shared("alice:100000:10\n1002:90000:65536\n", NULL);
	assert_shared("alice:50000:10\nalice:100000:10\nbob:100009:1\n", NULL);
	assert_shared("alice:100000:65536\n", "alice:200000:10\nbob:200009:1\n");
	/* Bob's lies within hers: his login is the one that is refused. */
	assert_int_equal(read_auto("alice:100000:65536\nbob:110000:10\n", "alice:1:2\nbob:9:1\n"),
			 0);
	(void)strcpy(facts.user, "bob");
	facts.uid = 1002;
	facts.gid = 1003;
	assert_int_equal(facts_maps(&facts, &policy, &e), -EPERM);
	assert_non_null(strstr(e.text, "of user bob is uid 1000's, too"));
}

static void test_neighbours(void **state)
{
	(void)state;
	assert_int_equal(read_auto("alice:100000:65536\nbob:165536:10\nbob:99990:10\n",
				   "alice:200000:10\nbob:200010:1\n"),
			 0);
}

static void test_too_many_ranges(void **state)
{
	char text[1024];
	size_t used = 0;
	unsigned i;

	(void)state;
	for (i = 0; i <= FACTS_RANGES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "alice:%u:10\n",
					 100000 + i * 100);
	assert_int_equal(read_auto(text, NULL), -E2BIG);
	assert_string_equal(e.text, "user alice has more than 16 ranges of subordinate ids");
}

static void test_silence(void **state)
{
	char text[16] = "";
	int err = memfd_create("stderr", 0);
	int saved = dup(STDERR_FILENO);

	(void)state;
	assert_true(err >= 0);
	assert_true(dup2(err, STDERR_FILENO) >= 0);
	(void)read_auto("alice:nonsense\n", NULL);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	assert_int_equal(pread(err, text, sizeof(text), 0), 0);
	(void)close(err);
}
#else
static void test_auto(void **state)
{
	(void)state;
	assert_int_equal(read_auto(NULL, NULL), -EOPNOTSUPP);
	assert_string_equal(e.text, "built without libsubid: use [user] subid = none");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, set_up),
		cmocka_unit_test_setup(test_identity, set_up),
		cmocka_unit_test_setup(test_too_many_groups, set_up),
		cmocka_unit_test_setup(test_subid_none, set_up),
		cmocka_unit_test_setup(test_auto, set_up),
#ifdef NSISO_SUBID
		cmocka_unit_test_setup(test_several, set_up),
		cmocka_unit_test_setup(test_missing, set_up),
		cmocka_unit_test_setup(test_unusable, set_up),
		cmocka_unit_test_setup(test_edges, set_up),
		cmocka_unit_test_setup(test_malformed, set_up),
		cmocka_unit_test_setup(test_overlap, set_up),
		cmocka_unit_test_setup(test_neighbours, set_up),
		cmocka_unit_test_setup(test_too_many_ranges, set_up),
		cmocka_unit_test_setup(test_silence, set_up),
#endif
	};

	if (!policy_tree_enter() || mkdir("/etc", 0755) < 0 || mkdir("/dev", 0755) < 0 ||
	    !policy_tree_write("/dev/null", "")) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
