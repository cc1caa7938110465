/*
 * What is to be done at a time.  All times are of CLOCK_BOOTTIME: a clock that is set does not move them,
 * and a suspended machine makes up for them when it wakes.  One timer for what comes first.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>

#include "errmsg.h"
#include "init.h"
#include "instance.h"
#include "policy.h"
#include "supervisor_parts.h"
#include "sys.h"

#define TTY_RESOLUTION \
	8000 /* ms: the kernel updates a terminal's time no more often (tty_update_time()) */
#define WARN_MAX 60000  /* ms before the end that terminals are told, or half of a shorter time */
#define LOOK_FIRST 1000 /* ms after the last session: its own processes may need them to end */
#define SWEEP_FIRST 50  /* ms after a session until its group is looked at again */
#define SWEEP_MAX 3200  /* ms between the last two looks */
#define LOOK_MAX 60000  /* ms between two looks at what lingers */

static uint32_t warn_time(uint32_t period)
{
	return period / 2 < WARN_MAX ? period / 2 : WARN_MAX;
}

static void earlier(int64_t *next, int64_t time)
{
	if (time && (*next == 0 || time < *next))
		*next = time;
}

/* Sets the timer for what comes first; -errno. */
static int clock_arm(struct supervisor *s)
{
	struct supervisor_clock *clock = &s->clock;
	struct itimerspec when = { .it_value = { .tv_nsec = 0 } };
	int64_t next = clock->apply_at;

	earlier(&next, clock->linger_until);
	earlier(&next, clock->look_at);
	earlier(&next, clock->idle_at);
	earlier(&next, clock->lifetime_at);
	earlier(&next, clock->events_at);
	earlier(&next, clock->sweep_at);
	if (clock->fd < 0 && next == 0)
		return 0;
	if (clock->fd < 0)
		clock->fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	when.it_value.tv_sec = next / 1000;
	when.it_value.tv_nsec = next % 1000 * 1000000;
	if (clock->fd < 0 || timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	return 0;
}

int clock_start(struct supervisor *s, const struct plan *plan, struct errmsg *e)
{
	struct supervisor_clock *clock = &s->clock;
	int r;

	clock->fd = -1;
	clock->linger = plan->linger;
	clock->idle = plan->idle;
	clock->lifetime = plan->lifetime;
	clock->used = clock->looked = s->created_boot;
	if (clock->idle)
		clock->idle_at =
			clock->used + clock->idle + TTY_RESOLUTION - warn_time(clock->idle);
	if (clock->lifetime)
		clock->lifetime_at = s->created_boot + clock->lifetime - warn_time(clock->lifetime);
	r = clock_arm(s);
	return r < 0 ? errmsg_set(e, r, "cannot set a timer") : 0;
}

int clock_set_apply(struct supervisor *s, uint64_t boot_ms)
{
	if (boot_ms > INT64_MAX)
		return -EINVAL;
	s->clock.apply_at = (int64_t)boot_ms;
	return clock_arm(s);
}

void clock_set_events(struct supervisor *s, int64_t boot_ms)
{
	earlier(&s->clock.events_at, boot_ms);
	/* Without a timer the end has the record. */
	(void)clock_arm(s);
}

void clock_use(struct supervisor *s)
{
	s->clock.used = wire_now_boot();
}

/*
 * ms since the last use.  A terminal's time is one of the wall clock, which may have been set since: what
 * counts is that it has changed since the last look, and it can't have been used before that.
 */
static int64_t look_for_use(struct supervisor *s)
{
	struct supervisor_clock *clock = &s->clock;
	const int64_t now = wire_now_boot();
	int64_t used = clock->used;
	time_t newest = 0;

	if (!terminals_look(s, &newest)) {
		used = now;
	} else if (newest != clock->newest) {
		used = now - ((int64_t)time(NULL) - (int64_t)newest) * 1000;
		if (used < clock->looked)
			used = clock->looked;
	}
	if (used > clock->used)
		clock->used = used < now ? used : now;
	clock->newest = newest;
	clock->looked = now;
	return now - clock->used;
}

uint64_t clock_idle(struct supervisor *s)
{
	return (uint64_t)look_for_use(s);
}

static void warn(const struct supervisor *s, uint32_t ms, const char *why)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
		       "\r\nnsiso: your sessions here end in %" PRIu32 " seconds: %s\r\n",
		       (ms + 999) / 1000, why);
	terminals_warn(s->uid, text);
}

