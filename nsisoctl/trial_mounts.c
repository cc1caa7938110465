/* Which steps of a plan leave a mount that can be looked at; see trial.h. */
#include <string.h>

#include "trial.h"

const char *trial_mount_word(const struct step *step)
{
	switch ((enum step_kind)step->kind) {
	case STEP_TMPFS:
	case STEP_HOME:
		return "tmpfs";
	case STEP_PROC:
		return "proc";
	case STEP_READ_ONLY:
	case STEP_HIDE:
	case STEP_RUNDIR:
		return "ro";
	case STEP_NOEXEC:
		return "noexec";
	case STEP_BIND:
		return step->flags & STEP_RDONLY ? "ro" : "";
	default:
		return NULL;
	}
}

const char *trial_mount_path(const struct plan *plan, unsigned index)
{
	const struct step *step = &plan->steps[index];

	if (step->kind == STEP_PROC)
		return "/proc";
	return plan_text(plan, step->kind == STEP_BIND ? step->s2 : step->s1);
}

bool trial_is_covered(const struct plan *plan, unsigned index)
{
	const char *path = trial_mount_path(plan, index);

	for (unsigned i = index + 1; i < plan->n_steps; i++) {
		const char *other = trial_mount_path(plan, i);
		const size_t len = strlen(other);

		if (trial_mount_word(&plan->steps[i]) && strncmp(path, other, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}
