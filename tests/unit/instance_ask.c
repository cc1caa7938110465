/* Answers of supervisors of other releases: longer, shorter, of other words, or none. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "folder.h"
#include "instance_ask.h"

#define TIMEOUT 10000

static int listener;
static struct instance_state state;
static struct errmsg e;

static int make_folder(void **unused)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (folder_make(unused) < 0)
		return -1;
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl", folder);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(listener, 5);
}

static int remove_folder(void **unused)
{
	(void)unlinkat(dir, "ctl", 0);
	(void)close(listener);
	return folder_remove(unused);
}

/* A child that answers whatever comes with one message, and waits for the asker to go. */
static pid_t answer(enum wire_type type, const struct iovec *body, unsigned n)
{
	pid_t child = fork();
	struct wire_head head;
	int sock;

	if (child != 0)
		return child;
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	(void)wire_wait(sock, &head, NULL, 0, NULL, wire_now() + TIMEOUT);
	if (type)
		(void)wire_send(sock, type, 0, body, n, NULL);
	_exit(0);
}

static int ask_state(enum wire_type type, const void *body, size_t size)
{
	const struct iovec iov = { (void *)body, size };
	pid_t child = answer(type, &iov, 1);
	int r = instance_ask_state(dir, &state, wire_now() + TIMEOUT, &e);

	assert_int_equal(waitpid(child, NULL, 0), child);
	return r;
}

/* One that knows more of itself, and of each session, than we do. */
static void test_later(void **unused)
{
	struct {
		struct wire_state head;
		uint64_t more;
		struct {
			struct wire_state_session session;
			uint64_t more;
		} sessions[3];
	} body = { .head = { .bytes = offsetof(__typeof__(body), sessions),
			     .session_bytes = sizeof(body.sessions[0]),
			     .n_sessions = 7,
			     .idle = 5 } };

	(void)unused;
	body.sessions[0].session.pid = 11;
	body.sessions[2].session.pid = 13;
	memset(body.sessions[2].session.about.tty, 'x', sizeof(body.sessions[2].session.about.tty));
	assert_int_equal(ask_state(WIRE_STATE, &body, sizeof(body)), 0);
	assert_int_equal(state.head.n_sessions, 7);
	assert_true(state.head.idle == 5);
	assert_int_equal(state.n, 3);
	assert_int_equal(state.session[0].pid, 11);
	assert_int_equal(state.session[2].pid, 13);
	assert_int_equal(strlen(state.session[2].about.tty), 31);
}

/* One that knows less leaves zeros. */
static void test_earlier(void **unused)
{
	struct wire_state body = { .bytes = offsetof(struct wire_state, idle),
				   .session_bytes = 8,
				   .idle = 99 };
	char text[sizeof(body)];

	(void)unused;
	memcpy(text, &body, sizeof(body));
	memset(&state, 0x5a, sizeof(state));
	assert_int_equal(ask_state(WIRE_STATE, text, body.bytes), 0);
	assert_true(state.head.idle == 0);
	assert_int_equal(state.n, 0);
}

static void test_garbage(void **unused)
{
	struct wire_state body = { .bytes = sizeof(body) + 1, .session_bytes = 1 };

	(void)unused;
	assert_int_equal(ask_state(WIRE_STATE, &body, sizeof(body)), -EPROTO);
	body.bytes = 4;
	assert_int_equal(ask_state(WIRE_STATE, &body, sizeof(body)), -EPROTO);
	body.bytes = sizeof(body);
	body.session_bytes = 0;
	assert_int_equal(ask_state(WIRE_STATE, &body, sizeof(body)), -EPROTO);
	assert_int_equal(ask_state(WIRE_STATE, &body, 3), -EPROTO);
	assert_int_equal(ask_state(WIRE_READY, NULL, 0), -EPROTO);
}

static void test_silent(void **unused)
{
	(void)unused;
	assert_int_equal(ask_state(0, NULL, 0), -ESRCH);
	assert_int_equal(instance_ask_state(dir, &state, wire_now() + 20, &e), -ETIMEDOUT);
	assert_string_equal(e.text, "the supervisor of the instance does not answer");
	(void)close(accept(listener, NULL, NULL));
}

/* What it refuses with is said, and an end is waited for. */
static void test_orders(void **unused)
{
	struct iovec body = { (void *)"no", 2 };
	pid_t child;
	int sock;

	(void)unused;
	child = answer(WIRE_CLOSING, NULL, 0);
	sock = instance_ask_end(dir, 5, wire_now() + TIMEOUT, &e);
	assert_true(sock >= 0);
	assert_int_equal(instance_await_end(sock, dir, wire_now() + TIMEOUT, &e), 0);
	(void)close(sock);
	assert_int_equal(waitpid(child, NULL, 0), child);
	child = answer(WIRE_READY, NULL, 0);
	assert_int_equal(instance_ask_apply(dir, 5, wire_now() + TIMEOUT, &e), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* wire_send() has no code: such an error is none of ours. */
	child = answer(WIRE_ERROR, &body, 1);
	assert_int_equal(instance_ask_apply(dir, 5, wire_now() + TIMEOUT, &e), -EPROTO);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_later),   cmocka_unit_test(test_earlier),
		cmocka_unit_test(test_garbage), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_orders),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
