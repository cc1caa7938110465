/*
 * Stacks of PAM services, as Linux-PAM reads them: includes, substacks, jumps, and whether a line can be passed
 * over.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "pam_stack.h"

static char top[] = "/tmp/nsiso-pam.XXXXXX";
static struct doctor d;

static void file_write(const char *name, const char *text)
{
	AUTO_FREE char *path = NULL;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", top, name) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int tree_make(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(top))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/etc", top);
	if (mkdir(path, 0755) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/etc/pam.d", top);
	if (mkdir(path, 0755) < 0)
		return -1;
	d.root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return d.root < 0 ? -1 : 0;
}

static int tree_remove(void **state)
{
	char command[64];

	(void)state;
	(void)close(d.root);
	(void)snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command);
}

static void read_ok(struct pam_stack *ret)
{
	assert_int_equal(pam_stack_read(&d, "x", "session", ret), 0);
}

/* The line of /etc/pam.d/x that passes over that of pam_nsiso.so; 0: none. */
static unsigned bypass_of(const char *text)
{
	struct pam_stack stack;
	size_t ours = 0;
	unsigned line;
	int at;

	file_write("etc/pam.d/x", text);
	read_ok(&stack);
	while (ours < stack.n && strcmp(stack.lines[ours].module, "pam_nsiso.so") != 0)
		ours++;
	assert_true(ours < stack.n);
	at = pam_stack_bypass(&stack, ours);
	line = at < 0 ? 0 : stack.lines[at].line;
	pam_stack_done(&stack);
	return line;
}

#define OURS "session required pam_nsiso.so\n"

static void test_bypass(void **state)
{
	(void)state;
	assert_int_equal(bypass_of(OURS), 0);
	assert_int_equal(bypass_of("session required a.so\nsession requisite b.so\n"
				   "session optional c.so\n" OURS),
			 0);
	assert_int_equal(bypass_of("session optional a.so\nsession sufficient b.so\n" OURS), 2);
	assert_int_equal(bypass_of("session [success=done default=bad] a.so\n" OURS), 1);
	assert_int_equal(bypass_of("session [success=1 default=bad] a.so\n" OURS
				   "session required b.so\n"),
			 1);
	assert_int_equal(bypass_of("session [cred_err=3] a.so\n" OURS), 1);
	/* Over something else. */
	assert_int_equal(
		bypass_of(
			"session [default=1] pam_permit.so\nsession requisite pam_deny.so\n" OURS),
		0);
	/* These two return one thing alone. */
	assert_int_equal(bypass_of("session sufficient pam_deny.so\n" OURS), 0);
	assert_int_equal(bypass_of("session [success=ok default=1] pam_permit.so\n" OURS), 0);
	/* What nobody gets to passes over nothing. */
	assert_int_equal(bypass_of("session [default=1] a.so\nsession sufficient b.so\n" OURS), 0);
	/* Lines of other types do not count. */
	assert_int_equal(bypass_of("auth sufficient a.so\n" OURS), 0);
}

static void test_substack(void **state)
{
	(void)state;
	file_write("etc/pam.d/y", "session sufficient a.so\nsession required b.so\n");
	assert_int_equal(bypass_of("session substack y\n" OURS), 0);
	assert_int_equal(bypass_of("session include y\n" OURS), 1);
	assert_int_equal(bypass_of("@include y\n" OURS), 1);
	/* A substack counts as one, and nobody jumps out of it. */
	assert_int_equal(bypass_of("session [default=1] a.so\nsession substack y\n" OURS), 0);
	assert_int_equal(bypass_of("session [default=2] a.so\nsession substack y\n" OURS), 1);
	file_write("etc/pam.d/y", "session [default=9] a.so\n");
	assert_int_equal(bypass_of("session substack y\n" OURS), 0);
	file_write("etc/pam.d/y", OURS);
	assert_int_equal(bypass_of("session [default=1] a.so\nsession substack y\n"), 1);
}

static void test_lines(void **state)
{
	struct pam_stack stack;

	(void)state;
	file_write("etc/pam.d/x", "# session required no.so\n\n"
				  "session required \\\n  /lib/security/a.so one \\\n two # three\n"
				  "-SESSION [success=ok default=die] b.so x=[a b]\n"
				  "session\nsession required\n"
				  "session optional c.so");
	read_ok(&stack);
	assert_int_equal(stack.n, 4);
	assert_string_equal(stack.lines[0].module, "a.so");
	assert_int_equal(stack.lines[0].line, 3);
	assert_non_null(strstr(stack.lines[0].arguments, "two"));
	assert_null(strstr(stack.lines[0].arguments, "three"));
	assert_true(stack.lines[1].is_silent);
	assert_int_equal(stack.lines[1].line, 6);
	assert_string_equal(stack.lines[1].control, "success=ok default=die");
	assert_true(pam_line_is_required(&stack.lines[0]));
	assert_true(pam_line_is_required(&stack.lines[1]));
	assert_string_equal(stack.lines[2].module, "");
	assert_false(pam_line_is_required(&stack.lines[3]));
	assert_string_equal(stack.lines[3].file, "/etc/pam.d/x");
	pam_stack_done(&stack);
}

static void test_includes(void **state)
{
	struct pam_stack stack;

	(void)state;
	assert_int_equal(pam_stack_read(&d, "none", "session", &stack), -ENOENT);
	pam_stack_done(&stack);
	file_write("etc/pam.d/x", "session required a.so\n@include none\n");
	read_ok(&stack);
	assert_string_equal(stack.missing, "none");
	assert_int_equal(stack.missing_line, 2);
	pam_stack_done(&stack);
	/* Itself. */
	file_write("etc/pam.d/x", "session required a.so\nsession include x\n");
	assert_int_equal(pam_stack_read(&d, "x", "session", &stack), -ELOOP);
	pam_stack_done(&stack);
	/* An absolute link leads to where it does on that host. */
	file_write("etc/real", "session required real.so\n");
	assert_int_equal(symlinkat("/etc/real", d.root, "etc/pam.d/link"), 0);
	file_write("etc/pam.d/x", "session substack link\n");
	read_ok(&stack);
	assert_int_equal(stack.n, 1);
	assert_string_equal(stack.lines[0].module, "real.so");
	pam_stack_done(&stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bypass),
		cmocka_unit_test(test_substack),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_includes),
	};

	return cmocka_run_group_tests(tests, tree_make, tree_remove);
}