/* Warned first, also after a suspension in which all of the time went by. */
static void ring_idle(struct supervisor *s, int64_t now)
{
	struct supervisor_clock *clock = &s->clock;
	const uint32_t before = warn_time(clock->idle);
	const int64_t warn_at = now - look_for_use(s) + clock->idle + TTY_RESOLUTION - before;

	if (now < warn_at) {
		clock->idle_warned = false;
		clock->idle_at = warn_at;
	} else if (!clock->idle_warned) {
		warn(s, before, "nobody has typed anything for a while");
		clock->idle_warned = true;
		clock->idle_at = now + before;
	} else {
		end_begin(s, END_IDLE, s->grace);
	}
}

static void ring_lifetime(struct supervisor *s, int64_t now)
{
	struct supervisor_clock *clock = &s->clock;
	const uint32_t before = warn_time(clock->lifetime);

	if (clock->lifetime_warned) {
		end_begin(s, END_LIFETIME, s->grace);
		return;
	}
	warn(s, before, "they have lasted as long as they may");
	clock->lifetime_warned = true;
	clock->lifetime_at = now + before;
}

/*
 * Whether anything is left that it lingers for.  In a pid namespace of its own the init knows, and ends when
 * there is nothing; else the cgroup has the init and nobody else.
 */
static void look_for_processes(struct supervisor *s)
{
	struct instance_record record;
	struct errmsg ignored;

	if (s->namespaces & SYS_NEWPID) {
		(void)sys_pidfd_queue_signal(s->pidfd, SIGTERM, INIT_END_IF_ALONE);
		return;
	}
	if (instance_read(s->launch->fd[LAUNCH_DIR], &record, &ignored) < 0 ||
	    record.n_cgroups == 0 || cgroup_signal(&record.cgroup[0], 0) <= 1)
		end_begin(s, END_LINGER, s->grace);
}

bool clock_linger(struct supervisor *s)
{
	struct supervisor_clock *clock = &s->clock;

	if (clock->look_at)
		return true;
	if (!clock->linger || !s->ready)
		return false;
	clock->look_after = LOOK_FIRST;
	clock->look_at = wire_now_boot() + clock->look_after;
	if (clock->linger != POLICY_FOREVER)
		clock->linger_until = s->session_ended + clock->linger;
	return clock_arm(s) == 0;
}

void clock_stay(struct supervisor *s)
{
	if (!s->clock.look_at)
		return;
	s->clock.look_at = s->clock.linger_until = 0;
	(void)clock_arm(s);
}

static void ring_linger(struct supervisor *s, int64_t now)
{
	struct supervisor_clock *clock = &s->clock;

	if (clock->linger_until && clock->linger_until <= now) {
		end_begin(s, END_LINGER, s->grace);
		return;
	}
	if (clock->look_at > now)
		return;
	look_for_processes(s);
	clock->look_after = clock->look_after < LOOK_MAX / 2 ? 2 * clock->look_after : LOOK_MAX;
	clock->look_at = now + clock->look_after;
}

/* The processes of a session that has just ended may need a moment to be gone. */
static void ring_sweep(struct supervisor *s, int64_t now)
{
	struct supervisor_clock *clock = &s->clock;

	sweep_groups(s);
	clock->sweep_after *= 2;
	clock->sweep_at = clock->sweep_after <= SWEEP_MAX ? now + clock->sweep_after : 0;
}

void clock_sweep(struct supervisor *s)
{
	s->clock.sweep_after = SWEEP_FIRST / 2;
	ring_sweep(s, wire_now_boot());
	(void)clock_arm(s);
}

void clock_ring(struct supervisor *s)
{
	struct supervisor_clock *clock = &s->clock;
	const int64_t now = wire_now_boot();

	if (clock->apply_at && clock->apply_at <= now) {
		clock->apply_at = 0;
		apply_start(s);
	}
	if (clock->events_at && clock->events_at <= now)
		clock->events_at = watch_look(&s->watch);
	if (clock->look_at)
		ring_linger(s, now);
	if (clock->idle_at && clock->idle_at <= now)
		ring_idle(s, now);
	if (clock->lifetime_at && clock->lifetime_at <= now)
		ring_lifetime(s, now);
	if (clock->sweep_at && clock->sweep_at <= now)
		ring_sweep(s, now);
	(void)clock_arm(s);
}
