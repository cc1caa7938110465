/* Each kind of key says what its values look like: suggestions and completions have nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fault_printer.h"
#include "key_form.h"
#include "policy_keys.h"

static void test_all(void **state)
{
	(void)state;
	for (int row = 0; row < ROW_COUNT; row++) {
		const struct policy_key *key = &policy_keys[row];

		if (!key_form_kind(key) || (!key_form_words(key) && !key_form_text(key)))
			fail_msg("[%s] %s has no form", key->section, key->name);
	}
}

static void suggest(const char *text, const char *source, const char *wanted, size_t cut)
{
	char buffer[256];
	size_t ret_cut = 0;
	const char *got = fault_suggest("/f", text, source, buffer, &ret_cut);

	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
	assert_int_equal(ret_cut, cut ? cut : strlen(text));
}

static void test_suggestions(void **state)
{
	(void)state;
	suggest("unknown key 'x' in section 'y': did you mean 'z'?", NULL, "z", 30);
	suggest("unknown key 'memory.max' in section 'mount'", NULL,
		"memory.max is a key of [cgroup]", 0);
	suggest("unknown key 'x' in section 'net'", NULL,
		"nsisoctl keys net lists the keys of this section", 0);
	suggest("scope: 'sesion' is none of user, session", "scope = sesion", "session", 0);
	suggest("scope: 'x' is none of user, session", "scope = x", NULL, 0);
	suggest("pids.max: 'x' is not a plain number", " pids.max? = x",
		"max or a number, or N% of all processes", 0);
	suggest("'shell' needs a value", "shell =", "an absolute path", 0);
	suggest("does not belong to root", NULL, "chown root:root /f", 0);
	suggest("is writable by group or others", NULL, "chmod go-w /f", 0);
	suggest("", NULL, NULL, 0);
	suggest("a key before the first [section]", "a = b", NULL, 0);
	suggest(": did you mean '", NULL, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
