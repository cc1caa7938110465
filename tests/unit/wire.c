/* Messages over a socket pair: what is taken, what is refused, and that nothing refused leaks a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "wire.h"

#define MAGIC 0x6e736973U

static int pair[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(pair[0]);
	(void)close(pair[1]);
	return 0;
}

static int count_descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Sends raw bytes with copies of one descriptor. */
static void send_raw(const void *data, size_t size, unsigned n_fds)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned i;

	if (n_fds) {
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		for (i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(&control.head) + i * sizeof(int), &pair[0], sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &msg, MSG_NOSIGNAL), (ssize_t)size);
}

static struct wire_head good_head(void)
{
	return (struct wire_head){ .magic = MAGIC, .version = WIRE_VERSION, .type = WIRE_READY };
}

static void test_round_trip(void **state)
{
	struct wire_fds out = { .n = 2, .fd = { pair[0], pair[1] } }, in = { .n = 0 };
	struct iovec body[2] = { { (void *)"hello ", 6 }, { (void *)"world", 6 } };
	int before = count_descriptors();
	struct wire_head head;
	char text[32];

	(void)state;
	assert_int_equal(wire_send(pair[0], WIRE_PLAN, 0x123456789abcdef0, body, 2, &out), 0);
	assert_int_equal(wire_receive(pair[1], &head, text, sizeof(text), &in), 12);
	assert_int_equal(head.type, WIRE_PLAN);
	assert_true(head.value == 0x123456789abcdef0);
	assert_string_equal(text, "hello world");
	assert_int_equal(in.n, 2);
	assert_true(fcntl(in.fd[0], F_GETFD) & FD_CLOEXEC);
	wire_close_fds(&in);
	assert_int_equal(in.n, 0);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(wire_receive(pair[1], &head, text, sizeof(text), &in), -EAGAIN);
}

static void test_all_descriptors(void **state)
{
	struct wire_fds out = { .n = WIRE_FDS_MAX }, in = { .n = 0 };
	int before = count_descriptors();
	struct wire_head head;
	unsigned i;

	(void)state;
	for (i = 0; i < WIRE_FDS_MAX; i++)
		out.fd[i] = pair[0];
	assert_int_equal(wire_send(pair[0], WIRE_PLAN, 0, NULL, 0, &out), 0);
	assert_int_equal(wire_receive(pair[1], &head, NULL, 0, &in), 0);
	assert_int_equal(in.n, WIRE_FDS_MAX);
	wire_close_fds(&in);
	assert_int_equal(count_descriptors(), before);
}

/* What must be refused as what, with all its descriptors closed again. */
static void refuse_as(int code, const void *data, size_t size, unsigned n_fds, size_t room,
		      bool take)
{
	struct wire_fds in = { .n = 0 };
	int before = count_descriptors();
	struct wire_head head;
	char text[64];

	send_raw(data, size, n_fds);
	assert_int_equal(wire_receive(pair[1], &head, text, room, take ? &in : NULL), code);
	assert_int_equal(in.n, 0);
	assert_int_equal(count_descriptors(), before);
}

static void refuse(const void *data, size_t size, unsigned n_fds, size_t room, bool take)
{
	refuse_as(-EPROTO, data, size, n_fds, room, take);
}

static void test_refused(void **state)
{
	struct wire_head head = good_head();
	char large[sizeof(head) + 65] = { 0 };

	(void)state;
	refuse(&head, sizeof(head) - 1, 0, 64, true);
	refuse(&head, 1, 3, 64, true);
	head.magic++;
	refuse(&head, sizeof(head), 2, 64, true);
	head = good_head();
	head.version++;
	refuse_as(-EPROTONOSUPPORT, &head, sizeof(head), 2, 64, true);
	head.version = 0;
	refuse_as(-EPROTONOSUPPORT, &head, sizeof(head), 0, 64, true);
	/* Whatever else a release to come may have put there. */
	memcpy(large, &head, sizeof(head));
	refuse_as(-EPROTONOSUPPORT, large, sizeof(large), 1, 64, true);
	head = good_head();
	refuse(&head, sizeof(head), 1, 64, false);
	refuse(&head, sizeof(head), WIRE_FDS_MAX + 1, 64, true);
	refuse(&head, sizeof(head), 64, 64, true);
	memcpy(large, &head, sizeof(head));
	refuse(large, sizeof(large), 1, 64, true);
	refuse(large, sizeof(large), 0, 0, true);
}

static void test_peer_gone(void **state)
{
	struct wire_head head;

	(void)state;
	(void)close(pair[0]);
	pair[0] = dup(pair[1]); /* for the tear-down */
	assert_int_equal(wire_receive(pair[1], &head, NULL, 0, NULL), -ECONNRESET);
	assert_int_equal(wire_wait(pair[1], &head, NULL, 0, NULL, wire_now() + 1000), -ECONNRESET);
	assert_int_equal(wire_send(pair[1], WIRE_LEAVE, 0, NULL, 0, NULL), -EPIPE);
}

static void test_wait(void **state)
{
	int64_t begin = wire_now();
	struct wire_head head;

	(void)state;
	assert_int_equal(wire_wait(pair[1], &head, NULL, 0, NULL, begin + 20), -ETIMEDOUT);
	assert_true(wire_now() - begin >= 20);
	assert_int_equal(wire_wait(pair[1], &head, NULL, 0, NULL, begin - 5), -ETIMEDOUT);
	/* What is there is taken, also when it is late. */
	assert_int_equal(wire_send(pair[0], WIRE_READY, 7, NULL, 0, NULL), 0);
	assert_int_equal(wire_wait(pair[1], &head, NULL, 0, NULL, begin - 5), 0);
	assert_true(head.value == 7);
}

/* Who does not read must not stop who writes. */
static void test_never_blocks(void **state)
{
	int i, r = 0;

	(void)state;
	for (i = 0; i < 100000 && r == 0; i++)
		r = wire_send(pair[0], WIRE_LEAVE, 0, NULL, 0, NULL);
	assert_int_equal(r, -EAGAIN);
}

static void test_error(void **state)
{
	struct errmsg e;
	struct wire_head head;
	char text[ERRMSG_MAX];
	ssize_t n;

	(void)state;
	(void)errmsg_setx(&e, -ENOSPC, "cannot make room for %d", 3);
	wire_send_error(pair[0], &e);
	n = wire_receive(pair[1], &head, text, sizeof(text), NULL);
	assert_int_equal(n, strlen("cannot make room for 3"));
	assert_memory_equal(text, "cannot make room for 3", (size_t)n);
	assert_int_equal(head.type, WIRE_ERROR);
	assert_int_equal(head.code, -ENOSPC);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip), TEST(test_all_descriptors),
		TEST(test_refused),    TEST(test_peer_gone),
		TEST(test_wait),       TEST(test_never_blocks),
		TEST(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
