/* The use that an instance makes of its cgroups; see supervisor_watch.h. */
#include "supervisor_watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "supervisor_events.h"
#include "wire.h"

#define SETTLE 100  /* ms: a burst is told of once, and v1 says "out of memory" before it kills */
#define QUIET 5000  /* ms from one record of events to the next */
#define AGAIN 1000  /* ms until another look */
#define LOOKS_MAX 3 /* for an event that has not changed any count */

#define LIMITS                                                                        \
	(USE_BIT(USE_MEMORY_MAX) | USE_BIT(USE_MEMORY_HIGH) | USE_BIT(USE_SWAP_MAX) | \
	 USE_BIT(USE_PIDS_MAX) | USE_BIT(USE_CPU_QUOTA) | USE_BIT(USE_CPU_PERIOD) |   \
	 USE_BIT(USE_CPU_WEIGHT))
#define PEAKS (USE_BIT(USE_MEMORY_PEAK) | USE_BIT(USE_SWAP_PEAK) | USE_BIT(USE_PIDS_PEAK))
#define EVENTS (USE_BIT(USE_OOM_KILLS) | USE_BIT(USE_PIDS_REFUSED))

static const struct {
	const char *name, *sentence;
	enum cgroup_figure count, limit;
} events[WATCH_EVENTS] = {
	[WATCH_OOM] = { "oom", "out of memory", USE_OOM_KILLS, USE_MEMORY_MAX },
	[WATCH_PIDS] = { "pids", "too many processes", USE_PIDS_REFUSED, USE_PIDS_MAX },
};

/* cgroup-v1/memory.rst, "OOM Control"; the eventfd also hears of the folders above. */
static int open_oom_v1(int dir)
{
	AUTO_CLOSE int control = openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int list = openat(dir, "cgroup.event_control", O_WRONLY | O_CLOEXEC);
	AUTO_CLOSE int event =
		control < 0 || list < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[32];
	int n = snprintf(text, sizeof(text), "%d %d", event, control);

	return event < 0 || write(list, text, (size_t)n) != n ? -1 : take_fd(&event);
}

