/* What the doctor prints of files of a host that nobody vouches for does nothing to the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor.h"

static const struct doctor_rule rule = { "a-rule", SEVERITY_WARNING, "why", "how" };

static void test_foreign(void **state)
{
	struct doctor d = { .root = -1 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	doctor_fact(&d, "Group", "name", "%s", "a\033[2Jb");
	doctor_add(&d, &rule, "/etc/\033]0;x\007", 3, "%s", "shell \302\2331m");
	doctor_add(&d, &rule, NULL, 0, "no file");
	doctor_print(&d, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "  name           a?[2Jb\n"));
	assert_non_null(strstr(text, "\n  /etc/?]0;x?:3: shell ??1m\n  no file\n"));
	assert_null(strchr(text, '\033'));
	free(text);
	doctor_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
