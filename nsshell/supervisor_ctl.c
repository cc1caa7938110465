/*
 * What comes over the control socket: logins that want in, openers that join and leave, root's tools.
 * The socket is root's alone.  Peers may be of another release: what is not known is answered with a
 * text, and a session is never dropped for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "supervisor_parts.h"

#define BODY_MAX 1024 /* bytes; a later release may tell more of a session */
#define SETTLE 10     /* ms from a session's beginning to what can wait for it */

/* A login wants in, or a tool of root's wants to know; its first message says which. */
void ctl_accept(struct supervisor *s)
{
	AUTO_CLOSE int conn =
		accept4(s->launch->fd[LAUNCH_CTL], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (conn < 0)
		return;
	if (!book_has_room(&s->book)) {
		(void)wire_send(conn, WIRE_CLOSING, 0, NULL, 0, NULL);
		return;
	}
	book_add(&s->book, take_fd(&conn), -1);
}

/* The policy of the login counts, not that of the instance. */
static bool is_full(const struct supervisor *s, uint64_t max)
{
	return max && book_sessions(&s->book) >= max;
}

static bool serve_register(struct supervisor *s, struct book_entry *entry, struct wire_fds *fds,
			   uint64_t max)
{
	struct errmsg e;

	if (fds->n != 1 || entry->opener >= 0 || s->closing) {
		(void)wire_send(entry->conn, WIRE_CLOSING, 0, NULL, 0, NULL);
		return false;
	}
	if (is_full(s, max)) {
		(void)errmsg_setx(&e, -EUSERS, "user %s has %u sessions, and max_sessions is %u",
				  s->user, book_sessions(&s->book), (unsigned)max);
		wire_send_error(entry->conn, &e);
		return false;
	}
	entry->opener = take_fd(&fds->fd[0]);
	fds->n = 0;
	return supervisor_send_pidfd(s, entry->conn) == 0;
}

/* Texts end where they should, whatever was sent. */
static void take_about(struct wire_session *ret, const char *body, size_t n)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, body, n < sizeof(*ret) ? n : sizeof(*ret));
	ret->service[sizeof(ret->service) - 1] = '\0';
	ret->tty[sizeof(ret->tty) - 1] = '\0';
	ret->rhost[sizeof(ret->rhost) - 1] = '\0';
}

static bool serve_commit(struct supervisor *s, struct book_entry *entry, const char *body, size_t n)
{
	if (entry->opener < 0)
		return false;
	entry->joined = s->ready = entry->unsettled = true;
	entry->since = (uint64_t)time(NULL);
	entry->base.time = wire_now_boot();
	clock_use(s);
	take_about(&entry->about, body, n);
	if (!s->settle_at)
		s->settle_at = wire_now() + SETTLE;
	return true;
}

static void settle_one(struct supervisor *s, struct book_entry *entry)
{
	const int64_t begun = entry->base.time;

	if (s->settled)
		watch_begin(&s->watch, &entry->base);
	else
		watch_open(&s->watch, &entry->base);
	entry->base.time = begun;
	if (!s->settled)
		s->base = entry->base;
	s->settled = true;
	entry->unsettled = false;
}

void session_settle(struct supervisor *s)
{
	unsigned i;

	if (!s->settle_at)
		return;
	s->settle_at = 0;
	for (i = 0; i < s->book.n; i++)
		if (s->book.entry[i].unsettled)
			settle_one(s, &s->book.entry[i]);
	scope_start(s);
	if (s->warn_outside)
		supervisor_warn_outside(s->uid, s->user, s->id);
	s->warn_outside = false;
	stack_release();
}

static uint64_t linger_left(const struct supervisor *s)
{
	const int64_t until = s->clock.linger_until, now = wire_now_boot();

	if (!s->clock.look_at)
		return 0;
	if (!until)
		return UINT64_MAX;
	return until > now ? (uint64_t)(until - now) : 0;
}

static void fill_state(struct supervisor *s, struct wire_state *ret)
{
	*ret = (struct wire_state){
		.bytes = sizeof(*ret),
		.session_bytes = sizeof(struct wire_state_session),
		.n_sessions = book_sessions(&s->book),
		.flags = (s->closing ? WIRE_STATE_CLOSING : 0U) |
			 (s->clock.look_at && !s->closing ? WIRE_STATE_LINGERING : 0U),
		.created = s->created,
		.created_boot = (uint64_t)s->created_boot,
		.linger_left = linger_left(s),
		.idle = clock_idle(s),
		.apply_at = (uint64_t)s->clock.apply_at,
	};
	memcpy(ret->id, s->id, sizeof(s->id));
}

