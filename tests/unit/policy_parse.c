/* One file over a policy: all or nothing, and what is printed is read back as the same. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts.h"
#include "policy.h"
#include "policy_digest.h"
#include "policy_field.h"
#include "policy_keys.h"

static struct policy policy;
static struct policy before;
static unsigned told;

static void fault_count(void *ctx, const char *file, unsigned line, unsigned column,
			const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	(void)column;
	assert_true(strlen(text) > 0);
	told++;
}

static int parse(const char *text, const char *file, const struct facts *facts)
{
	told = 0;
	memcpy(&before, &policy, sizeof(policy));
	return policy_parse(&policy, text, strlen(text), file, facts, fault_count, NULL);
}

/* Of the text alone: where a value comes from changes nothing. */
static void test_digest(void **state)
{
	struct policy_digest first, again, other;
	bool differs[ROW_COUNT];

	(void)state;
	policy_defaults(&policy);
	assert_int_equal(policy_digest(&policy, &first), 0);
	assert_int_equal(parse("[session]\n\n\ngrace = 10s\n", "x.conf", NULL), 0);
	assert_int_equal(policy_digest(&policy, &again), 0);
	assert_true(first.hash == again.hash);
	assert_int_equal(policy_digest_differs(&again, first.keys, differs), 0);
	assert_int_equal(parse("[session]\ngrace = 11s\n[cgroup]\npids.max = 5\n", "x.conf", NULL),
			 0);
	assert_int_equal(policy_digest(&policy, &other), 0);
	assert_true(first.hash != other.hash);
	/* A value that is another, one that came, and one that went. */
	assert_int_equal(policy_digest_differs(&other, first.keys, differs), 2);
	assert_true(differs[ROW_SESSION_GRACE] && differs[ROW_CGROUP_PIDS_MAX]);
	assert_int_equal(policy_digest_differs(&first, other.keys, differs), 2);
	assert_true(differs[ROW_SESSION_GRACE] && differs[ROW_CGROUP_PIDS_MAX]);
	/* A mark is part of the value. */
	assert_int_equal(parse("[cgroup]\npids.max? = 5\n", "x.conf", NULL), 0);
	assert_int_equal(policy_digest(&policy, &again), 0);
	assert_int_equal(policy_digest_differs(&again, other.keys, differs), 1);
	assert_true(differs[ROW_CGROUP_PIDS_MAX]);
	/* A record that was cut. */
	assert_true(policy_digest_differs(&first, "0123", differs) > 20);
}

/* Two keys of one name in the digest could not be told apart. */
static void test_digest_names(void **state)
{
	struct policy_digest digest;
	bool differs[ROW_COUNT];
	unsigned n = 0;

	(void)state;
	policy_defaults(&policy);
	for (int row = 0; row < ROW_COUNT; row++) {
		struct policy_limit *limit =
			(struct policy_limit *)policy_field_limit(&policy_keys[row], &policy);

		n += policy_keys[row].type != KEY_MATCH;
		if (limit)
			limit->set = true;
	}
	assert_int_equal(policy_digest(&policy, &digest), 0);
	assert_int_equal(strlen(digest.keys), n * POLICY_DIGEST_KEY);
	for (unsigned i = 0; i < n; i++) {
		char one[POLICY_DIGEST_KEY + 1];

		(void)snprintf(one, sizeof(one), "%s", digest.keys + i * POLICY_DIGEST_KEY);
		assert_int_equal(policy_digest_differs(&digest, one, differs), n - 1);
	}
}

