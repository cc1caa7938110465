/* What the admin's side sees of a user's process in a trial: the kernel's own account of it, on the host. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_use.h"
#include "cleanup.h"
#include "errmsg.h"
#include "namespaces.h"
#include "sys.h"
#include "trial.h"

/* Each one that the policy wants differs, and no other. */
static void namespaces_check(struct trial *trial, int process)
{
	const struct trial_shared *shared = trial->shared;
	uint64_t wanted = shared->opener.plan.namespaces, differ = 0;
	char text[64], want_text[64];
	struct errmsg e;

	/* nsshell enters it, which is not the login shell of all. */
	if (shared->policy.user.map != MAP_NONE)
		wanted |= SYS_NEWUSER;
	if (namespaces_differ(process, &differ, &e) < 0) {
		trial_print(trial, false, "namespaces: %s", e.text);
		return;
	}
	plan_namespaces(differ, text, sizeof(text));
	plan_namespaces(wanted, want_text, sizeof(want_text));
	/* Those that the user namespace owns are made with it. */
	trial_print(trial, (differ & wanted) == wanted, "namespaces: %s are not the host's%s%s",
		    text, (differ & wanted) == wanted ? "" : ", wanted are ",
		    (differ & wanted) == wanted ? "" : want_text);
}

static char *file_read(int process, const char *name)
{
	AUTO_CLOSE int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	fd = -1;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	(void)fclose(file);
	return text;
}

/* The text of a line "NAME:\tVALUE" of /proc/PID/status. */
static const char *status_find(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? line + strlen(name) : "";
}

static void privileges_check(struct trial *trial, int process)
{
	const struct policy *policy = &trial->shared->policy;
	AUTO_FREE char *status = file_read(process, "status");
	unsigned long uid, effective, bounding, no_new_privs;

	if (!status) {
		trial_print(trial, false, "privileges: the process is gone");
		return;
	}
	uid = strtoul(status_find(status, "\nUid:"), NULL, 10);
	effective = strtoul(status_find(status, "\nCapEff:"), NULL, 16);
	bounding = strtoul(status_find(status, "\nCapBnd:"), NULL, 16);
	no_new_privs = strtoul(status_find(status, "\nNoNewPrivs:"), NULL, 10);
	trial_print(trial, uid == trial->shared->user.facts.uid, "uid on the host: %lu", uid);
	trial_print(trial, no_new_privs == policy->caps.no_new_privs, "no_new_privs: %lu",
		    no_new_privs);
	/* A virtual root has those of its own namespace. */
	if (policy->user.map == MAP_ROOT)
		return;
	trial_print(trial, effective == 0, "capabilities: %s",
		    effective ? "some are in force" : "none is in force");
	trial_print(trial, (bounding & ~policy->caps.bounding) == 0,
		    "bounding set: %lx, the policy allows %" PRIx64, bounding,
		    policy->caps.bounding);
}

