/* Plans: what does not fit is refused and changes nothing; the order that isolation depends on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "errmsg.h"
#include "facts.h"
#include "plan.h"
#include "policy.h"

static struct policy policy;
static struct facts facts;
static struct plan plan;
static struct errmsg e;

static int set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	facts = (struct facts){
		.user = "alice", .uid = 1001, .gid = 1002, .home = "/home/alice", .host = "box"
	};
	memset(&plan, 0x5a, sizeof(plan));
	return 0;
}

static void parse(const char *text)
{
	assert_int_equal(policy_parse(&policy, text, strlen(text), "t.conf", &facts, NULL, NULL),
			 0);
}

static void add(struct policy_list *list, const char *item)
{
	size_t len = strlen(item) + 1;

	assert_true(list->used + len <= POLICY_LIST_MAX);
	memcpy(list->text + list->used, item, len);
	list->used = (uint16_t)(list->used + len);
	list->count++;
}

static void assert_refused(int code)
{
	static struct plan untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), code);
	assert_int_equal(e.code, code);
	assert_true(e.text[0] != '\0');
	assert_memory_equal(&plan, &untouched, sizeof(plan));
}

/* The place of a kind among the steps of an actor, -1: none; the last one of them. */
static int place(enum plan_actor actor, enum step_kind kind)
{
	int i, found = -1;

	for (i = 0; i < plan.n_steps; i++)
		if (plan.steps[i].actor == actor && plan.steps[i].kind == kind)
			found = i;
	return found;
}

static int first_of(enum plan_actor actor)
{
	int i;

	for (i = 0; i < plan.n_steps && plan.steps[i].actor != actor; i++)
		;
	return i;
}

static void test_too_many_steps(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 300; i++)
		add(&policy.mount.hide, "/x");
	assert_refused(-E2BIG);
}

static void test_too_much_text(void **state)
{
	struct policy_list *lists[] = { &policy.mount.hide, &policy.mount.read_only,
					&policy.mount.noexec, &policy.mount.suid_paths,
					&policy.mount.bind };
	char path[255];
	size_t i;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	for (i = 0; i < 4; i++)
		while (lists[i]->used + sizeof(path) <= POLICY_LIST_MAX)
			add(lists[i], path);
	path[100] = ':';
	path[101] = '/';
	while (lists[4]->used + sizeof(path) <= POLICY_LIST_MAX)
		add(lists[4], path);
	policy.mount.suid = SUID_PATHS;
	/* All lists full fit, or are refused: never cut. */
	if (plan_build(&policy, &facts, &plan, &e) < 0)
		assert_int_equal(e.code, -E2BIG);
	else
		assert_true(plan.text_len <= PLAN_TEXT_MAX);
}

static void test_order_of_mounts(void **state)
{
	int i;

	(void)state;
	parse("[mount]\nhide=/a\nread_only=/b\nnoexec=/c\nbind=/d:/e\nsuid=/usr/bin/passwd\n"
	      "[caps]\nno_new_privs=no\n");
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	/* Nothing is mounted before the tree is cut off from the host's. */
	for (i = 0; i < place(ACTOR_INIT, STEP_PROPAGATION); i++)
		assert_true(plan.steps[i].actor != ACTOR_INIT);
	assert_true(place(ACTOR_INIT, STEP_SUID_KEEP) < place(ACTOR_INIT, STEP_NOSUID));
	assert_true(place(ACTOR_INIT, STEP_NOSUID) < place(ACTOR_INIT, STEP_SUID_RESTORE));
	assert_true(place(ACTOR_INIT, STEP_NOSUID) < place(ACTOR_INIT, STEP_HOME));
	assert_true(place(ACTOR_INIT, STEP_NOSUID) < place(ACTOR_INIT, STEP_TMPFS));
	assert_true(place(ACTOR_INIT, STEP_NOSUID) < place(ACTOR_INIT, STEP_BIND));
	assert_true(place(ACTOR_INIT, STEP_PROC) < place(ACTOR_INIT, STEP_HIDE));
	assert_true(place(ACTOR_INIT, STEP_BIND) < place(ACTOR_INIT, STEP_READ_ONLY));
	/* The run folder has what hidden paths are covered with, and nothing may cover it but them. */
	assert_true(place(ACTOR_INIT, STEP_RUNDIR) < place(ACTOR_INIT, STEP_HIDE));
	assert_true(place(ACTOR_INIT, STEP_BIND) < place(ACTOR_INIT, STEP_RUNDIR));
	assert_true(place(ACTOR_INIT, STEP_TMPFS) < place(ACTOR_INIT, STEP_RUNDIR));
}

