/* nsisoctl show and check, from the databases and policies of a tree of their own. */
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "nsisoctl.h"
#include "policy_tree.h"

#define ARGUMENTS_MAX 12

static char output[65536]; /* stdout and stderr together */

/* The one of the program's main file, which is no part of this test. */
int usage_print(const char *name)
{
	(void)fprintf(stderr, "usage of %s\n", name);
	return STATUS_USAGE;
}

static int run(int (*command)(int argc, char **argv), const char *line)
{
	char text[256];
	char *argv[ARGUMENTS_MAX + 1];
	int out = open("/out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int saved[2] = { dup(1), dup(2) };
	int argc = 0;
	int status;
	ssize_t n;

	assert_true(out >= 0 && strlen(line) < sizeof(text));
	memcpy(text, line, strlen(line) + 1);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	(void)fflush(stdout);
	(void)dup2(out, 1);
	(void)dup2(out, 2);
	optind = 0;
	status = command(argc, argv);
	(void)fflush(stdout);
	(void)dup2(saved[0], 1);
	(void)dup2(saved[1], 2);
	(void)close(saved[0]);
	(void)close(saved[1]);
	n = pread(out, output, sizeof(output) - 1, 0);
	assert_true(n >= 0);
	output[n] = '\0';
	(void)close(out);
	return status;
}

static int show(const char *arguments)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "show -C %s %s", POLICY_TREE, arguments);
	return run(cmd_show, line);
}

static int tree_make(void **state)
{
	(void)mkdir("/etc", 0755);
	if (!policy_tree_write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"
					      "alice:x:1500:100::/home/alice:/bin/sh\n"
					      "nsiso:x:990:990::/:/bin/false\n") ||
	    !policy_tree_write("/etc/group",
			       "users:x:100:\nstaff:x:50:bob,alice\nwheel:x:10:bob\n") ||
	    !policy_tree_write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"))
		return -1;
	return policy_tree_make(state);
}

static void test_no_policy(void **state)
{
	(void)state;
	assert_int_equal(show("alice"), STATUS_OK);
	assert_string_equal(output, "# user alice, service sshd\n"
				    "# not isolated: no-policy\n\n");
	assert_int_equal(show("carol"), STATUS_FAULT);
	assert_string_equal(output, "nsisoctl: no user carol\n");
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(show(""), STATUS_USAGE);
	assert_int_equal(show("alice bob"), STATUS_USAGE);
	assert_int_equal(show("--plan --explain alice"), STATUS_USAGE);
	assert_int_equal(show("--service"), STATUS_USAGE);
	assert_int_equal(run(cmd_check, "check -p"), STATUS_USAGE);
	assert_int_equal(run(cmd_check, "check -x"), STATUS_USAGE);
}

static void test_explain(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/default.conf", "[session]\ngrace = 3s\n"));
	assert_true(
		policy_tree_write(POLICY_TREE "/conf.d/a.conf",
				  "[match]\ngroup = staff\nservice = su*\n[net]\nmode = none\n"));
	assert_int_equal(show("--explain alice"), STATUS_OK);
	assert_non_null(strstr(output, "# user alice, service sshd\n# file default.conf\n\n"));
	assert_non_null(strstr(output, "# default.conf:2\ngrace = 3s\n"));
	assert_non_null(strstr(output, "# built-in\nmode = host\n"));
	assert_int_equal(show("--explain --service su-l --rhost gate alice"), STATUS_OK);
	assert_non_null(strstr(output, "# user alice, service su-l, from gate\n"));
	assert_non_null(strstr(output, "# conf.d/a.conf:5\nmode = none\n"));
	assert_int_equal(show("--service su-l root"), STATUS_OK);
	assert_non_null(strstr(output, "# not isolated: root\n"));
	assert_null(strstr(output, "mode = none"));
}

static void test_plan(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/default.conf",
				      "[cgroup]\nenable = no\n"
				      "[mount]\nhide = /srv/secret\n"));
	assert_int_equal(show("--plan alice"), STATUS_OK);
	assert_non_null(strstr(output, "/srv/secret"));
	assert_null(strstr(output, "grace ="));
}

static void test_faults(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/a.conf", "[net]\nmode = x\n"));
	assert_int_equal(show("alice"), STATUS_FAULT);
	assert_string_equal(output,
			    POLICY_TREE "/conf.d/a.conf:2:8: mode: 'x' is none of host, none\n");
	assert_int_equal(chmod(POLICY_TREE, 0775), 0);
	assert_int_equal(show("alice"), STATUS_FAULT);
	assert_string_equal(output, POLICY_TREE ": is writable by group or others\n");
}

static void test_check_folder(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/default.conf", "[caps]\nno_new_privs = no\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/alice.conf", "[mount]\nsuid = yes\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/a b.conf", "[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/b c.conf", "[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/c.conf",
				      "[uts]\nenable = no\nhostname = c\n"));
	assert_int_equal(chmod(POLICY_TREE "/users.d/alice.conf", 0666), 0);
	assert_int_equal(run(cmd_check, "check -C " POLICY_TREE), STATUS_FAULT);
	assert_string_equal(
		output, POLICY_TREE
		"/conf.d/b c.conf: a name of letters, digits, '.', '_', '-' is needed here\n" POLICY_TREE
		"/conf.d/c.conf:3: [uts] hostname = c needs enable = yes\n" POLICY_TREE
		"/users.d/a b.conf: no user can have this name\n" POLICY_TREE
		"/users.d/alice.conf: is writable by group or others\n");
	assert_int_equal(run(cmd_check,
			     "check -f -C " POLICY_TREE " " POLICY_TREE "/users.d/alice.conf"),
			 STATUS_OK);
	assert_string_equal(output, "");
	/* Without the default.conf beside it, it contradicts what is built in. */
	assert_int_equal(run(cmd_check, "check -f " POLICY_TREE "/users.d/alice.conf"),
			 STATUS_FAULT);
	assert_int_equal(run(cmd_check, "check " POLICY_TREE "/users.d/alice.conf"), STATUS_FAULT);
	assert_string_equal(output,
			    POLICY_TREE "/users.d/alice.conf: is writable by group or others\n");
	assert_int_equal(run(cmd_check, "check " POLICY_TREE "/users.d/nobody.conf"), STATUS_FAULT);
	assert_non_null(strstr(output, "No such file or directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_policy, tree_make),
		cmocka_unit_test_setup(test_usage, tree_make),
		cmocka_unit_test_setup(test_explain, tree_make),
		cmocka_unit_test_setup(test_plan, tree_make),
		cmocka_unit_test_setup(test_faults, tree_make),
		cmocka_unit_test_setup(test_check_folder, tree_make),
	};

	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