static void test_presets(void **state)
{
	(void)state;
	for (int row = 0; row < ROW_COUNT; row++) {
		const struct policy_key *key = &policy_keys[row];
		struct policy_input in = { .text = key->preset };

		assert_non_null(key->section);
		assert_non_null(key->help);
		assert_int_equal(
			policy_key_find(policy_key_section(key->section, strlen(key->section)),
					key->name, strlen(key->name)),
			row);
		if (key->preset)
			assert_int_equal(policy_field_read(key, &in, &policy), 0);
		else
			assert_true(key->type == KEY_MATCH || policy_key_is_limit(key));
	}
	policy_defaults(&policy);
	assert_int_equal(policy.session.mode, MODE_ENFORCE);
	assert_int_equal(policy.session.grace, 10000);
	assert_string_equal(policy.session.shell, "/bin/sh");
	assert_true(policy.mount.tmp.private);
	assert_true(policy.mount.tmp.size == 512ULL << 20);
	assert_true(policy.mount.tmp.inodes == 131072);
	assert_int_equal(policy.mount.home, HOME_OWN);
	assert_int_equal(policy.mount.suid, SUID_NO);
	assert_true(policy.mount.proc_hidepid);
	assert_true(policy.pid.enable && policy.ipc.enable && policy.uts.enable &&
		    policy.time.enable);
	assert_int_equal(policy.net.mode, NET_HOST);
	assert_string_equal(policy.cgroup.parent, "/nsiso");
	assert_false(policy.cgroup.limit[LIMIT_MEMORY_MAX].set);
	assert_true(policy.caps.bounding == 0);
	assert_true(policy.caps.no_new_privs);
	assert_int_equal(policy.n_files, 0);
}

static void test_nothing_on_fault(void **state)
{
	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse("[net]\nmode = none\n[pid]\nenable = x\n", "a.conf", NULL), -EINVAL);
	assert_int_equal(told, 1);
	assert_memory_equal(&policy, &before, sizeof(policy));
	/* The same without anybody who listens. */
	assert_int_equal(policy_parse(&policy, "x\n", 2, "a.conf", NULL, NULL, NULL), -EINVAL);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

static void test_match(void **state)
{
	static const struct facts bob = { .user = "bob", .service = "sshd" };
	static const char text[] = "[match]\nuser = alice\n[net]\nmode = none\n";

	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse(text, "conf.d/a.conf", &bob), 1);
	assert_memory_equal(&policy, &before, sizeof(policy));
	assert_int_equal(parse(text, "conf.d/a.conf", NULL), 0);
	assert_int_equal(policy.net.mode, NET_NONE);
	assert_int_equal(parse(text, "users.d/alice.conf", NULL), -EINVAL);
	assert_int_equal(parse(text, "default.conf", NULL), -EINVAL);
	assert_int_equal(parse(text, "/etc/nsiso/users.d/alice.conf", NULL), -EINVAL);
	assert_int_equal(parse(text, "/my-users.d/alice.conf", NULL), 0);
	/* A fault counts in a file that does not fit, too. */
	assert_int_equal(parse("[match]\nuser = alice\n[net]\nmode = x\n", "conf.d/a.conf", &bob),
			 -EINVAL);
}

static void test_lists(void **state)
{
	size_t at = 0;

	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse("[mount]\nhide = /a\\ b  -/c\t/d\\\\e\n", "a", NULL), 0);
	assert_int_equal(policy.mount.hide.count, 3);
	assert_string_equal(policy_list_next(&policy.mount.hide, &at), "/a b");
	assert_string_equal(policy_list_next(&policy.mount.hide, &at), "-/c");
	assert_string_equal(policy_list_next(&policy.mount.hide, &at), "/d\\e");
	assert_null(policy_list_next(&policy.mount.hide, &at));
	assert_int_equal(parse("[mount]\nhide =\n", "b", NULL), 0);
	assert_int_equal(policy.mount.hide.count, 0);
	at = 0;
	assert_null(policy_list_next(&policy.mount.hide, &at));
	assert_int_equal(policy.n_files, 2);
	assert_int_equal(policy.origin[ROW_MOUNT_HIDE].file, 1);
}

