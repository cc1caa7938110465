/* Stopping all processes of a user's instances; see freeze.h. */
#include "freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "cleanup.h"
#include "errmsg.h"
#include "freeze_units.h"
#include "instance_procs.h"
#include "process_info.h"
#include "state.h"
#include "sys.h"
#include "wire.h"

#define LOCK_TIMEOUT 10000  /* ms for a login to let go of the user's folder */
#define FREEZE_TIMEOUT 5000 /* ms for all to stand still */
#define PAUSE 5             /* ms between two looks */

struct freezing {
	int user; /* the locked folder */
	bool freeze;
	struct views views;
	FILE *list; /* SIGSTOP: what stood still before; NULL: not asked for */
};

/* A folder that is gone, said as the kernel says it of files in one (ENODEV). */
static int folder_error(void)
{
	return errno == ENOENT ? -ENODEV : -errno;
}

/* The user's folder of a v2 hierarchy, open; -ENOENT: the instance is in none, -ENODEV: the folder is gone. */
static int open_v2(const struct instance_record *record)
{
	char path[sizeof(record->cgroup[0].path)];

	for (unsigned i = 0; i < record->n_cgroups; i++) {
		int fd;

		if (!record->cgroup[i].v2)
			continue;
		memcpy(path, record->cgroup[i].path, sizeof(path));
		*strrchr(path, '/') = '\0';
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? folder_error() : fd;
	}
	return -ENOENT;
}

/* cgroup.events wakes its readers when a line of it changes (Documentation/admin-guide/cgroup-v2.rst). */
static int await_events(int dir, const char *line)
{
	AUTO_CLOSE int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	const int64_t deadline = wire_now() + FREEZE_TIMEOUT;
	struct pollfd poller = { .fd = fd, .events = POLLPRI };
	char text[256];

	if (fd < 0)
		return folder_error();
	for (;;) {
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int64_t left = deadline - wire_now();

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (strstr(text, line))
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		(void)poll(&poller, 1, (int)left);
	}
}

static int set_v2(int dir, bool freeze)
{
	AUTO_CLOSE int fd = openat(dir, "cgroup.freeze", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return folder_error();
	if (write(fd, freeze ? "1" : "0", 1) != 1)
		return -errno;
	return await_events(dir, freeze ? "frozen 1" : "frozen 0");
}

/* Never the init, nor what is root's: openers, and whoever has entered. */
static bool is_users(const struct instance_record *record, const struct process_info *info)
{
	return info->pid != record->init.pid && info->pid != record->supervisor.pid &&
	       info->uid != 0 && info->uid != (uid_t)-1;
}

static bool is_still(const struct process_info *info)
{
	return strchr("TtZX", info->state) != NULL;
}

/* Exactly this process: its number may be somebody else's by now. */
static void signal_send(const struct process *process, int signal)
{
	AUTO_CLOSE int fd = process_open(process);

	if (fd >= 0)
		(void)sys_pidfd_send_signal(fd, signal);
}

/* One round of SIGSTOP; how many still ran. */
static int stop_round(const struct freezing *freezing, const struct instance_record *record,
		      bool is_first, struct errmsg *e)
{
	struct pid_list pids;
	int r = instance_procs(record, &pids, e), running = 0;

	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		struct process process = { .pid = pids.pid[i] };
		struct process_info info;

		if (process_start(process.pid, &process.start) < 0 ||
		    process_info_read(process.pid, &info) < 0 || !is_users(record, &info))
			continue;
		if (is_still(&info)) {
			if (is_first && freezing->list)
				(void)fprintf(freezing->list, "stopped=%d %ju\n", (int)process.pid,
					      (uintmax_t)process.start);
			continue;
		}
		signal_send(&process, SIGSTOP);
		/* Who sleeps in the kernel stops on its way out. */
		running += info.state != 'D' || is_first;
	}
	pid_list_done(&pids);
	return r < 0 ? r : running;
}

