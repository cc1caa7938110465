/* A plan as text, one line a step: what nsisoctl shows and the golden tests compare. */
#include "plan.h"

#include <inttypes.h>
#include <string.h>

#include "sys.h"

static const char *const actor_names[] = {
	[ACTOR_OPENER] = "opener",
	[ACTOR_SUPERVISOR] = "supervisor",
	[ACTOR_INIT] = "init",
};

/* How the numbers of a step are shown. */
enum numbers { NUMBERS_NONE, NUMBERS_NS, NUMBERS_SIZE, NUMBERS_SECONDS };

static const struct {
	const char *name;
	enum numbers numbers;
} step_names[STEP_KIND_COUNT] = {
	[STEP_CGROUP_MAKE] = { "cgroup-make", NUMBERS_NONE },
	[STEP_UNIT_ENTER] = { "unit-enter", NUMBERS_NONE },
	[STEP_UNIT_SCOPE] = { "unit-scope", NUMBERS_NONE },
	[STEP_CGROUP_LIMIT] = { "cgroup-limit", NUMBERS_NONE },
	[STEP_LAUNCH] = { "launch", NUMBERS_NONE },
	[STEP_HAND_OVER] = { "hand-over", NUMBERS_NONE },
	[STEP_CGROUP_SESSION] = { "cgroup-session", NUMBERS_NONE },
	[STEP_CGROUP_VIEW] = { "cgroup-view", NUMBERS_NONE },
	[STEP_CGROUP_ENTER] = { "cgroup-enter", NUMBERS_NONE },
	[STEP_JOIN] = { "join", NUMBERS_NS },
	[STEP_TIME_OFFSET] = { "time-offset", NUMBERS_SECONDS },
	[STEP_CLONE] = { "clone", NUMBERS_NS },
	[STEP_CGROUP_NS] = { "cgroup-namespace", NUMBERS_NONE },
	[STEP_PROPAGATION] = { "propagation", NUMBERS_NONE },
	[STEP_SUID_KEEP] = { "suid-keep", NUMBERS_NONE },
	[STEP_NOSUID] = { "nosuid", NUMBERS_NONE },
	[STEP_SUID_RESTORE] = { "suid-restore", NUMBERS_NONE },
	[STEP_BIND] = { "bind", NUMBERS_NONE },
	[STEP_HOME] = { "home", NUMBERS_SIZE },
	[STEP_TMPFS] = { "tmpfs", NUMBERS_SIZE },
	[STEP_MQUEUE] = { "mqueue", NUMBERS_NONE },
	[STEP_READ_ONLY] = { "read-only", NUMBERS_NONE },
	[STEP_NOEXEC] = { "noexec", NUMBERS_NONE },
	[STEP_HIDE] = { "hide", NUMBERS_NONE },
	[STEP_RUNDIR] = { "run-folder", NUMBERS_NONE },
	[STEP_PROC] = { "proc", NUMBERS_NONE },
	[STEP_USER_NS] = { "user-namespace", NUMBERS_NS },
	[STEP_USER_MOUNTS] = { "user-mounts", NUMBERS_NONE },
	[STEP_HOSTNAME] = { "hostname", NUMBERS_NONE },
	[STEP_LOOPBACK_UP] = { "loopback-up", NUMBERS_NONE },
};

static const struct {
	uint64_t flag;
	const char *name;
} namespace_names[] = {
	{ SYS_NEWNS, "mount" },      { SYS_NEWPID, "pid" },   { SYS_NEWIPC, "ipc" },
	{ SYS_NEWUTS, "uts" },       { SYS_NEWNET, "net" },   { SYS_NEWTIME, "time" },
	{ SYS_NEWCGROUP, "cgroup" }, { SYS_NEWUSER, "user" },
};

static const struct {
	uint16_t flag;
	const char *name;
} flag_names[] = {
	{ STEP_OPTIONAL, "best-effort" }, { STEP_MAYBE, "may-be-missing" },
	{ STEP_RDONLY, "read-only" },     { STEP_HIDEPID, "hidepid" },
	{ STEP_NESTED, "nested" },        { STEP_SETGROUPS, "setgroups" },
	{ STEP_SESSION, "session" },      { STEP_DELEGATE, "delegate" },
};

void plan_namespaces(uint64_t flags, char *ret, size_t size)
{
	size_t i, used = 0;

	ret[0] = '\0';
	for (i = 0; i < sizeof(namespace_names) / sizeof(namespace_names[0]); i++) {
		if (!(flags & namespace_names[i].flag))
			continue;
		(void)snprintf(ret + used, size - used, "%s%s", used ? "," : "",
			       namespace_names[i].name);
		used = strlen(ret);
	}
}

static void print_numbers(const struct step *step, FILE *out)
{
	char text[64];

	switch (step_names[step->kind].numbers) {
	case NUMBERS_NS:
		plan_namespaces(step->n1, text, sizeof(text));
		(void)fprintf(out, " %s", text);
		break;
	case NUMBERS_SIZE:
		if (step->n1)
			(void)fprintf(out, " size=%" PRIu64, step->n1);
		if (step->n2)
			(void)fprintf(out, " inodes=%" PRIu64, step->n2);
		break;
	case NUMBERS_SECONDS:
		(void)fprintf(out, " %" PRIu64 "s", step->n1);
		break;
	case NUMBERS_NONE:
		break;
	}
}

/* Id maps have several lines. */
static void print_text(const char *text, FILE *out)
{
	(void)fputc(' ', out);
	for (; *text; text++)
		if (*text != '\n')
			(void)fputc(*text, out);
		else if (text[1])
			(void)fputc(',', out);
}

static void print_step(const struct plan *plan, const struct step *step, FILE *out)
{
	size_t f;

	(void)fprintf(out, "%-10s  %s", actor_names[step->actor], step_names[step->kind].name);
	if (step->s1)
		print_text(plan_text(plan, step->s1), out);
	if (step->s2)
		print_text(plan_text(plan, step->s2), out);
	print_numbers(step, out);
	for (f = 0; f < sizeof(flag_names) / sizeof(flag_names[0]); f++)
		if (step->flags & flag_names[f].flag)
			(void)fprintf(out, " %s", flag_names[f].name);
}

void plan_print(const struct plan *plan, FILE *out)
{
	unsigned i;

	for (i = 0; i < plan->n_steps; i++) {
		print_step(plan, &plan->steps[i], out);
		(void)fputc('\n', out);
	}
}