/* On pages of its own, which go back to the kernel at once. */
static bool serve_status(struct supervisor *s, const struct book_entry *asker)
{
	struct wire_state state;
	struct wire_state_session *sessions;
	const size_t size = SUPERVISOR_SESSIONS_MAX * sizeof(*sessions);
	unsigned i, n = 0;
	struct iovec body[2];

	sessions = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sessions == MAP_FAILED)
		return false;
	for (i = 0; i < s->book.n; i++) {
		const struct book_entry *entry = &s->book.entry[i];

		if (entry->opener < 0 || entry->left)
			continue;
		sessions[n++] = (struct wire_state_session){ .pid = entry->pid,
							     .since = entry->since,
							     .about = entry->about };
	}
	fill_state(s, &state);
	body[0] = (struct iovec){ &state, sizeof(state) };
	body[1] = (struct iovec){ sessions, n * sizeof(*sessions) };
	(void)wire_send(asker->conn, WIRE_STATE, 0, body, 2, NULL);
	(void)munmap(sessions, size);
	return true;
}

/* The connection closes with the process: that is how the tool learns of the end. */
static bool serve_end(struct supervisor *s, const struct book_entry *asker, uint64_t grace)
{
	if (grace == WIRE_GRACE_POLICY)
		grace = s->grace;
	(void)wire_send(asker->conn, WIRE_CLOSING, 0, NULL, 0, NULL);
	end_begin(s, END_ADMIN, grace < WIRE_GRACE_MAX ? (uint32_t)grace : WIRE_GRACE_MAX);
	return true;
}

static bool serve_apply(struct supervisor *s, const struct book_entry *asker, uint64_t boot_ms)
{
	struct errmsg e;
	int r = clock_set_apply(s, boot_ms);

	if (r == 0) {
		(void)wire_send(asker->conn, WIRE_READY, 0, NULL, 0, NULL);
	} else {
		(void)errmsg_set(&e, r, "cannot set a timer");
		wire_send_error(asker->conn, &e);
	}
	return true;
}

static bool serve_unknown(const struct book_entry *entry, unsigned type)
{
	struct errmsg e;

	(void)errmsg_setx(&e, -EOPNOTSUPP,
			  "the supervisor is of an older release and does not know message %u",
			  type);
	wire_send_error(entry->conn, &e);
	return true;
}

/* In a head of our version, which the peer does not take either: but that much it sees. */
static bool serve_foreign(const struct book_entry *entry)
{
	struct errmsg e;

	(void)errmsg_setx(&e, -EPROTONOSUPPORT, "the supervisor is of another release");
	wire_send_error(entry->conn, &e);
	return false;
}

static bool serve_message(struct supervisor *s, struct book_entry *entry,
			  const struct wire_head *head, const char *body, size_t n)
{
	switch (head->type) {
	case WIRE_COMMIT:
		return serve_commit(s, entry, body, n);
	case WIRE_LEAVE: /* also of one whose WIRE_COMMIT got lost */
		if (!entry->joined)
			entry->base = s->base;
		entry->joined = s->ready = true;
		end_session(s, entry, false);
		return false;
	case WIRE_STATUS:
		return serve_status(s, entry);
	case WIRE_END:
		return serve_end(s, entry, head->value);
	case WIRE_APPLY_AT:
		return serve_apply(s, entry, head->value);
	default:
		return serve_unknown(entry, head->type);
	}
}

bool ctl_serve(struct supervisor *s, struct book_entry *entry)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	char body[BODY_MAX];
	ssize_t n = wire_receive(entry->conn, &head, body, sizeof(body), &fds);
	bool keep;

	if (n == -EPROTONOSUPPORT)
		return serve_foreign(entry);
	if (n < 0) /* else it is we who can't receive: asked again */
		return n != -ECONNRESET && n != -EPROTO;
	if (head.type == WIRE_REGISTER)
		keep = serve_register(s, entry, &fds, head.value);
	else
		keep = serve_message(s, entry, &head, body, (size_t)n);
	wire_close_fds(&fds);
	return keep;
}
