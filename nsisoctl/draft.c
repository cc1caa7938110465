/* A policy file as it would be; see draft.h. */
#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "draft_groups.h"
#include "errmsg.h"
#include "fault_printer.h"
#include "passwd_users.h"
#include "policy.h"
#include "show.h"

/* What the reporters of one check get. */
struct draft_checker {
	struct draft *draft;
	struct fault_printer printer;
	struct draft_groups groups;
	bool others_count; /* faults of other files are the draft's doing */
	bool is_silent;
};

static const char *source_find(void *ctx, const char *file, size_t *ret_len)
{
	const struct draft_checker *checker = ctx;

	if (strcmp(file, checker->draft->store->target.file) != 0)
		return NULL;
	*ret_len = checker->draft->len;
	return checker->draft->text;
}

static void fault_count(void *ctx, const char *file, unsigned line, unsigned column,
			const char *text)
{
	struct draft_checker *checker = ctx;
	struct draft *draft = checker->draft;
	bool is_own = strcmp(file, draft->store->target.file) == 0;

	if (checker->is_silent || (!is_own && !checker->others_count))
		return;
	if (is_own && line > 0 && (draft->first_line == 0 || line < draft->first_line))
		draft->first_line = line;
	draft->faults++;
	fault_print(&checker->printer, file, line, column, text);
}

/* Alone, whatever the other files are; and over them when there is nobody to try it with. */
static void text_check(struct draft_checker *checker, bool with_rules)
{
	const struct draft *draft = checker->draft;
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));

	if (!policy)
		return;
	policy_defaults(policy);
	if (policy_parse(policy, draft->text, draft->len, draft->store->target.file, NULL,
			 fault_count, checker) == 0 &&
	    with_rules)
		(void)policy_check(policy, fault_count, checker);
}

/* With the plan, where this host can make one. */
static int result_find(struct draft_checker *checker, const struct policy_query *query,
		       const struct facts *facts, bool with_plan, struct show_result *ret)
{
	struct errmsg e;
	int r = show_find(query, checker, facts, with_plan, ret, &e);

	if (r < 0 && with_plan && checker->draft->faults == 0)
		r = show_find(query, checker, facts, false, ret, &e);
	return r;
}

static int user_check(struct draft_checker *checker, const struct facts *facts, bool is_only,
		      struct errmsg *e)
{
	AUTO_FREE struct show_result *results = calloc(2, sizeof(*results));
	const struct draft *draft = checker->draft;
	struct policy_query query = { .confdir = draft->store->confdir,
				      .report = fault_count,
				      .is_relaxed = draft->store->is_relaxed };
	int old;
	int r;

	if (!results)
		return errmsg_set(e, -ENOMEM, "cannot compare the policies");
	checker->is_silent = true;
	old = result_find(checker, &query, facts, is_only, &results[0]);
	checker->is_silent = false;
	checker->others_count = old == 0;
	query.draft = draft->store->target.file;
	query.draft_text = draft->text;
	query.draft_len = draft->len;
	r = result_find(checker, &query, facts, is_only, &results[1]);
	if (r == 0 && old == 0)
		r = groups_add(&checker->groups, facts->user, &results[0], &results[1], e);
	else if (r == 0)
		r = groups_add_text(&checker->groups, facts->user,
				    "login: refused for faults -> let in\n", e);
	else
		r = 0;
	show_done(&results[0]);
	show_done(&results[1]);
	return r;
}

/* Users of services come after the people (login.defs(5): UID_MIN), and nobody is nobody. */
static bool is_person(const struct passwd_user *user)
{
	return user->uid >= 1000 && user->uid != 65534;
}

static int users_check(struct draft_checker *checker, struct errmsg *e)
{
	struct passwd_users users = { 0 };
	struct facts facts;
	unsigned seen = 0;
	int r = passwd_users_read(&users, e);

	for (size_t i = 0; r == 0 && i < 2 * users.count && seen < DRAFT_USERS_MAX; i++) {
		bool is_first_turn = i < users.count;
		const struct passwd_user *user = &users.list[is_first_turn ? i : i - users.count];

		if (user->uid == 0 || is_person(user) != is_first_turn)
			continue;
		passwd_users_facts(user, &facts);
		r = user_check(checker, &facts, false, e);
		seen++;
	}
	passwd_users_done(&users);
	return r;
}

static int owner_check(struct draft_checker *checker, struct errmsg *e)
{
	const char *user = checker->draft->store->target.user;
	struct facts facts = { .service = "sshd", .id = "ID" };
	struct errmsg unknown;

	if (facts_user(user, &facts, &unknown) < 0) {
		text_check(checker, true);
		return groups_add_text(&checker->groups, user, "there is no such user yet\n", e);
	}
	return user_check(checker, &facts, true, e);
}

int draft_check(struct draft *draft, struct errmsg *e)
{
	AUTO_FREE struct draft_checker *checker = calloc(1, sizeof(*checker));
	int r = 0;

	draft->faults = draft->first_line = 0;
	draft->effect = NULL;
	if (!checker)
		return errmsg_set(e, -ENOMEM, "cannot check the policy");
	checker->draft = draft;
	checker->printer.source = source_find;
	checker->printer.ctx = checker;
	checker->printer.look = table_look_at(stderr);
	text_check(checker, false);
	if (draft->faults == 0 && draft->store->target.user[0] != '\0')
		r = owner_check(checker, e);
	else if (draft->faults == 0)
		r = users_check(checker, e);
	if (r == 0 && draft->faults == 0)
		r = groups_text(&checker->groups, &draft->effect, e);
	groups_done(&checker->groups);
	return r;
}