static int stop_all(const struct freezing *freezing, const struct instance_record *record,
		    struct errmsg *e)
{
	const int64_t deadline = wire_now() + FREEZE_TIMEOUT;
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };
	int running = stop_round(freezing, record, true, e);

	while (running > 0) {
		if (wire_now() > deadline)
			return errmsg_setx(e, -ETIMEDOUT, "%d processes of instance %s do not stop",
					   running, record->id);
		(void)nanosleep(&pause, NULL);
		running = stop_round(freezing, record, false, e);
	}
	return running;
}

/* What stood still before it was frozen is left so. */
static bool was_stopped(const char *list, const struct process *process)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "\nstopped=%d %ju\n", (int)process->pid,
		       (uintmax_t)process->start);
	return strstr(list, line) != NULL;
}

static int continue_all(int user, const struct instance_record *record, struct errmsg *e)
{
	AUTO_CLOSE int fd = openat(user, STATE_FROZEN, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *list = NULL;
	struct pid_list pids;
	struct stat st;
	ssize_t n = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || !(list = calloc(1, (size_t)st.st_size + 1)) ||
	    (n = read(fd, list, (size_t)st.st_size)) < 0)
		return errmsg_set(e, -errno, "cannot read " STATE_FROZEN);
	list[n] = '\0';
	r = instance_procs(record, &pids, e);
	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		struct process process = { .pid = pids.pid[i] };
		struct process_info info;

		if (process_start(process.pid, &process.start) == 0 &&
		    process_info_read(process.pid, &info) == 0 && is_users(record, &info) &&
		    !was_stopped(list, &process))
			signal_send(&process, SIGCONT);
	}
	pid_list_done(&pids);
	return r;
}

/* Where systemd has the groups, a user's processes are in the slice of the user. */
static bool is_in_slice(const struct instance_record *record)
{
	return record->n_cgroups == 0 && record->n_accounts;
}

static int change_one(const struct freezing *freezing, const struct instance_record *record,
		      struct errmsg *e)
{
	AUTO_CLOSE int v2 = open_v2(record);
	int r;

	if (is_in_slice(record))
		return freeze_units(record->uid, freezing->freeze, e);
	if (v2 == -ENOENT)
		return freezing->freeze ? stop_all(freezing, record, e) :
					  continue_all(freezing->user, record, e);
	r = v2 < 0 ? v2 : set_v2(v2, freezing->freeze);
	/* Removed meanwhile: then nobody was left in it. */
	if (r == -ENODEV)
		return 0;
	return r < 0 ? errmsg_set(e, r, "cannot %s the cgroup of user %s",
				  freezing->freeze ? "freeze" : "thaw", record->user) :
		       0;
}

static int change_all(const struct freezing *freezing, struct errmsg *e)
{
	int r = 0;

	for (size_t i = 0; i < freezing->views.n && r == 0; i++)
		if (freezing->views.view[i].state != VIEW_DEAD)
			r = change_one(freezing, &freezing->views.view[i].record, e);
	return r;
}