static int open_one_of(int first, int second, const char *file)
{
	int fd = openat(first, file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? openat(second, file, O_RDONLY | O_CLOEXEC) : fd;
}

/* Where the kernel counts this instance's own events, that is where it says so. */
static void open_files(struct watch *w, const struct watch_folder *at)
{
	const bool local = cgroup_use_local(at->account, at->v2) & USE_BIT(USE_PIDS_REFUSED);
	int own = at->own < 0 ? at->account : at->own;

	w->eventfd = !at->v2;
	if (w->fd[WATCH_OOM] < 0)
		w->fd[WATCH_OOM] =
			at->v2 ? open_one_of(own, at->account, "memory.events") : open_oom_v1(own);
	if (w->fd[WATCH_PIDS] < 0)
		w->fd[WATCH_PIDS] = open_one_of(local ? own : at->account, own, "pids.events");
}

/* What the kernel has to say is new from here on (kernfs: since the last read; eventfd: it is 0 again). */
static void rearm(struct watch *w, enum watch_event event)
{
	char text[256];
	ssize_t n;

	if (w->fd[event] < 0)
		return;
	if (event == WATCH_OOM && w->eventfd)
		n = read(w->fd[event], text, sizeof(text));
	else
		n = pread(w->fd[event], text, sizeof(text), 0);
	/* EAGAIN: an eventfd that is 0.  Else the folder is gone, and would be ready for ever. */
	if (n < 0 && errno != EAGAIN)
		close_fd(&w->fd[event]);
}

/*
 * The user's folder has the figures that the limits are compared with.  One of several instances of a user
 * goes by its own folder, as far as that has files; and some events are counted there alone.  Returns those
 * that come from the instance's own folder.
 */
static uint32_t read_figures(struct watch *w, uint32_t wanted)
{
	struct cgroup_use now, own;
	uint32_t from_own = 0;
	unsigned i;

	cgroup_use_init(&now);
	cgroup_use_init(&own);
	for (i = 0; i < w->n; i++) {
		const struct watch_folder *at = &w->at[i];
		uint32_t local = cgroup_use_local(at->account, at->v2);

		cgroup_use_read(at->account, at->v2, wanted & ~local, &now);
		if (at->own >= 0)
			cgroup_use_read(at->own, at->v2, wanted & (w->shared ? local : ~LIMITS),
					&own);
	}
	for (i = 0; i < USE_COUNT; i++) {
		if (own.at[i] != USE_UNKNOWN) {
			from_own |= USE_BIT(i);
			now.at[i] = own.at[i];
		}
		if (now.at[i] != USE_UNKNOWN)
			w->use.at[i] = now.at[i];
	}
	return from_own;
}

/* The lowest of the folders' limits. */
static uint64_t limit_of(const struct watch *w, enum cgroup_figure figure)
{
	uint64_t limit = USE_UNKNOWN;
	unsigned i, own;

	for (i = 0; i < w->n; i++)
		for (own = 0; own < 2; own++) {
			struct cgroup_use use;

			cgroup_use_init(&use);
			cgroup_use_read(own ? w->at[i].own : w->at[i].account, w->at[i].v2,
					USE_BIT(figure), &use);
			if (use.at[figure] < limit)
				limit = use.at[figure];
		}
	return limit;
}

static void close_folders(struct watch *w)
{
	unsigned i;

	for (i = 0; i < w->n; i++) {
		close_fd(&w->at[i].account);
		close_fd(&w->at[i].own);
	}
	w->n = 0;
	for (i = 0; i < WATCH_EVENTS; i++)
		close_fd(&w->fd[i]);
}

static void open_folders(struct watch *w)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct instance_record record;
	struct errmsg ignored;
	unsigned i;

	if (instance_read(w->dir, &record, &ignored) < 0)
		return;
	w->shared = record.shared;
	for (i = 0; i < record.n_accounts; i++) {
		struct watch_folder *at = &w->at[w->n];

		at->v2 = record.account[i].v2;
		at->account = open(record.account[i].path, flags);
		at->own = at->account < 0 ? -1 : openat(at->account, w->id, flags);
		if (at->account < 0)
			continue;
		open_files(w, at);
		w->n++;
	}
	for (i = 0; i < WATCH_EVENTS; i++)
		rearm(w, i);
}

void watch_init(struct watch *w, const char *user, const char *id, int dir)
{
	unsigned i;

	w->user = user;
	w->id = id;
	w->dir = dir;
	for (i = 0; i < WATCH_EVENTS; i++)
		w->fd[i] = -1;
	cgroup_use_init(&w->use);
}

void watch_poll(const struct watch *w, struct pollfd *ret)
{
	unsigned i;

	for (i = 0; i < WATCH_EVENTS; i++)
		ret[i] = (struct pollfd){
			.fd = w->heard[i] ? -1 : w->fd[i],
			/* A file of the kernel's is readable at any time: what is new is urgent. */
			.events = POLLPRI,
		};
	if (w->eventfd)
		ret[WATCH_OOM].events = POLLIN;
}

bool watch_hear(struct watch *w, const struct pollfd *pollers, int64_t *ret)
{
	const int64_t settled = wire_now_boot() + SETTLE;
	bool any = false;
	unsigned i;

	for (i = 0; i < WATCH_EVENTS; i++)
		if (pollers[i].revents && pollers[i].fd == w->fd[i])
			w->heard[i] = any = true;
	*ret = settled > w->quiet ? settled : w->quiet;
	return any;
}

/* True: there was something to tell. */
static bool tell(struct watch *w, enum watch_event event)
{
	const uint64_t total = w->use.at[events[event].count], told = w->told[event];
	struct report r;
	uint64_t limit;

	w->told[event] = total;
	/* Less than before: the folder has been made anew. */
	if (total == USE_UNKNOWN || (told != USE_UNKNOWN && total <= told) || total == 0)
		return false;
	limit = limit_of(w, events[event].limit);
	report_begin(&r, events[event].sentence, events[event].name, w->user, w->id);
	report_add_number(&r, "count", told == USE_UNKNOWN ? total : total - told);
	report_add_number(&r, "total", total);
	if (limit == USE_NO_LIMIT)
		report_add(&r, "limit", "none");
	else if (limit != USE_UNKNOWN)
		report_add_number(&r, "limit", limit);
	report_send(&r, LOG_WARNING);
	w->told_at[event] = wire_now_boot();
	events_keep(w->dir, r.text + r.pairs);
	return true;
}

