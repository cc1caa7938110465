/* Limits in force; see cgroup_apply.h. */
#include "cgroup_apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_files.h"
#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"
#include "policy_limit.h"

#define APPLIED_MAX 8192 /* bytes of the file: io.max has a line for each device */
#define APPLIED_NEW ".applied.new"

/* The user's limits of the plan, "NAME TEXT" a line. */
static int list_limits(const struct plan *plan, char *ret, size_t size, struct errmsg *e)
{
	size_t used = 0;
	unsigned i;

	ret[0] = '\0';
	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		int n;

		if (step->kind != STEP_CGROUP_LIMIT || (step->flags & STEP_SESSION))
			continue;
		n = snprintf(ret + used, size - used, "%s %s\n", plan_text(plan, step->s1),
			     plan_text(plan, step->s2));
		if (n < 0 || (size_t)n >= size - used)
			return errmsg_setx(e, -E2BIG, "the limits have more than %zu bytes", size);
		used += (size_t)n;
	}
	return 0;
}

/* Whether a line of text begins with start. */
static bool has_line(const char *text, const char *start, size_t len)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, start, len) == 0)
			return true;
	return false;
}

static bool has_limit(const char *text, const char *name)
{
	char start[64];

	(void)snprintf(start, sizeof(start), "%s ", name);
	return has_line(text, start, strlen(start));
}

/* Up to and with the path for io.max, else up to and with the name. */
static size_t subject_length(const char *line)
{
	size_t name = strcspn(line, " \n");

	if (name == strlen("io.max") && memcmp(line, "io.max", name) == 0 && line[name] == ' ')
		name += 1 + strcspn(line + name + 1, " \n");
	return line[name] == ' ' ? name + 1 : name;
}

/* What stands in old and not in wanted any more.  What can't be reset is gone with its disk or controller. */
static void reset_old(const struct cgroup_set *set, const struct cgroup_apply *how, const char *old,
		      const char *wanted)
{
	char name[POLICY_LIMIT_TEXT_MAX + 64], *path;
	struct errmsg e;
	size_t len;

	for (; *old; old += strcspn(old, "\n"), old += *old == '\n') {
		len = subject_length(old);
		if (has_line(wanted, old, len) || len < 2 || len >= sizeof(name))
			continue;
		memcpy(name, old, len);
		name[len - 1] = '\0';
		path = strchr(name, ' ');
		if (path)
			*path++ = '\0';
		if (cgroup_reset(set, name, path, &e) < 0)
			how->warn(how->ctx, e.text);
	}
}

/* Nobody knows what is set: everything that is not wanted goes, where there is something. */
static void reset_all(const struct cgroup_set *set, const struct cgroup_apply *how,
		      const char *wanted)
{
	struct errmsg e;
	unsigned id;

	for (id = 0; id < LIMIT_COUNT; id++)
		if ((id == LIMIT_IO_MAX || !has_limit(wanted, policy_limit_names[id])) &&
		    cgroup_reset(set, policy_limit_names[id], NULL, &e) < 0)
			how->warn(how->ctx, e.text);
}

static int set_limits(const struct cgroup_set *set, const struct cgroup_apply *how,
		      struct errmsg *e)
{
	const struct plan *plan = how->plan;
	unsigned i;
	int r;

	for (i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind != STEP_CGROUP_LIMIT || (step->flags & STEP_SESSION))
			continue;
		r = cgroup_limit(set, LEVEL_USER, plan_text(plan, step->s1),
				 plan_text(plan, step->s2), e);
		if (r < 0 && !(step->flags & STEP_OPTIONAL) && !(r == -ENODEV && how->is_running))
			return r;
		if (r < 0)
			how->warn(how->ctx, e->text);
	}
	return 0;
}

/* Renamed into place: a file that is half written would say that something is set that is not. */
static int write_applied(int state, const char *text, struct errmsg *e)
{
	AUTO_CLOSE int fd = openat(state, APPLIED_NEW,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len ||
	    renameat(state, APPLIED_NEW, state, CGROUP_APPLIED) < 0) {
		(void)errmsg_set(e, errno ? -errno : -EIO, "cannot note the limits");
		(void)unlinkat(state, APPLIED_NEW, 0);
		return e->code;
	}
	return 0;
}

static bool is_fresh(const struct cgroup_set *set)
{
	unsigned i;

	for (i = 0; i < set->n; i++)
		if (!set->one[i].is_fresh)
			return false;
	return true;
}

int cgroup_apply(const struct cgroup_set *set, const struct cgroup_apply *how, struct errmsg *e)
{
	char old[APPLIED_MAX] = "", wanted[APPLIED_MAX];
	bool is_known = is_fresh(set);
	int r = list_limits(how->plan, wanted, sizeof(wanted), e);

	if (r < 0)
		return r;
	if (!is_known)
		is_known = cgroup_file_read(how->state, CGROUP_APPLIED, old, sizeof(old) - 1) == 0;
	if (*old) /* the newline that reading takes off */
		(void)snprintf(old + strlen(old), 2, "\n");
	if (is_known && !how->force && !is_fresh(set) && strcmp(old, wanted) == 0)
		return 0;
	/* Until all of it is done nobody knows what is in force. */
	if (!is_fresh(set) && unlinkat(how->state, CGROUP_APPLIED, 0) < 0 && errno != ENOENT)
		return errmsg_set(e, -errno, "cannot forget the old limits");
	if (is_known)
		reset_old(set, how, old, wanted);
	else
		reset_all(set, how, wanted);
	r = set_limits(set, how, e);
	return r < 0 || how->state < 0 ? r : write_applied(how->state, wanted, e);
}
