/* nsisoctl show and check, from the databases and policies of a tree of their own. */
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "nsisoctl.h"
#include "policy_tree.h"
#include "privilege.h"

#define ARGUMENTS_MAX 12

static char output[65536]; /* stdout and stderr together */

/* The one of the program's main file, which is no part of this test. */
int usage_print(const char *name)
{
	(void)fprintf(stderr, "usage of %s\n", name);
	return STATUS_USAGE;
}

/* The test needs its rights again. */
int __wrap_privilege_drop(bool as_caller, struct errmsg *e);

int __wrap_privilege_drop(bool as_caller, struct errmsg *e)
{
	(void)as_caller, (void)e;
	return 0;
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
	assert_int_equal(show("--steps --json alice"), STATUS_USAGE);
	assert_int_equal(show("--diff x --json alice"), STATUS_USAGE);
	assert_int_equal(show("--service"), STATUS_USAGE);
	assert_int_equal(run(cmd_check, "check -p"), STATUS_USAGE);
	assert_int_equal(run(cmd_check, "check -x"), STATUS_USAGE);
	assert_int_equal(run(cmd_check, "check --all default.conf"), STATUS_USAGE);
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
	assert_non_null(strstr(output, "The init, PID 1 inside:\n"));
	assert_null(strstr(output, "grace ="));
	assert_int_equal(show("--steps alice"), STATUS_OK);
	assert_non_null(strstr(output, "init        hide /srv/secret\n"));
}

/* Each file that a key has met, and what a draft would change. */
static void test_sources(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/default.conf",
				      "[session]\ngrace = 3s\n[cgroup]\nenable = no\n"
				      "pids.max? = 10\n"));
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/a.conf", "[session]\ngrace = 4s\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/alice.conf",
				      "[session]\ngrace = 5s\n[mount]\nhide = /srv\n"));
	assert_int_equal(show("--explain alice"), STATUS_OK);
	assert_non_null(strstr(output, "# users.d/alice.conf:2\n"
				       "#   overrides conf.d/a.conf:2: 4s\n"
				       "#   overrides default.conf:2: 3s\n"
				       "grace = 5s\n"));
	assert_int_equal(show("--json alice"), STATUS_OK);
	assert_non_null(strstr(output, "{\n  \"user\": \"alice\",\n  \"service\": \"sshd\",\n"
				       "  \"rhost\": null,\n  \"isolated\": true,\n"
				       "  \"reason\": null,\n  \"files\": [\n"
				       "    \"default.conf\",\n"));
	assert_non_null(strstr(
		output, "    {\"section\": \"session\", \"key\": \"grace\", \"value\": \"5s\", "
			"\"file\": \"users.d/alice.conf\", \"line\": 2, \"overrides\": "
			"[{\"file\": \"conf.d/a.conf\", \"line\": 2, \"value\": \"4s\"}, "
			"{\"file\": \"default.conf\", \"line\": 2, \"value\": \"3s\"}]},\n"));
	assert_null(strstr(output, "\"plan\""));
	assert_int_equal(show("--json --plan alice"), STATUS_OK);
	assert_non_null(strstr(output, "{\"actor\": \"init\", \"does\": \"hides /srv\"}"));
}

