/* Limits on a host that is run by systemd; see unit.h. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "unit_own.h"
#include "wire.h"

#define HIERARCHY "/sys/fs/cgroup"
#define STOP_TIMEOUT \
	5000 /* ms that a process beside the session's own has at the end of its scope */

const char *unit_slice(uid_t uid, char *ret)
{
	(void)snprintf(ret, NSISO_PATH_MAX, "user-%u.slice", (unsigned)uid);
	return ret;
}

const char *unit_slice_folder(uid_t uid, char *ret)
{
	(void)snprintf(ret, NSISO_PATH_MAX, HIERARCHY "/user.slice/user-%u.slice", (unsigned)uid);
	return ret;
}

/* Names of users have no character that a unit's name must not have (policy_user_is_safe()). */
const char *unit_scope(const char *user, const char *id, char *ret)
{
	(void)snprintf(ret, UNIT_NAME_MAX, "nsiso-%s-%s.scope", user, id);
	return ret;
}

void unit_change_begin(const struct unit_user *user, struct unit_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->user = user;
	(void)unit_slice(user->uid, ret->slice);
	(void)unit_slice_folder(user->uid, ret->folder);
}

void unit_change_end(struct unit_change *change)
{
	unit_bus_close(change->bus);
	change->bus = NULL;
}

int unit_limits_of(const struct plan *plan, struct unit_limit *ret, struct errmsg *e)
{
	unsigned i;
	int n = 0;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind != STEP_CGROUP_LIMIT)
			continue;
		if (n == UNIT_LIMITS_MAX)
			return errmsg_setx(e, -E2BIG, "the policy has more than %d limits",
					   UNIT_LIMITS_MAX);
		ret[n++] = (struct unit_limit){ .name = plan_text(plan, step->s1),
						.text = plan_text(plan, step->s2),
						.optional = step->flags & STEP_OPTIONAL,
						.session = step->flags & STEP_SESSION };
	}
	return n;
}

/* What has no property is found missing when the limits are read back. */
static int translate(const struct unit_limit *limits, unsigned n, bool session,
		     struct unit_values *ret, struct errmsg *e)
{
	unsigned i;
	int r = 0;

	ret->n = 0;
	for (i = 0; i < n && r == 0; i++) {
		if (limits[i].session != session)
			continue;
		r = unit_values_add(ret, limits[i].name, limits[i].text, limits[i].optional, e);
		if (limits[i].optional)
			r = 0;
	}
	return r;
}

/* Sets what is not in force; *ret_changed tells whether there was anything to do. */
static int begin_limits(struct unit_change *change, const struct unit_limit *limits, unsigned n,
			bool *ret_changed, struct errmsg *e)
{
	int r = unit_state_read(change->user->dir, &change->owned, e);

	if (r == 0)
		r = translate(limits, n, false, &change->wanted, e);
	*ret_changed = false;
	if (r < 0 ||
	    (unit_change_is_known(change) && unit_limits_hold(change->folder, limits, n, false)))
		return r;
	*ret_changed = true;
	r = unit_change_open(change, e);
	return r < 0 ? r : unit_change_set(change, e);
}

static int finish_limits(struct unit_change *change, const struct unit_limit *limits, unsigned n,
			 struct errmsg *e)
{
	int r = unit_change_write_files(change, e);

	if (r == 0)
		r = unit_change_forget(change, e);
	return r < 0 ? r : unit_limits_verify(change->user, change->folder, limits, n, false, e);
}

int unit_own_folder(char *ret, size_t size, struct errmsg *e)
{
	char text[4096], *line, *rest = text;
	int r = unit_file_read("/proc/self", "cgroup", text, sizeof(text));

	ret[0] = '\0';
	if (r < 0)
		return errmsg_set(e, r, "cannot read /proc/self/cgroup");
	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, "0::", 3) == 0)
			(void)snprintf(ret, size, HIERARCHY "%s", line + 3);
	return 0;
}

