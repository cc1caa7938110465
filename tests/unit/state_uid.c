/* The mark of a uid: one name at a time has instances. */
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
#include "state_uid.h"

static struct errmsg e;

static void assert_owner(const char *owner)
{
	char text[64];
	ssize_t n = readlinkat(dir, ".uid-1001", text, sizeof(text) - 1);

	assert_int_equal(n, owner ? (ssize_t)strlen(owner) : -1);
	if (owner)
		assert_memory_equal(text, owner, strlen(owner));
}

static void test_claim(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir, "alice", 0700), 0);
	assert_int_equal(state_uid_claim(dir, "alice", 1001, &e), 0);
	assert_int_equal(state_uid_claim(dir, "alice", 1001, &e), 0);
	assert_int_equal(state_uid_claim(dir, "bob", 1001, &e), -EPERM);
	assert_non_null(strstr(e.text, "uid 1001 has instances under the name alice"));
	assert_owner("alice");
	assert_int_equal(state_uid_claim(dir, "bob", 1002, &e), 0);
	state_uid_forget(dir, "bob", 1002);
	/* While the folder is there, the mark stays. */
	state_uid_forget(dir, "alice", 1001);
	assert_owner("alice");
	assert_int_equal(unlinkat(dir, "alice", AT_REMOVEDIR), 0);
	state_uid_forget(dir, "bob", 1001);
	assert_owner("alice");
	/* One whose folder is gone keeps nobody out. */
	assert_int_equal(state_uid_claim(dir, "bob", 1001, &e), 0);
	assert_owner("bob");
	state_uid_forget(dir, "bob", 1001);
	assert_owner(NULL);
}

/* A mark that is none of ours is no reason to believe it. */
static void test_garbage(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir, ".uid-1001", 0700), 0);
	assert_int_equal(state_uid_claim(dir, "alice", 1001, &e), -EINVAL);
	assert_int_equal(unlinkat(dir, ".uid-1001", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("../../etc", dir, ".uid-1001"), 0);
	assert_int_equal(state_uid_claim(dir, "alice", 1001, &e), -EPERM);
	assert_int_equal(unlinkat(dir, ".uid-1001", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