static void test_diff(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/default.conf",
				      "[session]\ngrace = 3s\n[cgroup]\nenable = no\n"));
	assert_true(policy_tree_write("/draft", "[mount]\nhide = /srv\n[session]\ngrace = 3s\n"));
	assert_int_equal(show("--diff /draft alice"), STATUS_OK);
	assert_string_equal(output,
			    "# user alice, service sshd: a draft as users.d/alice.conf\n"
			    "[mount] hide: (empty) (built-in) -> /srv (users.d/alice.conf:2)\n"
			    "+ hides /srv\n");
	assert_int_equal(show("--diff conf.d/x=/draft --service cron alice"), STATUS_OK);
	assert_non_null(strstr(output, "service cron: a draft as conf.d/x.conf\n[mount] hide: "));
	(void)mkdir("/drafts", 0755);
	(void)mkdir("/drafts/conf.d", 0755);
	assert_true(policy_tree_write("/drafts/conf.d/x.conf",
				      "[match]\nuser = bob\n[mount]\nhide = /srv\n"));
	assert_int_equal(show("--diff /drafts/conf.d/x.conf alice"), STATUS_OK);
	assert_string_equal(output, "# user alice, service sshd: a draft as conf.d/x.conf\n"
				    "# no difference\n");
	assert_true(policy_tree_write("/drafts/default.conf", "[session]\nexempt = yes\n"));
	assert_int_equal(show("--diff /drafts/default.conf alice"), STATUS_OK);
	assert_non_null(strstr(output, "\nlogin: isolated -> exempt\n"));
	assert_non_null(strstr(output, "\n- hides /run/user; where it is missing, it goes on\n"));
	assert_true(policy_tree_write("/draft", "[mount]\nhde = /srv\n"));
	assert_int_equal(show("--diff /draft alice"), STATUS_FAULT);
	assert_non_null(strstr(output, "users.d/alice.conf:2:1: unknown key 'hde'"));
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
	assert_string_equal(output, POLICY_TREE ": is writable by group or others\n"
						"      = suggestion: chmod go-w " POLICY_TREE "\n");
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
		"/default.conf:2:1: warning: no_new_privs = no: set-user-ID programs work on file "
		"systems that the host mounts later\n"
		"    2 | no_new_privs = no\n"
		"      | ^\n"
		"      = suggestion: no_new_privs = yes, or propagation = private\n" POLICY_TREE
		"/conf.d/b c.conf: a name of letters, digits, '.', '_', '-' is needed here\n" POLICY_TREE
		"/conf.d/c.conf:3:1: [uts] hostname = c needs enable = yes\n"
		"    3 | hostname = c\n"
		"      | ^\n" POLICY_TREE
		"/users.d/a b.conf: no user can have this name\n" POLICY_TREE
		"/users.d/alice.conf: is writable by group or others\n"
		"      = suggestion: chmod go-w " POLICY_TREE "/users.d/alice.conf\n");
	assert_int_equal(run(cmd_check,
			     "check -f -C " POLICY_TREE " " POLICY_TREE "/users.d/alice.conf"),
			 STATUS_OK);
	assert_non_null(strstr(output, "suid = yes with map = none"));
	/* Without the default.conf beside it, it contradicts what is built in. */
	assert_int_equal(run(cmd_check, "check -f " POLICY_TREE "/users.d/alice.conf"),
			 STATUS_FAULT);
	assert_int_equal(run(cmd_check, "check " POLICY_TREE "/users.d/alice.conf"), STATUS_FAULT);
	assert_non_null(strstr(output, POLICY_TREE
			       "/users.d/alice.conf: is writable by group or others\n"));
	assert_int_equal(run(cmd_check, "check " POLICY_TREE "/users.d/nobody.conf"), STATUS_FAULT);
	assert_non_null(strstr(output, "No such file or directory"));
}

static void check_says(const char *arguments, int status, const char *text)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "check -C " POLICY_TREE " %s", arguments);
	assert_int_equal(run(cmd_check, line), status);
	assert_string_equal(output, text);
}

/* Rules for nobody, and what this host does not have; not for drafts. */
static void test_check_host(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/a.conf",
				      "[match]\nuser = carol dave\n[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/b.conf",
				      "[match]\ngroup = staff\nservice = cron\n[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/c.conf",
				      "# dead\n[match]\ngroup = wheel\n[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/carol.conf", "[pid]\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/alice.conf",
				      "[session]\nshell = /bin/none\n[mount]\n"
				      "hide = /usr -/none /none/here\n"));
	check_says("", STATUS_OK,
		   POLICY_TREE
		   "/users.d/alice.conf:2:1: warning: shell: /bin/none is no program "
		   "on this host\n"
		   "    2 | shell = /bin/none\n"
		   "      | ^\n" POLICY_TREE
		   "/users.d/alice.conf:4:1: warning: hide: /none/here is not on this "
		   "host, which refuses the login\n"
		   "    4 | hide = /usr -/none /none/here\n"
		   "      | ^\n"
		   "      = suggestion: '-' before a path: it may be missing\n" POLICY_TREE
		   "/users.d/carol.conf: warning: there is no user 'carol'\n" POLICY_TREE
		   "/conf.d/a.conf:1:1: warning: no user of this host matches: the "
		   "file has no effect\n"
		   "    1 | [match]\n"
		   "      | ^\n" POLICY_TREE
		   "/conf.d/c.conf:2:1: warning: no user of this host matches: the "
		   "file has no effect\n"
		   "    2 | [match]\n"
		   "      | ^\n");
	assert_int_equal(run(cmd_check, "check --strict -C " POLICY_TREE), STATUS_FAULT);
	check_says("-f", STATUS_OK, "");
	check_says("--all -f --json", STATUS_OK, "[]\n");
	/* Who is only known to a directory service may be in any group. */
	assert_true(policy_tree_write("/etc/nsswitch.conf", "passwd: files sss\ngroup: files\n"));
	assert_int_equal(run(cmd_check, "check -C " POLICY_TREE), STATUS_OK);
	assert_non_null(strstr(output, "/conf.d/a.conf:1:1: warning"));
	assert_null(strstr(output, "/conf.d/c.conf:2:1: warning"));
}