bool unit_is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* One scope an opener: it ends with the last process that the session leaves in it. */
static int start_scope(struct unit_change *change, const char *id, struct errmsg *e)
{
	char name[UNIT_NAME_MAX], number[NSISO_ID_MAX + 16], description[128];
	pid_t self = getpid();
	struct unit_scope scope = { .name = name,
				    .slice = change->slice,
				    .description = description,
				    .pids = &self,
				    .n_pids = 1,
				    .stop_timeout = STOP_TIMEOUT };
	int r = unit_change_open(change, e);

	if (r < 0)
		return r;
	(void)snprintf(number, sizeof(number), "%s-%d", id, (int)self);
	(void)unit_scope(change->user->user, number, name);
	(void)snprintf(description, sizeof(description), "Isolated session of %s",
		       change->user->user);
	return unit_bus_start_scope(change->bus, &scope, e);
}

/* Of the scope that the session is in; systemd forgets them with it. */
static int limit_session(struct unit_change *change, const char *folder,
			 const struct unit_limit *limits, unsigned n, struct errmsg *e)
{
	struct unit_values values;
	const char *slash = strrchr(folder, '/'), *dot = strrchr(folder, '.');
	unsigned i;
	int r;

	if (unit_limits_hold(folder, limits, n, true))
		return 0;
	/* The user's service manager, say: a session has a scope. */
	if (!dot || strcmp(dot, ".scope") != 0) {
		(void)errmsg_setx(e, -EOPNOTSUPP, "%s is no session, and takes no limits of one",
				  slash + 1);
		if (change->user->warn)
			change->user->warn(change->user->ctx, e->text);
		return 0;
	}
	r = translate(limits, n, true, &values, e);
	if (r == 0)
		r = unit_change_open(change, e);
	if (r == 0)
		r = unit_bus_set(change->bus, slash + 1, &values, e);
	for (i = 0; i < values.n && r == 0; i++)
		if (values.value[i].property->type == UNIT_FILE)
			(void)unit_file_write(folder, values.value[i].property->name,
					      values.value[i].text);
	return r < 0 ? r : unit_limits_verify(change->user, folder, limits, n, true, e);
}

/*
 * Below the slice first, which is active then: what is set of one that is not makes systemd create its cgroup
 * and forget it (unit_revert.c).
 */
static int enter(struct unit_change *change, const char *id, const struct unit_limit *limits,
		 unsigned n, struct errmsg *e)
{
	char folder[4096];
	bool changed = false;
	int r = unit_own_folder(folder, sizeof(folder), e);

	if (r == 0 && !unit_is_below(folder, change->folder)) {
		r = start_scope(change, id, e);
		if (r == 0)
			r = unit_own_folder(folder, sizeof(folder), e);
		if (r == 0 && !unit_is_below(folder, change->folder))
			r = errmsg_setx(e, -EIO, "systemd left this process in %s", folder);
	}
	if (r == 0)
		r = begin_limits(change, limits, n, &changed, e);
	if (r == 0 && changed)
		r = finish_limits(change, limits, n, e);
	return r < 0 ? r : limit_session(change, folder, limits, n, e);
}

int unit_enter(const struct unit_user *user, const char *id, const struct unit_limit *limits,
	       unsigned n, struct errmsg *e)
{
	struct unit_change change;
	int r;

	do {
		unit_change_begin(user, &change);
		r = enter(&change, id, limits, n, e);
		unit_change_end(&change);
	} while (unit_bus_try_again(r, user->deadline));
	return r;
}

int unit_limit(const struct unit_user *user, const struct unit_limit *limits, unsigned n,
	       struct errmsg *e)
{
	struct unit_change change;
	bool changed;
	int r;

	do {
		unit_change_begin(user, &change);
		r = begin_limits(&change, limits, n, &changed, e);
		if (r == 0 && changed)
			r = finish_limits(&change, limits, n, e);
		unit_change_end(&change);
	} while (unit_bus_try_again(r, user->deadline));
	return r;
}

bool unit_user_has_instances(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!entries) {
		close_fd(&fd);
		return true;
	}
	while (!found && (entry = readdir(entries)))
		found = entry->d_name[0] != '.';
	(void)closedir(entries);
	return found;
}
