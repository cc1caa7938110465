/* The user namespace in a plan: the maps as the kernel takes them, what it owns, where it stands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "plan.h"
#include "policy.h"
#include "sys.h"

static struct policy policy;
static struct facts facts;
static struct plan plan;
static struct errmsg e;

static int set_up(void **state)
{
	static const struct facts alice = {
		.user = "alice",
		.uid = 1000,
		.gid = 1001,
		.home = "/home/alice",
		.host = "host",
		.id = "0123456789abcdef",
		.n_gids = 1,
		.gids = { 1001 },
		.n_subuid = 1,
		.n_subgid = 1,
		.subuid = { { 100000, 65536 } },
		.subgid = { { 200000, 65536 } },
	};

	(void)state;
	policy_defaults(&policy);
	facts = alice;
	return 0;
}

/* The one step of that kind; NULL: there is none. */
static const struct step *find(enum step_kind kind)
{
	const struct step *found = NULL;
	unsigned i;

	for (i = 0; i < plan.n_steps; i++)
		if (plan.steps[i].kind == kind) {
			assert_null(found);
			found = &plan.steps[i];
		}
	return found;
}

static const struct step *build(void)
{
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	return find(STEP_USER_NS);
}

static void assert_maps(const struct step *step, const char *uids, const char *gids)
{
	assert_non_null(step);
	assert_string_equal(plan_text(&plan, step->s1), uids);
	assert_string_equal(plan_text(&plan, step->s2), gids);
}

static void test_none(void **state)
{
	(void)state;
	assert_null(build());
	assert_null(find(STEP_USER_MOUNTS));
	assert_int_equal(plan.map, MAP_NONE);
	/* Ids that nobody asked for do no harm. */
	facts.uid = facts.gid = 0;
	assert_null(build());
}

static void test_identity(void **state)
{
	const struct step *step;

	(void)state;
	policy.user.map = MAP_IDENTITY;
	step = build();
	assert_maps(step, "1000 1000 1\n", "1001 1001 1\n");
	assert_int_equal(step->n1, SYS_NEWUSER);
	assert_int_equal(step->flags, 0);
	assert_int_equal(step->actor, ACTOR_INIT);
	assert_null(find(STEP_USER_MOUNTS));
}

static void test_identity_groups(void **state)
{
	static const gid_t gids[] = { 1001, 27, 0, 100, 27, 4294967294, 100, 0 };

	(void)state;
	policy.user.map = MAP_IDENTITY;
	memcpy(facts.gids, gids, sizeof(gids));
	facts.n_gids = sizeof(gids) / sizeof(gids[0]);
	assert_maps(build(), "1000 1000 1\n",
		    "1001 1001 1\n27 27 1\n100 100 1\n4294967294 4294967294 1\n");
}

static void test_root(void **state)
{
	const struct step *step;

	(void)state;
	policy.user.map = MAP_ROOT;
	step = build();
	assert_maps(step, "0 1000 1\n1 100000 65536\n", "0 1001 1\n1 200000 65536\n");
	assert_int_equal(step->flags, STEP_SETGROUPS);
	assert_non_null(find(STEP_USER_MOUNTS));
}

static void test_root_ranges(void **state)
{
	(void)state;
	policy.user.map = MAP_ROOT;
	facts.n_subuid = 3;
	facts.subuid[0] = (struct facts_range){ 100000, 10 };
	facts.subuid[1] = (struct facts_range){ 5000, 1 };
	facts.subuid[2] = (struct facts_range){ 300000, 65536 };
	assert_maps(build(), "0 1000 1\n1 100000 10\n11 5000 1\n12 300000 65536\n",
		    "0 1001 1\n1 200000 65536\n");
}

static void test_root_alone(void **state)
{
	const struct step *step;

	(void)state;
	policy.user.map = MAP_ROOT;
	facts.n_subuid = facts.n_subgid = 0;
	step = build();
	assert_maps(step, "0 1000 1\n", "0 1001 1\n");
	assert_int_equal(step->flags, 0);
	/* Nor with subordinate uids alone: a group could still be left. */
	facts.n_subuid = 1;
	assert_int_equal(build()->flags, 0);
}

static void test_nested(void **state)
{
	(void)state;
	policy.user.map = MAP_IDENTITY;
	policy.user.nested = true;
	assert_int_equal(build()->flags, STEP_NESTED);
	assert_int_equal(plan.nested, 1);
	policy.user.map = MAP_ROOT;
	assert_int_equal(build()->flags, STEP_NESTED | STEP_SETGROUPS);
}

