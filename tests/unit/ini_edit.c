/* Changing keys in a text: what is not changed stays byte by byte; and keys by the names that admins use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "errmsg.h"
#include "ini_edit.h"
#include "key_name.h"
#include "policy_keys.h"

static const struct policy_key *key_of(const char *name)
{
	struct errmsg e;
	const struct policy_key *key = key_name_find(name, strlen(name), &e);

	assert_non_null(key);
	return key;
}

static void set(const char *before, const char *name, const char *value, bool is_optional,
		const char *after)
{
	char *text = strdup(before);
	struct errmsg e;

	assert_non_null(text);
	assert_int_equal(ini_set(&text, key_of(name), value, is_optional, &e), 0);
	assert_string_equal(text, after);
	free(text);
}

static void unset(const char *before, const char *name, int wanted, const char *after)
{
	char *text = strdup(before);
	struct errmsg e;

	assert_non_null(text);
	assert_int_equal(ini_unset(&text, key_of(name), &e), wanted);
	assert_string_equal(text, after);
	free(text);
}

static void test_set(void **state)
{
	(void)state;
	/* In its place, whatever its spaces, mark and quotes were. */
	set("# a\n[session]\n\tgrace=1s\n# b\n", "grace", "2s", false,
	    "# a\n[session]\n\tgrace = 2s\n# b\n");
	set("[cgroup]\nmemory.max? = 1G\npids.max = 3\n", "memory.max", "2G", false,
	    "[cgroup]\nmemory.max = 2G\npids.max = 3\n");
	set("[cgroup]\nmemory.max\t= 1G\n", "memory.max", "", true, "[cgroup]\nmemory.max? =\n");
	set("[mount]\nhide = \"/a\"\n", "hide", "/a#b", false, "[mount]\nhide = \"/a#b\"\n");
	/* Not in the section of another key of that name, nor at one that it is the beginning of. */
	set("[pid]\nenable = yes\n[ipc]\nenable = yes\n", "ipc.enable", "no", false,
	    "[pid]\nenable = yes\n[ipc]\nenable = no\n");
	set("[cgroup]\nsession.memory.max = 1G\n", "memory.max", "2G", false,
	    "[cgroup]\nsession.memory.max = 1G\nmemory.max = 2G\n");
	/* Behind the example of it, at the end of its section, in a new section. */
	set("[cgroup]\n# why\n#memory.max? = 1G\n\n[pid]\n", "memory.max", "2G", false,
	    "[cgroup]\n# why\n#memory.max? = 1G\nmemory.max = 2G\n\n[pid]\n");
	set("[cgroup]\npids.max = 3\n# end\n\n[pid]\n", "memory.max", "2G", false,
	    "[cgroup]\npids.max = 3\n# end\nmemory.max = 2G\n\n[pid]\n");
	set("# a\n", "net.mode", "none", false, "# a\n\n[net]\nmode = none\n");
	set("", "net.mode", "none", false, "[net]\nmode = none\n");
}

static void test_unset(void **state)
{
	(void)state;
	unset("[session]\n# why\ngrace = 1s\nshell = /b\n", "grace", 1,
	      "[session]\n# why\nshell = /b\n");
	unset("[session]\n#grace = 1s\n", "grace", 0, "[session]\n#grace = 1s\n");
	unset("[net]\nmode = none\n", "session.mode", 0, "[net]\nmode = none\n");
	unset("[cgroup]\nmemory.max? = 1\n", "cgroup.memory.max", 1, "[cgroup]\n");
}

static void name_refused(const char *name, const char *text)
{
	struct errmsg e;

	assert_null(key_name_find(name, strlen(name), &e));
	assert_string_equal(e.text, text);
}

static void test_names(void **state)
{
	(void)state;
	assert_ptr_equal(key_of("memory.max"), &policy_keys[ROW_CGROUP_MEMORY_MAX]);
	assert_ptr_equal(key_of("cgroup.memory.max"), &policy_keys[ROW_CGROUP_MEMORY_MAX]);
	assert_ptr_equal(key_of("net.mode"), &policy_keys[ROW_NET_MODE]);
	assert_ptr_equal(key_of("home"), &policy_keys[ROW_MOUNT_HOME]);
	name_refused("mode", "'mode' is in several sections: session.mode, net.mode");
	name_refused("memry.max", "there is no key 'memry.max': did you mean 'memory.max'?");
	name_refused("mount.", "there is no key 'mount.'");
	name_refused("", "there is no key ''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
