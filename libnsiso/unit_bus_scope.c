/* Transient scopes; see unit_bus.h. */
#ifdef NSISO_SYSTEMD
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "unit_bus_own.h"
#include "wire.h"

static int append_pids(const struct unit_bus *bus, sd_bus_message *m,
		       const struct unit_scope *scope)
{
	uint32_t pids[8];
	unsigned i;
	int r;

	if (scope->n_pids > sizeof(pids) / sizeof(pids[0]))
		return -E2BIG;
	for (i = 0; i < scope->n_pids; i++)
		pids[i] = (uint32_t)scope->pids[i];
	r = bus->sd.message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = bus->sd.message_append(m, "s", "PIDs");
	if (r >= 0)
		r = bus->sd.message_open_container(m, 'v', "au");
	if (r >= 0)
		r = bus->sd.message_append_array(m, 'u', pids, i * sizeof(pids[0]));
	if (r >= 0)
		r = bus->sd.message_close_container(m);
	return r < 0 ? r : bus->sd.message_close_container(m);
}

/*
 * The default of TasksMax= for units is no limit of ours, and what has failed must not stay in the list of
 * units.
 */
static int append_scope(const struct unit_bus *bus, sd_bus_message *m,
			const struct unit_scope *scope)
{
	int r = bus->sd.message_append(m, "ss", scope->name, "fail");

	if (r >= 0)
		r = bus->sd.message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = bus->sd.message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Slice", "s", scope->slice,
					   "Description", "s", scope->description, "CollectMode",
					   "s", "inactive-or-failed", "TasksMax", "t", UINT64_MAX,
					   "TimeoutStopUSec", "t", scope->stop_timeout * 1000);
	if (r >= 0)
		r = append_pids(bus, m, scope);
	if (r >= 0)
		r = bus->sd.message_close_container(m);
	return r < 0 ? r : bus->sd.message_append(m, "a(sa(sv))", 0);
}

static bool is_in_scope(const struct unit_scope *scope)
{
	char path[32], text[2048];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)scope->pids[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, scope->name) != NULL;
}

static int call_start(struct unit_bus *bus, const struct unit_scope *scope, struct errmsg *e)
{
	sd_bus_message *m = NULL;
	int r = unit_bus_new_call(bus, &m, MANAGER_PATH, MANAGER, "StartTransientUnit");

	if (r >= 0)
		r = append_scope(bus, m, scope);
	if (r < 0) {
		bus->sd.message_unref(m);
		return errmsg_set(e, r, "cannot start %s", scope->name);
	}
	r = unit_bus_call(bus, m, "start", scope->name, e);
	/* By a call whose answer was lost. */
	return r == -EEXIST ? 0 : r;
}

static bool is_gone(const struct unit_scope *scope)
{
	unsigned i;

	for (i = 0; i < scope->n_pids; i++)
		if (kill(scope->pids[i], 0) < 0)
			return true;
	return false;
}

/* The job runs behind the answer; a systemd that executes itself anew keeps it. */
int unit_bus_start_scope(struct unit_bus *bus, const struct unit_scope *scope, struct errmsg *e)
{
	struct timespec pause = { .tv_nsec = 100000 };
	int r = call_start(bus, scope, e);

	while (r == 0 && !is_in_scope(scope)) {
		if (is_gone(scope))
			return errmsg_setx(e, -ESRCH, "a process of %s has ended", scope->name);
		if (wire_now() >= bus->deadline)
			return errmsg_setx(e, -ETIMEDOUT, "systemd did not start %s in time",
					   scope->name);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 10000000)
			pause.tv_nsec *= 2;
	}
	return r;
}
#endif