/* What the figures that were read say; a record of each kind at most. */
static bool tell_all(struct watch *w)
{
	bool told = false;
	unsigned i;

	for (i = 0; i < WATCH_EVENTS; i++)
		told |= tell(w, i);
	if (told)
		w->quiet = wire_now_boot() + QUIET;
	return told;
}

int64_t watch_look(struct watch *w)
{
	bool heard = false, told;
	unsigned i;

	for (i = 0; i < WATCH_EVENTS; i++) {
		heard |= w->heard[i];
		if (w->heard[i])
			rearm(w, i);
		w->heard[i] = false;
	}
	(void)read_figures(w, EVENTS);
	told = tell_all(w);
	w->looks = told || !heard ? 0 : w->looks + 1;
	return w->looks && w->looks <= LOOKS_MAX ? wire_now_boot() + AGAIN : 0;
}

bool watch_has_news(struct watch *w, enum watch_event event, int64_t within)
{
	const enum cgroup_figure count = events[event].count;

	if (w->told_at[event] && wire_now_boot() - w->told_at[event] <= within)
		return true;
	(void)read_figures(w, USE_BIT(count));
	return w->use.at[count] != USE_UNKNOWN && w->use.at[count] > 0 &&
	       w->use.at[count] != w->told[event];
}

static void take_counters(const struct watch *w, struct watch_base *ret)
{
	ret->time = wire_now_boot();
	memcpy(ret->at, w->use.at + USE_CPU_TIME, sizeof(ret->at));
}

void watch_open(struct watch *w, struct watch_base *ret)
{
	uint32_t own;
	unsigned i;

	open_folders(w);
	own = read_figures(w, USE_COUNTERS);
	take_counters(w, ret);
	/* Folders of its own are as old as the instance: what they count may have happened before we looked. */
	for (i = USE_CPU_TIME; i < USE_COUNT; i++)
		if (own & USE_BIT(i))
			ret->at[i - USE_CPU_TIME] = 0;
	for (i = 0; i < WATCH_EVENTS; i++)
		w->told[i] = ret->at[events[i].count - USE_CPU_TIME];
}

/* Not every kernel says when it counts: v1 says nothing of refused forks from Linux 6.11 on. */
static void tell_unheard(struct watch *w)
{
	if (wire_now_boot() >= w->quiet)
		(void)tell_all(w);
}

void watch_begin(struct watch *w, struct watch_base *ret)
{
	if (w->n == 0 || faccessat(w->at[0].account, "cgroup.procs", F_OK, 0) < 0) {
		close_folders(w);
		watch_open(w, ret);
		return;
	}
	(void)read_figures(w, USE_COUNTERS);
	tell_unheard(w);
	take_counters(w, ret);
}

static void add_figure(struct report *r, enum cgroup_figure figure, uint64_t value)
{
	if (figure == USE_CPU_TIME)
		report_add_seconds(r, "cpu", value);
	else if (figure == USE_THROTTLED_TIME)
		report_add_seconds(r, "throttled", value);
	else
		report_add_number(r, cgroup_use_name(figure), value);
}

void watch_sum_up(struct watch *w, const struct watch_base *base, struct report *r)
{
	unsigned i;

	report_add_number(r, "seconds", (uint64_t)(wire_now_boot() - base->time) / 1000);
	(void)read_figures(w, USE_COUNTERS | PEAKS);
	tell_unheard(w);
	for (i = 0; i < USE_COUNT; i++) {
		uint64_t value = w->use.at[i], before = USE_UNKNOWN;

		if (!((USE_COUNTERS | PEAKS) & USE_BIT(i)) || value == USE_UNKNOWN)
			continue;
		if (i >= USE_CPU_TIME)
			before = base->at[i - USE_CPU_TIME];
		/* A counter below its beginning has begun anew, with its folder. */
		if (before != USE_UNKNOWN && before <= value)
			value -= before;
		add_figure(r, i, value);
	}
}
