/* Ending instances from outside; see end.h. */
#include "end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "freeze.h"
#include "instance_ask.h"
#include "policy.h"
#include "state.h"
#include "state_uid.h"
#include "sys.h"
#include "unit.h"
#include "wire.h"

#define LOCK_TIMEOUT 10000  /* ms for a login to let go of the user's folder */
#define ANSWER_TIMEOUT 2000 /* ms for a supervisor to say that it is there */
#define END_TIMEOUT 10000   /* ms beyond the grace until all is gone */

static bool is_gone(const struct instance_found *found)
{
	struct stat st;

	return fstat(found->dir, &st) < 0 || st.st_nlink == 0;
}

/* What a killed supervisor could not take back of the user's slice, where systemd has that. */
static int revert_slice(int state, int lock, const char *user, uid_t uid, struct errmsg *e)
{
	const struct unit_user slice = {
		.user = user, .uid = uid, .dir = lock, .deadline = wire_now() + UNIT_BUS_PATIENCE
	};
	int r;

	if (uid == (uid_t)-1 || unit_user_has_instances(lock))
		return 0;
	r = unit_revert(&slice, e);
	if (r < 0)
		return errmsg_wrap(e, "user %s", user);
	if (unlinkat(state, user, AT_REMOVEDIR) == 0)
		state_uid_forget(state, user, uid);
	return 0;
}

int end_user(const char *user, uid_t uid, struct errmsg *e)
{
	AUTO_CLOSE int state = state_open(NSISO_RUNDIR, e), lock = -1;

	if (state < 0)
		return state;
	lock = openat(state, user, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lock >= 0 && unit_user_has_instances(lock))
		return 0;
	close_fd(&lock);
	lock = state_lock_user(state, user, wire_now() + LOCK_TIMEOUT, e);
	return lock < 0 ? lock : revert_slice(state, lock, user, uid, e);
}

/* The user's lock keeps logins out, which would end it, too. */
int end_dead(const struct instance_found *found, struct errmsg *e)
{
	AUTO_CLOSE int state = state_open(NSISO_RUNDIR, e), lock = -1;
	int r = state < 0 ? state : 0;

	if (r == 0) {
		lock = state_lock_user(state, found->user, wire_now() + LOCK_TIMEOUT, e);
		r = lock < 0 ? lock : 0;
	}
	if (r == 0 && !is_gone(found) && !state_is_alive(found->dir)) {
		r = instance_end(found->dir, found->id, e);
		r = r < 0 ? errmsg_wrap(e, "instance %s of user %s", found->id, found->user) : 1;
	}
	if (r > 0 && revert_slice(state, lock, found->user, found->record.uid, e) < 0)
		r = e->code;
	/* The lock may have made the folder anew. */
	if (lock >= 0)
		(void)unlinkat(state, found->user, AT_REMOVEDIR);
	return r;
}

static int end_by_force(const struct instance_found *found, bool is_frozen, struct errmsg *e)
{
	struct instance_record record;
	int r = instance_read(found->dir, &record, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = is_frozen ? freeze_kill(&record, e) : 0;
	if (r == 0)
		r = instance_kill(&record, e);
	if (r == 0)
		r = end_dead(found, e);
	return r < 0 ? r : 0;
}

/* A supervisor of another release: it knows SIGTERM, and then keeps to the policy's grace. */
static int end_by_signal(const struct instance_found *found, struct errmsg *e)
{
	AUTO_CLOSE int fd = process_open(&found->record.supervisor);
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return fd == -ESRCH ? 0 : errmsg_set(e, fd, "cannot signal the supervisor");
	if (sys_pidfd_send_signal(fd, SIGTERM) < 0 && errno != ESRCH)
		return errmsg_set(e, -errno, "cannot signal the supervisor");
	if (poll(&poller, 1, POLICY_GRACE_MAX + END_TIMEOUT) > 0)
		return 0;
	return errmsg_setx(e, -ETIMEDOUT, "instance %s does not end", found->id);
}

/* First a question that is answered at once: who is silent then need not be waited for. */
static int end_by_supervisor(const struct instance_found *found, uint64_t grace, bool is_frozen,
			     struct errmsg *e)
{
	int64_t patience = grace == WIRE_GRACE_POLICY ? POLICY_GRACE_MAX : (int64_t)grace;
	AUTO_FREE struct instance_state *state = malloc(sizeof(*state));
	AUTO_CLOSE int sock = -1;
	int r;

	if (!state)
		return errmsg_set(e, -ENOMEM, "cannot ask the supervisor");
	r = instance_ask_state(found->dir, state, wire_now() + ANSWER_TIMEOUT, e);
	if (r == 0) {
		sock = instance_ask_end(found->dir, grace, wire_now() + END_TIMEOUT, e);
		r = sock < 0 ? sock : 0;
	}
	if (r == 0 && is_frozen)
		r = freeze_kill(&found->record, e);
	if (r == 0)
		r = instance_await_end(sock, found->dir, wire_now() + patience + END_TIMEOUT, e);
	if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT)
		return end_by_signal(found, e);
	if (r == -ETIMEDOUT)
		return end_by_force(found, is_frozen, e);
	return r;
}

/* A login that makes it has its own deadline; after that it has a supervisor, or nobody. */
static void await_start(const struct instance_found *found)
{
	const int64_t deadline = wire_now() + LOCK_TIMEOUT;
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct instance_record record;
	struct errmsg ignored;

	while (wire_now() < deadline && !is_gone(found) && state_is_alive(found->dir) &&
	       (instance_read(found->dir, &record, &ignored) < 0 || record.supervisor.pid == 0))
		(void)nanosleep(&pause, NULL);
}

/* Who is frozen hears of no grace. */
static int end_found(const struct instance_found *found, uint64_t grace, bool is_frozen,
		     struct errmsg *e)
{
	int r = 0;

	if (state_is_alive(found->dir))
		r = end_by_supervisor(found, is_frozen ? 0 : grace, is_frozen, e);
	else if (is_frozen)
		r = freeze_kill(&found->record, e);
	if (r < 0 && r != -ESRCH)
		return r;
	/* Also after an orderly end: a supervisor may have died meanwhile. */
	r = end_dead(found, e);
	return r < 0 ? r : 0;
}

int end_instance(const struct instance_found *found, uint64_t grace, struct errmsg *e)
{
	bool is_frozen;
	int r;

	if (found->record.supervisor.pid == 0)
		await_start(found);
	if (is_gone(found))
		return 0;
	is_frozen = freeze_holds_openers(found);
	r = end_found(found, grace, is_frozen, e);
	if (is_frozen)
		freeze_rest(found->user);
	return r;
}