static void test_order_of_actors(void **state)
{
	(void)state;
	parse("[cgroup]\nparent=/x\nmemory.max=1G\npids.max=10\n");
	/* The init is cloned into a v2 cgroup; a v1 one is made while it is at work. */
	facts.cgroup = CGROUP_V2;
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_true(place(ACTOR_OPENER, STEP_CGROUP_MAKE) < place(ACTOR_OPENER, STEP_LAUNCH));
	facts.cgroup = CGROUP_V1;
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_int_equal(place(ACTOR_OPENER, STEP_LAUNCH), 0);
	assert_true(place(ACTOR_OPENER, STEP_CGROUP_MAKE) < place(ACTOR_OPENER, STEP_HAND_OVER));
	assert_true(place(ACTOR_OPENER, STEP_HAND_OVER) < place(ACTOR_OPENER, STEP_CGROUP_ENTER));
	assert_true(place(ACTOR_OPENER, STEP_CGROUP_LIMIT) <
		    place(ACTOR_OPENER, STEP_CGROUP_ENTER));
	/* What can't be undone is the opener's last step. */
	assert_int_equal(place(ACTOR_OPENER, STEP_JOIN), first_of(ACTOR_SUPERVISOR) - 1);
	assert_int_equal(place(ACTOR_SUPERVISOR, STEP_CLONE), first_of(ACTOR_INIT) - 1);
	assert_true(place(ACTOR_INIT, STEP_RUNDIR) < place(ACTOR_INIT, STEP_CGROUP_ENTER));
	assert_true(place(ACTOR_INIT, STEP_CGROUP_ENTER) < place(ACTOR_INIT, STEP_CGROUP_NS));
}

static void test_without_anything(void **state)
{
	(void)state;
	parse("[pid]\nenable=no\n[ipc]\nenable=no\n[uts]\nenable=no\n[time]\nenable=no\n[cgroup]\nenable=no\n"
	      "[mount]\nproc=private\nhome=all\n");
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_int_equal(place(ACTOR_INIT, STEP_PROC), -1);
	assert_int_equal(place(ACTOR_INIT, STEP_CGROUP_NS), -1);
	assert_int_equal(place(ACTOR_SUPERVISOR, STEP_TIME_OFFSET), -1);
	/* These are what isolation of any kind rests on. */
	assert_true(place(ACTOR_INIT, STEP_PROPAGATION) >= 0);
	assert_true(place(ACTOR_INIT, STEP_NOSUID) >= 0);
	assert_true(place(ACTOR_INIT, STEP_RUNDIR) >= 0);
	assert_true(place(ACTOR_OPENER, STEP_JOIN) >= 0);
}

static void check_hostname(const char *template, const char *want)
{
	(void)snprintf(policy.uts.hostname, sizeof(policy.uts.hostname), "%s", template);
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_string_equal(plan_text(&plan, plan.steps[place(ACTOR_INIT, STEP_HOSTNAME)].s1),
			    want);
}

static void test_hostname(void **state)
{
	char name[65];

	(void)state;
	check_hostname("%h", "box");
	check_hostname("%u-%h", "alice-box");
	check_hostname("a%%b", "a%b");
	check_hostname("%%u%u", "%ualice");
	memset(name, 'x', 64);
	name[64] = '\0';
	check_hostname(name, name);
	(void)snprintf(facts.host, sizeof(facts.host), "%s", name);
	check_hostname("%h", name);
	(void)set_up(NULL);
	(void)snprintf(facts.host, sizeof(facts.host), "%s", name);
	(void)snprintf(policy.uts.hostname, sizeof(policy.uts.hostname), "%%hx");
	assert_refused(-ENAMETOOLONG);
}