static void test_host_root(void **state)
{
	static const enum policy_map maps[] = { MAP_IDENTITY, MAP_ROOT };
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		policy.user.map = maps[i];
		facts.uid = 0;
		facts.gid = 1001;
		assert_int_equal(plan_build(&policy, &facts, &plan, &e), -EPERM);
		assert_string_equal(e.text, "the host's uid 0 and gid 0 are never mapped");
		facts.uid = 1000;
		facts.gid = 0;
		assert_int_equal(plan_build(&policy, &facts, &plan, &e), -EPERM);
	}
}

/* The kernel takes one page and 340 ranges (man 7 user_namespaces). */
static void test_too_many(void **state)
{
	unsigned i;

	(void)state;
	policy.user.map = MAP_IDENTITY;
	facts.n_gids = FACTS_GIDS_MAX;
	for (i = 0; i < FACTS_GIDS_MAX; i++)
		facts.gids[i] = 1002 + i;
	assert_non_null(build());
	for (i = 0; i < FACTS_GIDS_MAX; i++)
		facts.gids[i] = 4000000000U + i;
	memset(&plan, 0, sizeof(plan));
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), -E2BIG);
	assert_string_equal(e.text, "user alice has too many ids for one map");
	assert_int_equal(plan.n_steps, 0);
}

static uint64_t clone_flags(void)
{
	return find(STEP_CLONE)->n1;
}

static void test_owned(void **state)
{
	(void)state;
	policy.user.map = MAP_ROOT;
	assert_int_equal(build()->n1, SYS_NEWUSER | SYS_NEWIPC | SYS_NEWUTS);
	assert_int_equal(clone_flags() & (SYS_NEWIPC | SYS_NEWUTS), 0);
	policy.net.mode = NET_NONE;
	assert_int_equal(build()->n1, SYS_NEWUSER | SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET);
	assert_int_equal(clone_flags() & SYS_NEWNET, 0);
	/* An opener joins them all the same. */
	assert_int_equal(plan.namespaces & (SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET),
			 SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET);
	policy.net.mode = NET_HOST;
	policy.ipc.enable = policy.uts.enable = false;
	assert_int_equal(build()->n1, SYS_NEWUSER);
	assert_int_equal(plan.namespaces & (SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET), 0);
}

/* Mounts, processes and cgroups are never the user's; nor is anything in an identity map. */
static void test_not_owned(void **state)
{
	const uint64_t outer = SYS_NEWNS | SYS_NEWPID;

	(void)state;
	policy.user.map = MAP_ROOT;
	assert_int_equal(build()->n1 & (outer | SYS_NEWCGROUP | SYS_NEWTIME), 0);
	assert_int_equal(clone_flags() & outer, outer);
	assert_int_equal(clone_flags() & SYS_NEWUSER, 0);
	policy.user.map = MAP_IDENTITY;
	policy.net.mode = NET_NONE;
	assert_int_equal(build()->n1, SYS_NEWUSER);
	assert_int_equal(clone_flags() & (outer | SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET),
			 outer | SYS_NEWIPC | SYS_NEWUTS | SYS_NEWNET);
	/* Whoever opens a session is root, and root stays out. */
	assert_int_equal(plan.namespaces & SYS_NEWUSER, 0);
}

/* The copy has what stands before it, locked; what stands before the namespace, it does not own. */
static void test_order(void **state)
{
	const struct step *copy, *ns;
	unsigned i;

	(void)state;
	policy.user.map = MAP_ROOT;
	policy.net.mode = NET_NONE;
	ns = build();
	copy = find(STEP_USER_MOUNTS);
	assert_true(find(STEP_PROPAGATION) < ns && find(STEP_NOSUID) < ns && find(STEP_PROC) < ns);
	assert_true(ns < find(STEP_MQUEUE) && ns < find(STEP_HOSTNAME) &&
		    ns < find(STEP_LOOPBACK_UP));
	for (i = 0; i < plan.n_steps; i++)
		switch (plan.steps[i].kind) {
		case STEP_NOSUID:
		case STEP_BIND:
		case STEP_HOME:
		case STEP_TMPFS:
		case STEP_MQUEUE:
		case STEP_READ_ONLY:
		case STEP_NOEXEC:
		case STEP_HIDE:
		case STEP_RUNDIR:
		case STEP_PROC:
			assert_true(&plan.steps[i] < copy);
			break;
		default:
			break;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, set_up),
		cmocka_unit_test_setup(test_identity, set_up),
		cmocka_unit_test_setup(test_identity_groups, set_up),
		cmocka_unit_test_setup(test_root, set_up),
		cmocka_unit_test_setup(test_root_ranges, set_up),
		cmocka_unit_test_setup(test_root_alone, set_up),
		cmocka_unit_test_setup(test_nested, set_up),
		cmocka_unit_test_setup(test_host_root, set_up),
		cmocka_unit_test_setup(test_too_many, set_up),
		cmocka_unit_test_setup(test_owned, set_up),
		cmocka_unit_test_setup(test_not_owned, set_up),
		cmocka_unit_test_setup(test_order, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
