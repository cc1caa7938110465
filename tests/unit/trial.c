/*
 * The eyes of nsisoctl trial: a process that is in no instance must not pass for one that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "trial.h"

static struct trial_shared shared;

static int set_up(void **state)
{
	struct facts *facts = &shared.opener.facts;
	struct errmsg e;

	(void)state;
	memset(&shared, 0, sizeof(shared));
	policy_defaults(&shared.policy);
	*facts = (struct facts){ .user = "alice", .uid = 1001, .gid = 1002, .home = "/home/alice" };
	(void)snprintf(facts->id, sizeof(facts->id), "0123456789abcdef");
	shared.user.facts = *facts;
	shared.n_cgroups = 1;
	(void)snprintf(shared.cgroup[0].path, sizeof(shared.cgroup[0].path), "/nowhere/user/id");
	return plan_build(&shared.policy, facts, &shared.opener.plan, &e);
}

/* What is said of that process; to be freed. */
static char *look(struct trial *trial, pid_t pid)
{
	char *text = NULL;
	size_t size = 0;

	trial->out = open_memstream(&text, &size);
	assert_non_null(trial->out);
	trial_look_outside(trial, pid);
	assert_int_equal(fclose(trial->out), 0);
	return text;
}

static void test_outside(void **state)
{
	static const char *const wrong[] = { "FAIL  namespaces: ", "FAIL  uid on the host: ",
					     "FAIL  mounts: /run/nsiso is not there\n",
					     "FAIL  cgroup: " };
	AUTO_FREE char *text = NULL;
	struct trial trial = { .shared = &shared };

	(void)state;
	text = look(&trial, getpid());
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!strstr(text, wrong[i]))
			fail_msg("no '%s' in: %s", wrong[i], text);
	assert_true(trial.n_failed >= sizeof(wrong) / sizeof(wrong[0]));
}

static void test_gone(void **state)
{
	AUTO_FREE char *text = NULL;
	struct trial trial = { .shared = &shared };

	(void)state;
	/* No process has this number: pid_max is at most 2^22. */
	text = look(&trial, 1 << 23);
	assert_string_equal(text, "FAIL  the user's process: No such file or directory\n");
}

static void test_covered(void **state)
{
	struct plan *plan = &shared.opener.plan;
	unsigned covered = 0, n = 0;

	(void)state;
	for (unsigned i = 0; i < plan->n_steps; i++) {
		if (!trial_mount_word(&plan->steps[i]))
			continue;
		n++;
		covered += trial_is_covered(plan, i);
	}
	assert_true(n > 4);
	assert_int_equal(covered, 0);
	/* A last step on /dev covers that on /dev/shm, and not /dev/mqueue's, which is no mount of the list. */
	memcpy(plan->text + plan->text_len, "/dev", sizeof("/dev"));
	plan->steps[plan->n_steps++] =
		(struct step){ .kind = STEP_HIDE, .actor = ACTOR_INIT, .s1 = plan->text_len };
	for (unsigned i = 0; i < plan->n_steps; i++)
		if (trial_mount_word(&plan->steps[i]))
			covered += trial_is_covered(plan, i);
	assert_int_equal(covered, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_outside, set_up),
		cmocka_unit_test_setup(test_gone, set_up),
		cmocka_unit_test_setup(test_covered, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
