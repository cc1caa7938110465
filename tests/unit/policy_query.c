/* policy_find_as(): drafts and layers; policy_find_exempt(): one file that decides alone.  In a tree of its own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"
#include "policy_keys.h"
#include "policy_tree.h"

#define DIR POLICY_TREE

static const struct facts alice = { .user = "alice", .uid = 1500, .service = "sshd" };
static struct policy found;
static char layers[512];

static void layer_note(void *ctx, const struct policy *policy)
{
	char text[128];

	(void)ctx;
	(void)snprintf(text, sizeof(text), "%s grace=%u\n", policy->files[policy->n_files - 1],
		       policy->session.grace);
	(void)strncat(layers, text, sizeof(layers) - strlen(layers) - 1);
}

static int find(const char *draft, const char *text, struct errmsg *e)
{
	const struct policy_query query = { .confdir = DIR,
					    .layer = layer_note,
					    .draft = draft,
					    .draft_text = text,
					    .draft_len = text ? strlen(text) : 0 };

	layers[0] = '\0';
	return policy_find_as(&query, &alice, &found, e);
}

static void tree_fill(void)
{
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\ngrace = 1\n"));
	assert_true(policy_tree_write(DIR "/conf.d/a.conf", "[session]\ngrace = 2\n"));
	assert_true(policy_tree_write(DIR "/conf.d/b.conf",
				      "[match]\nuser = bob\n[session]\ngrace = 3\n"));
	assert_true(policy_tree_write(DIR "/conf.d/c.conf", "[net]\nmode = none\n"));
}

static void test_layers(void **state)
{
	struct errmsg e;

	(void)state;
	tree_fill();
	assert_int_equal(find(NULL, NULL, &e), 0);
	assert_string_equal(layers, "default.conf grace=1000\nconf.d/a.conf grace=2000\n"
				    "conf.d/c.conf grace=2000\n");
}

static void test_drafts(void **state)
{
	struct errmsg e;

	(void)state;
	tree_fill();
	/* In the place of a file, beside the others, and where there is no file yet. */
	assert_int_equal(find("conf.d/a.conf", "[session]\ngrace = 7\n", &e), 0);
	assert_int_equal(found.session.grace, 7000);
	assert_int_equal(find("conf.d/b2.conf", "[session]\ngrace = 8\n", &e), 0);
	assert_string_equal(layers, "default.conf grace=1000\nconf.d/a.conf grace=2000\n"
				    "conf.d/b2.conf grace=8000\nconf.d/c.conf grace=8000\n");
	assert_int_equal(find("users.d/alice.conf", "[session]\ngrace = 9\n", &e), 0);
	assert_int_equal(found.session.grace, 9000);
	assert_int_equal(find("users.d/bob.conf", "[session]\ngrace = 9\n", &e), 0);
	assert_int_equal(found.session.grace, 2000);
	assert_int_equal(find("default.conf", "[session]\nshell = /d\n", &e), 0);
	assert_string_equal(found.session.shell, "/d");
	assert_int_equal(find("users.d/alice.conf", "[session]\ngrace = x\n", &e), -EINVAL);
	assert_non_null(strstr(e.text, "users.d/alice.conf:2: grace: "));
	/* Folders that are not there yet. */
	assert_int_equal(unlink(DIR "/conf.d/a.conf") + unlink(DIR "/conf.d/b.conf") +
				 unlink(DIR "/conf.d/c.conf") + rmdir(DIR "/conf.d") +
				 rmdir(DIR "/users.d"),
			 0);
	assert_int_equal(find("conf.d/a.conf", "[session]\ngrace = 7\n", &e), 0);
	assert_int_equal(found.session.grace, 7000);
	assert_int_equal(find("users.d/alice.conf", "[session]\ngrace = 9\n", &e), 0);
	assert_int_equal(found.session.grace, 9000);
}

static void test_relaxed(void **state)
{
	struct policy_query query = { .confdir = DIR };
	struct errmsg e;

	(void)state;
	tree_fill();
	assert_int_equal(chmod(DIR "/conf.d", 0777) + chmod(DIR "/default.conf", 0666), 0);
	assert_true(policy_find_as(&query, &alice, &found, &e) < 0);
	query.is_relaxed = true;
	assert_int_equal(policy_find_as(&query, &alice, &found, &e), 0);
	assert_int_equal(found.session.grace, 2000);
	assert_int_equal(chmod(DIR "/conf.d", 0755), 0);
}

static void test_exempt(void **state)
{
	struct errmsg e;

	(void)state;
	assert_true(policy_tree_write(DIR "/default.conf", "[session]\nexempt = yes\nbroken\n"));
	assert_true(policy_tree_write(DIR "/conf.d/a.conf", "[session]\nexempt = yes\n"));
	/* What other files say does not count here. */
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), 0);
	assert_true(policy_tree_write(DIR "/users.d/alice.conf",
				      "[session]\nexempt = yes\nshell = /bin/own\n"));
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), 1);
	assert_string_equal(found.session.shell, "/bin/own");
	assert_string_equal(policy_skip_reason(&found, &alice), "exempt");
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[session]\nmode = off\n"));
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), 1);
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[session]\nexempt = no\n"));
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), 0);
	/* Fails closed: a fault behind it, a file or folder that others could have written. */
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[session]\nexempt = yes\nx\n"));
	assert_true(policy_find_exempt(DIR, &alice, &found, &e) < 0);
	assert_true(policy_tree_write(DIR "/users.d/alice.conf", "[session]\nexempt = yes\n"));
	assert_int_equal(chmod(DIR "/users.d/alice.conf", 0664), 0);
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), -EPERM);
	assert_int_equal(chmod(DIR "/users.d/alice.conf", 0644), 0);
	assert_int_equal(chmod(DIR "/users.d", 0775), 0);
	assert_int_equal(policy_find_exempt(DIR, &alice, &found, &e), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_layers, policy_tree_make),
		cmocka_unit_test_setup(test_drafts, policy_tree_make),
		cmocka_unit_test_setup(test_relaxed, policy_tree_make),
		cmocka_unit_test_setup(test_exempt, policy_tree_make),
	};

	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