/* First the file: what is stopped is not to get new company. */
static int freeze_locked(struct freezing *freezing, struct errmsg *e)
{
	char actor[64];
	int fd, r;

	fd = openat(freezing->user, STATE_FROZEN, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return errmsg_set(e, -errno, "cannot make " STATE_FROZEN);
	actor_name(actor, sizeof(actor));
	freezing->list = fd < 0 ? NULL : fdopen(fd, "w");
	if (freezing->list)
		(void)fprintf(freezing->list, "by=%s\nsince=%jd\n", actor, (intmax_t)time(NULL));
	r = change_all(freezing, e);
	if (freezing->list && fclose(freezing->list) != 0 && r == 0)
		r = errmsg_set(e, -errno, "cannot write " STATE_FROZEN);
	return r;
}

static int thaw_locked(struct freezing *freezing, struct errmsg *e)
{
	struct stat st;
	int r;

	if (fstatat(freezing->user, STATE_FROZEN, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : errmsg_set(e, -errno, "cannot see " STATE_FROZEN);
	r = change_all(freezing, e);
	if (r == 0 && unlinkat(freezing->user, STATE_FROZEN, 0) < 0 && errno != ENOENT)
		r = errmsg_set(e, -errno, "cannot remove " STATE_FROZEN);
	return r;
}

static int change(const char *user, bool freeze, struct errmsg *e)
{
	AUTO_CLOSE int state = state_open(NSISO_RUNDIR, e);
	struct freezing freezing = { .freeze = freeze, .user = -1 };
	int r = state < 0 ? state : views_find(user, &freezing.views, e);

	if (r < 0)
		return r;
	if (strcmp(freezing.views.view[0].user, user) != 0)
		r = errmsg_setx(e, -EINVAL, "'%s' is an instance: freezing is for users", user);
	if (r == 0) {
		freezing.user = state_lock_user(state, user, wire_now() + LOCK_TIMEOUT, e);
		r = freezing.user < 0 ? freezing.user : 0;
	}
	/* Once more: now no further one is made. */
	views_done(&freezing.views);
	if (r == 0)
		r = views_find(user, &freezing.views, e);
	if (r == 0)
		r = freeze ? freeze_locked(&freezing, e) : thaw_locked(&freezing, e);
	views_done(&freezing.views);
	if (freezing.user >= 0)
		(void)unlinkat(state, user, AT_REMOVEDIR);
	close_fd(&freezing.user);
	return r;
}

bool freeze_holds_openers(const struct instance_found *found)
{
	struct stat st;
	AUTO_CLOSE int v2 = -1;

	if (fstatat(found->dir, "../" STATE_FROZEN, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	v2 = open_v2(&found->record);
	return v2 >= 0 || is_in_slice(&found->record);
}

/* How many were still alive. */
static int kill_round(const struct instance_record *record, struct errmsg *e)
{
	struct pid_list pids;
	int r = instance_procs(record, &pids, e), alive = 0;

	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		struct process process = { .pid = pids.pid[i] };
		struct process_info info;

		if (process_start(process.pid, &process.start) < 0 ||
		    process_info_read(process.pid, &info) < 0 || !is_users(record, &info) ||
		    strchr("ZX", info.state))
			continue;
		signal_send(&process, SIGKILL);
		alive++;
	}
	pid_list_done(&pids);
	return r < 0 ? r : alive;
}

/* A process that is frozen can be killed, and runs nothing more of its own. */
int freeze_kill(const struct instance_record *record, struct errmsg *e)
{
	const struct freezing thaw = { .freeze = false, .user = -1 };
	const int64_t deadline = wire_now() + FREEZE_TIMEOUT;
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000L };
	int alive = kill_round(record, e);

	while (alive > 0 && wire_now() < deadline) {
		(void)nanosleep(&pause, NULL);
		alive = kill_round(record, e);
	}
	if (alive > 0)
		return errmsg_setx(e, -EBUSY, "%d processes of instance %s cannot be killed", alive,
				   record->id);
	return alive < 0 ? alive : change_one(&thaw, record, e);
}

void freeze_rest(const char *user)
{
	char mark[sizeof(NSISO_RUNDIR) + NSISO_USER_MAX + sizeof(STATE_FROZEN) + 2];
	struct errmsg ignored;

	(void)snprintf(mark, sizeof(mark), "%s/%s/%s", NSISO_RUNDIR, user, STATE_FROZEN);
	if (access(mark, F_OK) == 0)
		(void)user_freeze(user, &ignored);
}

int user_freeze(const char *user, struct errmsg *e)
{
	return change(user, true, e);
}

int user_thaw(const char *user, struct errmsg *e)
{
	return change(user, false, e);
}
