/* Datagrams with a fixed head and descriptors; see wire.h. */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"

#define WIRE_MAGIC 0x6e736973U /* "nsis" */

union control {
	struct cmsghdr head; /* for its alignment */
	char space[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wire_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t wire_now_boot(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

void wire_close_fds(struct wire_fds *fds)
{
	unsigned i;

	for (i = 0; i < fds->n; i++)
		close_fd(&fds->fd[i]);
	fds->n = 0;
}

int wire_send(int sock, enum wire_type type, uint64_t value, const struct iovec *body,
	      unsigned n_body, const struct wire_fds *fds)
{
	struct wire_head head = {
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.type = (uint16_t)type,
		.revision = WIRE_REVISION,
		.value = value,
	};
	struct iovec iov[4] = { { &head, sizeof(head) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n_body + 1 };
	union control control;

	if (n_body)
		memcpy(iov + 1, body, n_body * sizeof(*body));
	if (fds && fds->n) {
		struct cmsghdr *cmsg = &control.head;

		memset(&control, 0, sizeof(control));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fds->n * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds->fd, fds->n * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fds->n * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

void wire_send_error(int sock, const struct errmsg *e)
{
	struct wire_head head = {
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.type = WIRE_ERROR,
		.code = e->code,
		.revision = WIRE_REVISION,
	};
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)e->text, strlen(e->text) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Take every descriptor out of the message first: what is refused afterwards is closed. */
static void take_fds(struct msghdr *msg, struct wire_fds *fds)
{
	struct cmsghdr *cmsg;

	fds->n = 0;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		if (n > WIRE_FDS_MAX - fds->n)
			n = WIRE_FDS_MAX - fds->n; /* can't be: the buffer is no larger */
		memcpy(fds->fd + fds->n, CMSG_DATA(cmsg), n * sizeof(int));
		fds->n += (unsigned)n;
	}
}

ssize_t wire_receive(int sock, struct wire_head *head, void *body, size_t size,
		     struct wire_fds *fds)
{
	struct iovec iov[2] = { { head, sizeof(*head) }, { body, size } };
	union control control;
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = 2,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct wire_fds got;
	ssize_t n;

	n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	take_fds(&msg, &got);
	if (n == 0)
		return -ECONNRESET;
	if ((size_t)n < sizeof(*head) || head->magic != WIRE_MAGIC ||
	    head->version != WIRE_VERSION || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    (got.n && !fds)) {
		wire_close_fds(&got);
		/* Of another version: whatever its body is like. */
		return (size_t)n >= sizeof(*head) && head->magic == WIRE_MAGIC &&
				       head->version != WIRE_VERSION ?
			       -EPROTONOSUPPORT :
			       -EPROTO;
	}
	if (fds)
		*fds = got;
	return n - (ssize_t)sizeof(*head);
}

ssize_t wire_wait(int sock, struct wire_head *head, void *body, size_t size, struct wire_fds *fds,
		  int64_t deadline)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	int64_t left;
	ssize_t n;

	for (;;) {
		n = wire_receive(sock, head, body, size, fds);
		if (n != -EAGAIN && n != -EINTR)
			return n;
		left = deadline - wire_now();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&poller, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

int wire_send_launch(int sock, enum wire_type type, const struct iovec *body, unsigned n_body,
		     const int table[LAUNCH_COUNT], unsigned first, unsigned last)
{
	struct wire_fds fds = { .n = 0 };
	uint64_t mask = 0;
	unsigned i;

	for (i = first; i < last; i++) {
		if (table[i] < 0)
			continue;
		mask |= 1ULL << i;
		fds.fd[fds.n++] = table[i];
	}
	return wire_send(sock, type, mask, body, n_body, &fds);
}

int wire_take_launch(int table[LAUNCH_COUNT], uint64_t mask, const struct wire_fds *fds)
{
	unsigned i, next = 0;

	for (i = 0; i < LAUNCH_COUNT; i++) {
		if (!(mask & 1ULL << i))
			continue;
		if (next == fds->n)
			return -EPROTO;
		table[i] = fds->fd[next++];
	}
	return next == fds->n ? 0 : -EPROTO;
}