static void test_homes(void **state)
{
	static const char *const wrong[] = { "/alice",       "alice", "/home/../alice",
					     "/home//alice", "/",     "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(facts.home, sizeof(facts.home), "%s", wrong[i]);
		assert_refused(-EINVAL);
	}
	(void)snprintf(facts.home, sizeof(facts.home), "/srv/homes/alice");
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_string_equal(plan_text(&plan, plan.steps[place(ACTOR_INIT, STEP_HOME)].s1),
			    "/srv/homes");
}

static unsigned n_applied;

static int count(const struct plan *p, const struct step *step, void *ctx, struct errmsg *error)
{
	(void)p, (void)ctx;
	n_applied++;
	return step->kind == STEP_CGROUP_ENTER ? errmsg_setx(error, -EIO, "no") : 0;
}

static void test_apply(void **state)
{
	step_apply *const all[STEP_KIND_COUNT] = { [STEP_CGROUP_MAKE] = count,
						   [STEP_LAUNCH] = count,
						   [STEP_HAND_OVER] = count,
						   [STEP_CGROUP_ENTER] = count,
						   [STEP_JOIN] = count };
	step_apply *const none[STEP_KIND_COUNT] = { 0 };

	(void)state;
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	n_applied = 0;
	assert_int_equal(plan_apply(&plan, ACTOR_OPENER, all, NULL, NULL, &e), -EIO);
	assert_int_equal(n_applied, 4);
	/* A step that nobody knows must not be left out. */
	assert_int_equal(plan_apply(&plan, ACTOR_OPENER, none, NULL, NULL, &e), -EPROTO);
	plan.steps[0].kind = 200;
	assert_int_equal(plan_apply(&plan, ACTOR_OPENER, all, NULL, NULL, &e), -EPROTO);
}

static unsigned n_told, last_told;
static int last_result;

static void told(void *ctx, unsigned index, uint64_t usec, int r)
{
	(void)ctx, (void)usec;
	n_told++;
	last_told = index;
	last_result = r;
}

/* Each step that was carried out, the one that failed too; nobody is told of a plan that is not traced. */
static void test_trace(void **state)
{
	step_apply *const all[STEP_KIND_COUNT] = { [STEP_CGROUP_MAKE] = count,
						   [STEP_LAUNCH] = count,
						   [STEP_HAND_OVER] = count,
						   [STEP_CGROUP_ENTER] = count };

	(void)state;
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	n_told = 0;
	assert_int_equal(plan_apply(&plan, ACTOR_OPENER, all, told, NULL, &e), -EIO);
	assert_int_equal(n_told, 0);
	plan.trace = 1;
	assert_int_equal(plan_apply(&plan, ACTOR_OPENER, all, told, NULL, &e), -EIO);
	assert_int_equal(n_told, 4);
	assert_int_equal(plan.steps[last_told].kind, STEP_CGROUP_ENTER);
	assert_int_equal(last_result, -EIO);
}

/* The limits of a user who is logged in are not those of a trial. */
static void test_trial(void **state)
{
	(void)state;
	(void)snprintf(facts.id, sizeof(facts.id), "0123456789abcdef");
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_string_equal(plan_text(&plan, plan.steps[place(ACTOR_OPENER, STEP_CGROUP_MAKE)].s2),
			    "alice/0123456789abcdef");
	facts.is_trial = true;
	assert_int_equal(plan_build(&policy, &facts, &plan, &e), 0);
	assert_string_equal(plan_text(&plan, plan.steps[place(ACTOR_OPENER, STEP_CGROUP_MAKE)].s2),
			    "alice+0123456789abcdef/0123456789abcdef");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, set_up)
	const struct CMUnitTest tests[] = {
		TEST(test_too_many_steps),
		TEST(test_too_much_text),
		TEST(test_order_of_mounts),
		TEST(test_order_of_actors),
		TEST(test_without_anything),
		TEST(test_hostname),
		TEST(test_homes),
		TEST(test_apply),
		TEST(test_trace),
		TEST(test_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