/* Each file is right alone; alice gets both. */
static void test_check_together(void **state)
{
	(void)state;
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/a.conf",
				      "[match]\nuser = alice\n[uts]\nenable = no\n"));
	assert_true(policy_tree_write(POLICY_TREE "/users.d/alice.conf", "[uts]\nhostname = a\n"));
	check_says("", STATUS_FAULT,
		   POLICY_TREE "/users.d/alice.conf:2:1: [uts] hostname = a needs enable = yes\n"
			       "    2 | hostname = a\n"
			       "      | ^\n");
	assert_int_equal(unlink(POLICY_TREE "/users.d/alice.conf"), 0);
	assert_true(policy_tree_write(POLICY_TREE "/conf.d/b.conf",
				      "[match]\ngroup = staff\n[uts]\nhostname = a\n"));
	check_says("", STATUS_FAULT,
		   POLICY_TREE "/conf.d/b.conf:4:1: [uts] hostname = a needs enable = yes\n"
			       "    4 | hostname = a\n"
			       "      | ^\n");
	check_says("--json", STATUS_FAULT,
		   "[\n  {\"file\": \"" POLICY_TREE "/conf.d/b.conf\", \"line\": 4, \"column\": 1, "
		   "\"severity\": \"error\", \"message\": \"[uts] hostname = a needs enable = "
		   "yes\", \"suggestion\": null}\n]\n");
}

static void test_check_doors(void **state)
{
	(void)state;
	assert_true(policy_tree_write("/etc/group", "users:x:100:\ndocker:x:50:nsiso,alice\n"
						    "disk:x:6:alice\n"));
	assert_true(policy_tree_write(POLICY_TREE "/default.conf", "[pid]\n"));
	assert_true(
		policy_tree_write(POLICY_TREE "/users.d/nsiso.conf", "[session]\nexempt = yes\n"));
	assert_int_equal(run(cmd_check, "check -C " POLICY_TREE), STATUS_OK);
	assert_non_null(strstr(output, "/default.conf: warning: alice is a member of docker: "
				       "/run/docker.sock"));
	assert_non_null(strstr(output, "alice is a member of disk: the device files"));
	assert_null(strstr(output, "nsiso is a member"));
	/* What no policy can hide. */
	assert_true(policy_tree_write("/etc/group", "users:x:100:\ndocker:x:50:nsiso,alice\n"));
	assert_true(
		policy_tree_write(POLICY_TREE "/users.d/alice.conf", "[mount]\nhide = -/run\n"));
	check_says("", STATUS_OK, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_policy, tree_make),
		cmocka_unit_test_setup(test_usage, tree_make),
		cmocka_unit_test_setup(test_explain, tree_make),
		cmocka_unit_test_setup(test_plan, tree_make),
		cmocka_unit_test_setup(test_sources, tree_make),
		cmocka_unit_test_setup(test_diff, tree_make),
		cmocka_unit_test_setup(test_faults, tree_make),
		cmocka_unit_test_setup(test_check_folder, tree_make),
		cmocka_unit_test_setup(test_check_host, tree_make),
		cmocka_unit_test_setup(test_check_together, tree_make),
		cmocka_unit_test_setup(test_check_doors, tree_make),
	};

	if (!policy_tree_enter()) {
		(void)puts("1..0 # SKIP cannot make a mount namespace");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