static void test_limits(void **state)
{
	(void)state;
	policy_defaults(&policy);
	assert_int_equal(
		parse("[cgroup]\nmemory.max? = 2G\ncpu.max = 50%\npids.max = max\n", "a", NULL), 0);
	assert_true(policy.cgroup.limit[LIMIT_MEMORY_MAX].set &&
		    policy.cgroup.limit[LIMIT_MEMORY_MAX].optional);
	assert_true(policy.cgroup.limit[LIMIT_MEMORY_MAX].value == 2ULL << 30);
	assert_true(policy.cgroup.limit[LIMIT_CPU_MAX].value == 50000 &&
		    policy.cgroup.limit[LIMIT_CPU_MAX].period == 100000);
	assert_false(policy.cgroup.limit[LIMIT_CPU_MAX].optional);
	assert_true(policy.cgroup.limit[LIMIT_PIDS_MAX].value == POLICY_LIMIT_MAX);
	assert_false(policy.cgroup.limit[LIMIT_MEMORY_HIGH].set);
	assert_int_equal(parse("[cgroup]\nmemory.max =\n", "b", NULL), 0);
	assert_false(policy.cgroup.limit[LIMIT_MEMORY_MAX].set ||
		     policy.cgroup.limit[LIMIT_MEMORY_MAX].optional);
}

static void test_proc_follows_pid(void **state)
{
	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse("[pid]\nenable = no\n", "a", NULL), 0);
	assert_false(policy.mount.proc_hidepid);
	assert_int_equal(parse("[pid]\nenable = yes\n", "b", NULL), 0);
	assert_true(policy.mount.proc_hidepid);
	assert_int_equal(parse("[mount]\nproc = private\n", "c", NULL), 0);
	assert_int_equal(parse("[pid]\nenable = yes\n", "d", NULL), 0);
	assert_false(policy.mount.proc_hidepid);
}

static void test_suid(void **state)
{
	size_t at = 0;

	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse("[mount]\nsuid = /usr/bin/su\n", "a", NULL), 0);
	assert_int_equal(policy.mount.suid, SUID_PATHS);
	assert_string_equal(policy_list_next(&policy.mount.suid_paths, &at), "/usr/bin/su");
	assert_int_equal(parse("[mount]\nsuid = yes\n", "b", NULL), 0);
	assert_int_equal(policy.mount.suid, SUID_YES);
	assert_int_equal(policy.mount.suid_paths.count, 0);
}

static char *print(bool explain)
{
	char *text = NULL;
	size_t len = 0;
	const struct policy_notes notes = { .print = policy_origin_print };
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	policy_print(&policy, explain ? &notes : NULL, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_print(void **state)
{
	char *explained;
	char *plain;
	char *again;

	(void)state;
	policy_defaults(&policy);
	assert_int_equal(parse("[mount]\nhide = \"/a;b /c\\ d\"\n[cgroup]\ncpu.max? = max\n"
			       "[caps]\nbounding = kill\n",
			       "conf.d/x.conf", NULL),
			 0);
	plain = print(false);
	explained = print(true);
	assert_non_null(strstr(explained, "# conf.d/x.conf:2\nhide = \"/a;b /c\\ d\"\n"));
	assert_non_null(strstr(explained, "# built-in\nshell = /bin/sh\n"));
	assert_non_null(strstr(explained, "# built-in\n# memory.max is not limited\n"));
	policy_defaults(&policy);
	assert_int_equal(parse(explained, "again", NULL), 0);
	again = print(false);
	assert_string_equal(plain, again);
	free(plain);
	free(explained);
	free(again);
}

/* Inside a daemon, stderr may be the client's connection. */
static void test_silent(void **state)
{
	static const char *const texts[] = { "junk\n", "[a\n", "[mount]\nhide = /a \\\n", "x=\"\n",
					     "" };
	char seen[16];
	int saved = dup(2);
	int ends[2];
	ssize_t n;

	(void)state;
	assert_true(saved >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(dup2(ends[1], 2), 2);
	policy_defaults(&policy);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], "a", NULL), -EINVAL);
	(void)dup2(saved, 2);
	(void)close(saved);
	n = read(ends[0], seen, sizeof(seen));
	assert_true(n < 0 && errno == EAGAIN);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),  cmocka_unit_test(test_digest_names),
		cmocka_unit_test(test_presets), cmocka_unit_test(test_nothing_on_fault),
		cmocka_unit_test(test_match),   cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limits),  cmocka_unit_test(test_proc_follows_pid),
		cmocka_unit_test(test_suid),    cmocka_unit_test(test_print),
		cmocka_unit_test(test_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
