/* A plan in sentences; see plan_words.h. */
#include "plan_words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "policy.h"
#include "policy_value.h"

/* What stands in a sentence for the parts of a step: %1 and %2 its texts, %n its namespaces, %b its size in bytes,
 * %c its second number, %s its first number as it is. */
static const char *const sentences[STEP_KIND_COUNT] = {
	[STEP_CGROUP_MAKE] = "makes the control group %2 in %1",
	[STEP_CGROUP_LIMIT] = "limits %1 to %2",
	[STEP_LAUNCH] = "starts the supervisor and hands it the plan",
	[STEP_HAND_OVER] = "makes the folder through which the login finds its init",
	[STEP_UNIT_ENTER] = "moves below the slice %1, with the limits as its properties",
	[STEP_UNIT_SCOPE] =
		"gives supervisor and init a scope of their own in %1, once it has joined",
	[STEP_CGROUP_SESSION] = "makes a control group of its own for the session",
	[STEP_CGROUP_VIEW] = "shows of %1 the user's own control group",
	[STEP_CGROUP_ENTER] = "moves into the control group",
	[STEP_JOIN] =
		"waits for the init and joins its namespaces (%n): what it starts then is inside",
	[STEP_TIME_OFFSET] = "lets the uptime inside begin at %s seconds",
	[STEP_CLONE] = "makes new namespaces (%n) with the init in them",
	[STEP_CGROUP_NS] = "makes the control group the only one to be seen",
	[STEP_PROPAGATION] = "makes what is mounted inside invisible outside (%1)",
	[STEP_SUID_KEEP] = "notes that %1 keeps its set-user-ID bit",
	[STEP_NOSUID] = "takes all set-user-ID bits and file capabilities their effect",
	[STEP_SUID_RESTORE] = "gives it back to the programs noted before",
	[STEP_BIND] = "shows %1 at %2",
	[STEP_HOME] = "shows of %1 nothing but the user's own %2",
	[STEP_TMPFS] = "puts an empty file system of %b with at most %c files on %1",
	[STEP_MQUEUE] = "puts the own message queues on /dev/mqueue",
	[STEP_READ_ONLY] = "lets nothing be written in %1",
	[STEP_NOEXEC] = "lets no program be started from %1",
	[STEP_HIDE] = "hides %1",
	[STEP_RUNDIR] = "shows of %1 nothing but the folder of this login",
	[STEP_PROC] = "mounts a new /proc",
	[STEP_USER_NS] = "makes a user namespace of the user's (user ids %1; group ids %2)",
	[STEP_USER_MOUNTS] = "gives it a copy of all mounts, which the user cannot undo",
	[STEP_HOSTNAME] = "sets the host name to %1",
	[STEP_LOOPBACK_UP] = "switches the loopback interface on",
};

static const struct {
	uint16_t flag;
	const char *text;
} additions[] = {
	{ STEP_SESSION, ", for each session" },
	{ STEP_RDONLY, ", read-only" },
	{ STEP_HIDEPID, " without the processes of other users" },
	{ STEP_NESTED, ", in which more of them can be made" },
	{ STEP_SETGROUPS, ", with changes of groups" },
	{ STEP_DELEGATE, ", which the user may divide" },
	{ STEP_OPTIONAL, "; where the host cannot, it goes on" },
	{ STEP_MAYBE, "; where it is missing, it goes on" },
};

static const char *const actors[] = {
	[ACTOR_OPENER] = "The process that opens the session, as root on the host",
	[ACTOR_SUPERVISOR] = "The supervisor, as root on the host",
	[ACTOR_INIT] = "The init, PID 1 inside",
};

struct words {
	char *text;
	size_t used;
};

/* Id maps have several lines. */
static void words_add(struct words *words, const char *text)
{
	for (; *text != '\0' && words->used < PLAN_WORDS_MAX - 1; text++) {
		if (*text == '\n' && text[1] == '\0')
			break;
		words->text[words->used++] = *text;
		if (*text == '\n')
			words->text[words->used - 1] = ',';
	}
	words->text[words->used] = '\0';
}

/* A limit in bytes. */
static bool is_size(const struct plan *plan, const struct step *step)
{
	const char *file = plan_text(plan, step->s1);

	return step->kind == STEP_CGROUP_LIMIT && strncmp(file, "memory.", 7) == 0 &&
	       strcmp(file, "memory.oom.group") != 0 && step->n1 != POLICY_LIMIT_MAX;
}

static void part_add(struct words *words, const struct plan *plan, const struct step *step,
		     char part)
{
	char text[128] = "";

	if (part == 'n')
		plan_namespaces(step->n1, text, sizeof(text));
	else if (part == 'b')
		(void)value_size_text(step->n1, text);
	else if (part == 'c' || part == 's')
		(void)snprintf(text, sizeof(text), "%" PRIu64, part == 'c' ? step->n2 : step->n1);
	if (part == '2' && is_size(plan, step))
		words_add(words, value_size_text(step->n1, text));
	else if (part == '1' || part == '2')
		words_add(words, plan_text(plan, part == '1' ? step->s1 : step->s2));
	else
		words_add(words, text);
}

/* What the numbers and texts of some steps add. */
static void rest_add(struct words *words, const struct step *step)
{
	char size[VALUE_SIZE_MAX];

	if (step->kind == STEP_HOME && step->n1 > 0) {
		words_add(words, ", empty, of at most ");
		words_add(words, value_size_text(step->n1, size));
	}
	for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++)
		if (step->flags & additions[i].flag)
			words_add(words, additions[i].text);
}

const char *plan_words(const struct plan *plan, const struct step *step, char ret[PLAN_WORDS_MAX])
{
	struct words words = { .text = ret };
	char letter[2] = "";

	ret[0] = '\0';
	for (const char *p = sentences[step->kind]; p && *p != '\0'; p++) {
		letter[0] = *p;
		if (*p == '%')
			part_add(&words, plan, step, *++p);
		else
			words_add(&words, letter);
	}
	rest_add(&words, step);
	return ret;
}

void plan_words_print(const struct plan *plan, FILE *out)
{
	char text[PLAN_WORDS_MAX];
	int actor = -1;

	for (unsigned i = 0; i < plan->n_steps; i++) {
		const struct step *step = &plan->steps[i];

		if (step->actor != actor)
			(void)fprintf(out, "%s%s:\n", i > 0 ? "\n" : "", actors[step->actor]);
		actor = step->actor;
		(void)fprintf(out, "%4u. %s\n", i + 1, plan_words(plan, step, text));
	}
	(void)fprintf(out, "\nThe login shell nsshell:\n%4u. %s, and becomes %s\n",
		      plan->n_steps + 1U,
		      plan->no_new_privs ? "gives up all privileges for good" :
					   "gives up what privileges the policy does not leave",
		      plan_text(plan, plan->shell));
}
