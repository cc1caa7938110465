/* Questions to the supervisor of an instance; see instance_ask.h. */
#include "instance_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "errmsg.h"
#include "state.h"

/* Half as much again as this release sends: a later one may know more of each session. */
#define ANSWER_MAX (sizeof(struct instance_state) + sizeof(struct instance_state) / 2)

/* By way of the open folder: the path may be longer than a socket address. */
int instance_connect(int dir, const char *name)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       name);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&sock);
}

/* Why there is no answer, in words. */
static int explain(int r, int dir, struct errmsg *e)
{
	if (r == -ECONNRESET || r == -EPIPE)
		r = state_is_alive(dir) ? -EOPNOTSUPP : -ESRCH;
	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
	case -ESRCH:
		return errmsg_setx(e, -ESRCH, "the instance has ended");
	case -EOPNOTSUPP:
		return errmsg_setx(e, r,
				   "the instance is ending, or its supervisor is of an older "
				   "release, which knows no such question; SIGTERM ends it");
	case -EPROTONOSUPPORT:
		return errmsg_setx(e, r,
				   "the supervisor of the instance is of another release, whose "
				   "messages differ; SIGTERM ends it");
	case -EAGAIN:
	case -ETIMEDOUT:
		return errmsg_setx(e, -ETIMEDOUT, "the supervisor of the instance does not answer");
	default:
		return errmsg_set(e, r, "cannot ask the supervisor of the instance");
	}
}

struct question {
	int dir;
	enum wire_type type, answer;
	uint64_t value;
	int64_t deadline;
};

/*
 * Sends it and takes the answer into body, of size bytes and one more for a NUL.  The connection, or -errno; *n is the
 * size of the answer.
 */
static int put_question(const struct question *q, char *body, size_t size, ssize_t *n,
			struct errmsg *e)
{
	AUTO_CLOSE int sock = instance_connect(q->dir, "ctl");
	struct wire_head head;
	int r;

	if (sock < 0)
		return explain(sock, q->dir, e);
	r = wire_send(sock, q->type, q->value, NULL, 0, NULL);
	if (r < 0)
		return explain(r, q->dir, e);
	*n = wire_wait(sock, &head, body, size, NULL, q->deadline);
	if (*n < 0)
		return explain((int)*n, q->dir, e);
	body[*n] = '\0';
	if (head.type == WIRE_ERROR && head.code < 0)
		return errmsg_setx(e, head.code, "%s", body);
	return head.type == q->answer ? take_fd(&sock) : explain(-EPROTO, q->dir, e);
}

/* What is shorter than ours leaves zeros, what is longer is cut. */
static void take_part(void *ret, size_t size, const char *from, size_t bytes)
{
	memset(ret, 0, size);
	memcpy(ret, from, bytes < size ? bytes : size);
}

static int unpack_state(const char *body, size_t n, struct instance_state *ret)
{
	const size_t least = offsetof(struct wire_state, id);
	struct wire_state *head = &ret->head;
	size_t at;

	if (n < least)
		return -EPROTO;
	memcpy(head, body, least);
	if (head->bytes < least || head->bytes > n || head->session_bytes == 0)
		return -EPROTO;
	at = head->bytes;
	take_part(head, sizeof(*head), body, at);
	head->id[sizeof(head->id) - 1] = '\0';
	for (ret->n = 0; ret->n < WIRE_SESSIONS_MAX && n - at >= head->session_bytes;
	     at += head->session_bytes) {
		struct wire_state_session *session = &ret->session[ret->n++];

		take_part(session, sizeof(*session), body + at, head->session_bytes);
		session->about.service[sizeof(session->about.service) - 1] = '\0';
		session->about.tty[sizeof(session->about.tty) - 1] = '\0';
		session->about.rhost[sizeof(session->about.rhost) - 1] = '\0';
	}
	return 0;
}

int instance_ask_state(int dir, struct instance_state *ret, int64_t deadline, struct errmsg *e)
{
	const struct question q = {
		.dir = dir, .type = WIRE_STATUS, .answer = WIRE_STATE, .deadline = deadline
	};
	AUTO_FREE char *body = malloc(ANSWER_MAX + 1);
	AUTO_CLOSE int sock = -1;
	ssize_t n = 0;
	int r;

	if (!body)
		return errmsg_set(e, -ENOMEM, "cannot ask the supervisor of the instance");
	sock = put_question(&q, body, ANSWER_MAX, &n, e);
	if (sock < 0)
		return sock;
	r = unpack_state(body, (size_t)n, ret);
	return r < 0 ? explain(r, dir, e) : 0;
}

int instance_ask_end(int dir, uint64_t grace, int64_t deadline, struct errmsg *e)
{
	const struct question q = { .dir = dir,
				    .type = WIRE_END,
				    .answer = WIRE_CLOSING,
				    .value = grace,
				    .deadline = deadline };
	char text[ERRMSG_MAX + 1];
	ssize_t n = 0;

	return put_question(&q, text, sizeof(text) - 1, &n, e);
}

int instance_await_end(int sock, int dir, int64_t deadline, struct errmsg *e)
{
	char text[ERRMSG_MAX + 1];
	struct wire_head head;
	ssize_t n;

	do
		n = wire_wait(sock, &head, text, sizeof(text) - 1, NULL, deadline);
	while (n >= 0);
	return n == -ECONNRESET ? 0 : explain((int)n, dir, e);
}

int instance_ask_apply(int dir, uint64_t boot_ms, int64_t deadline, struct errmsg *e)
{
	const struct question q = { .dir = dir,
				    .type = WIRE_APPLY_AT,
				    .answer = WIRE_READY,
				    .value = boot_ms,
				    .deadline = deadline };
	char text[ERRMSG_MAX + 1];
	ssize_t n = 0;
	AUTO_CLOSE int sock = put_question(&q, text, sizeof(text) - 1, &n, e);

	return sock < 0 ? sock : 0;
}
