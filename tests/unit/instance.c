/* The record of an instance: what is written is read; garbage, halves and floods are passed over. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "folder.h"
#include "instance.h"

static struct instance_record record;
static struct errmsg e;

static int remove_folder(void **state)
{
	(void)unlinkat(dir, "record", 0);
	return folder_remove(state);
}

static void put(const char *text, size_t len)
{
	int fd = openat(dir, "record", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, len), (ssize_t)len);
	(void)close(fd);
}

static void read_text(const char *text)
{
	put(text, strlen(text));
	memset(&record, 0x5a, sizeof(record));
	assert_int_equal(instance_read(dir, &record, &e), 0);
}

static void test_whole(void **state)
{
	int fd;

	(void)state;
	put("", 0);
	fd = openat(dir, "record", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(instance_append(fd, &e, "version=1\nuser=%s\nuid=%u\nid=%s\n", "alice",
					 1001U, "0123"),
			 0);
	assert_int_equal(instance_append(fd, &e, "scope=user\ncgroup=v1 %s\norigin=%s\n", "/a/b/c",
					 "/o"),
			 0);
	assert_int_equal(instance_append(fd, &e, "account=v1 /a/b\naccount=v2 %s\n", "/u"), 0);
	assert_int_equal(instance_append(fd, &e, "supervisor=%d %d\ninit=7 8\n", 5, 6), 0);
	assert_int_equal(instance_append(fd, &e,
					 "policy=0123456789abcdef\ncreated=17 18\nboot=%s\n",
					 "b00f"),
			 0);
	(void)close(fd);
	assert_int_equal(instance_read(dir, &record, &e), 0);
	assert_string_equal(record.user, "alice");
	assert_int_equal(record.uid, 1001);
	assert_string_equal(record.id, "0123");
	assert_true(record.shared);
	assert_int_equal(record.supervisor.pid, 5);
	assert_true(record.supervisor.start == 6);
	assert_int_equal(record.init.pid, 7);
	assert_true(record.init.start == 8);
	assert_string_equal(record.policy, "0123456789abcdef");
	assert_true(record.created == 17);
	assert_string_equal(record.boot, "b00f");
	assert_int_equal(record.n_cgroups, 1);
	assert_false(record.cgroup[0].v2);
	assert_string_equal(record.cgroup[0].path, "/a/b/c");
	assert_string_equal(record.cgroup[0].origin, "/o");
	assert_int_equal(record.n_accounts, 2);
	assert_false(record.account[0].v2);
	assert_string_equal(record.account[0].path, "/a/b");
	assert_true(record.account[1].v2);
	assert_string_equal(record.account[1].path, "/u");
}

/* A writer that died leaves half a line: what it names may not have been made. */
static void test_half(void **state)
{
	(void)state;
	read_text("user=alice\nuid=10");
	assert_string_equal(record.user, "alice");
	assert_int_equal(record.uid, (uid_t)-1);
	read_text("");
	assert_string_equal(record.user, "");
	assert_int_equal(record.uid, (uid_t)-1);
	assert_int_equal(record.init.pid, 0);
	assert_int_equal(record.n_cgroups, 0);
	read_text("init=12");
	assert_int_equal(record.init.pid, 0);
}

static void test_garbage(void **state)
{
	(void)state;
	read_text(
		"=\n==\n\n\nuser\nwhat=ever\nUSER=bob\n user=bob\nscope=users\norigin=/before\ncgroup=v2\n");
	assert_string_equal(record.user, "");
	assert_false(record.shared);
	assert_int_equal(record.n_cgroups, 0);
	read_text("init=x y\nsupervisor=\n");
	assert_int_equal(record.init.pid, 0);
	assert_int_equal(record.supervisor.pid, 0);
	put("user=al\0ice\nid=12\n", 18);
	assert_int_equal(instance_read(dir, &record, &e), 0);
}

static void test_floods(void **state)
{
	static char text[20000];
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "user=", 5);
	text[4000] = '\n';
	read_text(text);
	assert_int_equal(strlen(record.user), sizeof(record.user) - 1);
	memcpy(text, "cgroup=v2 /", 11);
	read_text(text);
	assert_int_equal(record.n_cgroups, 1);
	assert_true(strlen(record.cgroup[0].path) < sizeof(record.cgroup[0].path));
	/* One line that never ends. */
	memset(text, 'x', sizeof(text) - 1);
	read_text(text);
	assert_int_equal(record.n_cgroups, 0);
	for (i = 0; i + 13 < 4000; i += 13)
		memcpy(text + i, "cgroup=v2 /a\n", 13);
	text[i] = '\0';
	read_text(text);
	assert_int_equal(record.n_cgroups, INSTANCE_CGROUPS_MAX);
}

static void test_files(void **state)
{
	(void)state;
	(void)unlinkat(dir, "record", 0);
	assert_int_equal(instance_read(dir, &record, &e), -ENOENT);
	assert_int_equal(record.uid, (uid_t)-1);
	assert_int_equal(symlinkat("/etc/passwd", dir, "record"), 0);
	assert_int_equal(instance_read(dir, &record, &e), -ELOOP);
	(void)unlinkat(dir, "record", 0);
	assert_int_equal(mkdirat(dir, "record", 0700), 0);
	assert_true(instance_read(dir, &record, &e) < 0);
	(void)unlinkat(dir, "record", AT_REMOVEDIR);
}

static void test_too_long(void **state)
{
	static char text[5000];
	int fd;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	put("", 0);
	fd = openat(dir, "record", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(instance_append(fd, &e, "user=%s\n", text), -ENAMETOOLONG);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	(void)close(fd);
	assert_int_equal(instance_append(-1, &e, "user=x\n"), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),   cmocka_unit_test(test_half),
		cmocka_unit_test(test_garbage), cmocka_unit_test(test_floods),
		cmocka_unit_test(test_files),   cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, folder_make, remove_folder);
}