/* The last mount on a path is the one that is seen.  Its line of mountinfo, or NULL. */
static const char *mount_find(const char *mounts, const char *path)
{
	const size_t len = strlen(path);
	const char *found = NULL;

	for (const char *line = mounts; line && *line;) {
		const char *at = line;

		for (int field = 0; field < 4 && at; field++) {
			at = strchr(at, ' ');
			at = at ? at + 1 : NULL;
		}
		if (at && strncmp(at, path, len) == 0 && at[len] == ' ')
			found = line;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return found;
}

/* Whether the line has a word like ",ro," in its options or after the "-". */
static bool mount_has(const char *line, const char *word)
{
	const size_t len = strlen(word);
	const char *end = strchr(line, '\n');

	for (const char *at = strstr(line, word); at && (!end || at < end);
	     at = strstr(at + 1, word))
		if (strchr(" ,", at[-1]) && strchr(" ,=\n", at[len]))
			return true;
	return false;
}

static void mounts_check(struct trial *trial, int process)
{
	const struct plan *plan = &trial->shared->opener.plan;
	AUTO_FREE char *mounts = file_read(process, "mountinfo");
	unsigned n = 0, wrong = 0;

	for (unsigned i = 0; i < plan->n_steps && mounts; i++) {
		const struct step *step = &plan->steps[i];
		const char *word = trial_mount_word(step), *path = trial_mount_path(plan, i), *line;

		if (!word || trial_is_covered(plan, i))
			continue;
		line = mount_find(mounts, path);
		if (!line && (step->flags & STEP_MAYBE))
			continue;
		n++;
		if (line && (*word == '\0' || mount_has(line, word)))
			continue;
		wrong++;
		trial_print(trial, false, "mounts: %s is %s%s", path,
			    line ? "there, and not " : "not there", line ? word : "");
	}
	if (!wrong)
		trial_print(trial, mounts != NULL, "mounts: all %u of the plan are as planned", n);
}

/* Every mount, but those of the programs that the policy names. */
static void nosuid_check(struct trial *trial, int process)
{
	const struct policy *policy = &trial->shared->policy;
	AUTO_FREE char *mounts = file_read(process, "mountinfo");
	unsigned all = 0, without = 0, allowed = policy->mount.suid_paths.count;

	if (!mounts || policy->mount.suid == SUID_YES)
		return;
	for (char *line = strtok(mounts, "\n"); line; line = strtok(NULL, "\n")) {
		all++;
		without += !mount_has(line, "nosuid");
	}
	if (policy->mount.suid != SUID_PATHS)
		allowed = 0;
	trial_print(trial, without <= allowed, "nosuid: on %u of %u mounts", all - without, all);
}

/* The kernel's value of a limit of the plan; USE_COUNT: not one number. */
static enum cgroup_figure limit_figure(const char *name)
{
	static const struct {
		const char *name;
		enum cgroup_figure figure;
	} limits[] = {
		{ "memory.max", USE_MEMORY_MAX }, { "memory.high", USE_MEMORY_HIGH },
		{ "pids.max", USE_PIDS_MAX },     { "cpu.max", USE_CPU_QUOTA },
		{ "cpu.weight", USE_CPU_WEIGHT },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcmp(limits[i].name, name) == 0)
			return limits[i].figure;
	return USE_COUNT;
}

/* Rounding to pages, and of v1's shares. */
static bool is_near(uint64_t have, uint64_t want)
{
	uint64_t less = have < want ? have : want, more = have < want ? want : have;

	return want == POLICY_LIMIT_MAX ? have == USE_NO_LIMIT :
					  have < USE_NO_LIMIT && more - less <= 4096 + want / 50;
}

static void use_read(const struct trial_shared *shared, struct cgroup_use *ret)
{
	cgroup_use_init(ret);
	for (unsigned i = 0; i < shared->n_cgroups; i++) {
		char user[sizeof(shared->cgroup[i].path)];
		AUTO_CLOSE int dir = -1;

		(void)snprintf(user, sizeof(user), "%s", shared->cgroup[i].path);
		*strrchr(user, '/') = '\0';
		dir = open(user, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0)
			cgroup_use_read(dir, shared->cgroup[i].v2, USE_ALL, ret);
	}
}

static void limits_check(struct trial *trial)
{
	const struct plan *plan = &trial->shared->opener.plan;
	struct cgroup_use use;

	use_read(trial->shared, &use);
	for (unsigned i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];
		const char *name = plan_text(plan, step->s1);
		enum cgroup_figure figure = limit_figure(name);

		if (step->kind != STEP_CGROUP_LIMIT || figure == USE_COUNT ||
		    (step->flags & STEP_SESSION))
			continue;
		/* There was a warning then. */
		if ((step->flags & STEP_OPTIONAL) && !is_near(use.at[figure], step->n1))
			continue;
		if (use.at[figure] == USE_NO_LIMIT)
			trial_print(trial, step->n1 == POLICY_LIMIT_MAX, "%s: reads back as none",
				    name);
		else
			trial_print(trial, is_near(use.at[figure], step->n1),
				    "%s: reads back as %" PRIu64, name, use.at[figure]);
	}
}

static void cgroup_check(struct trial *trial, int process)
{
	AUTO_FREE char *text = file_read(process, "cgroup");

	for (unsigned i = 0; i < trial->shared->n_cgroups; i++)
		if (!text || !strstr(text, trial->shared->opener.facts.id)) {
			trial_print(trial, false, "cgroup: the process is not in %s",
				    trial->shared->cgroup[i].path);
			return;
		}
	if (trial->shared->n_cgroups)
		trial_print(trial, true, "cgroup: %s", trial->shared->cgroup[0].path);
}

void trial_look_outside(struct trial *trial, pid_t pid)
{
	AUTO_CLOSE int process = -1;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0) {
		trial_print(trial, false, "the user's process: %s", strerror(errno));
		return;
	}
	namespaces_check(trial, process);
	privileges_check(trial, process);
	mounts_check(trial, process);
	nosuid_check(trial, process);
	cgroup_check(trial, process);
	limits_check(trial);
}
