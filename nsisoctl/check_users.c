/*
 * The policy folder against the users of this host: rules that are for nobody, files that contradict each
 * other for somebody, and users who have a way out whatever their policy says.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "root_groups.h"

#define MEMBERS_MAX 64 /* of a group; more are not looked at */

static void member_warn(struct checker *checker, const char *confdir, const char *user,
			const struct root_group *group)
{
	struct policy_query query = { .confdir = confdir };
	AUTO_FREE struct policy *policy = calloc(1, sizeof(*policy));
	struct facts facts = { .service = "sshd" };
	const char *file;
	struct errmsg e;

	if (!policy || facts_user(user, &facts, &e) < 0 ||
	    policy_find_as(&query, &facts, policy, &e) < 0 || policy_skip_reason(policy, &facts))
		return;
	if (!root_group_is_open(group, policy))
		return;
	file = policy->files[policy->n_files - 1];
	if (group->sockets[0])
		warning_print(
			&checker->printer, file, 0, "hide = the socket, or take the user out of it",
			"%s is a member of %s: %s, where it is, makes a process of his root's "
			"on the host",
			user, group->name, group->sockets[0]);
	else
		warning_print(&checker->printer, file, 0, "take the user out of it",
			      "%s is a member of %s: the device files of that group are as good as "
			      "root",
			      user, group->name);
}

static void doors_warn(struct checker *checker, const char *path)
{
	AUTO_FREE char *confdir = path_absolute(path);

	for (size_t i = 0; confdir && i < ROOT_GROUPS; i++) {
		const struct group *group = getgrnam(root_groups[i].name);

		for (size_t j = 0; group && group->gr_mem[j] && j < MEMBERS_MAX; j++)
			member_warn(checker, confdir, group->gr_mem[j], &root_groups[i]);
	}
}

/* By what the file itself names: 1 nobody is meant, 0 somebody may be. */
static bool names_nobody(const struct stack_file *file)
{
	const struct policy_item *item = &file->scan.items[ROW_MATCH_USER];
	char text[POLICY_LINE_MAX];
	char *rest = text;
	char *word;

	if (item->line == 0)
		return false;
	memcpy(text, item->text, item->len);
	text[item->len] = '\0';
	while ((word = strsep(&rest, " \t,")))
		if (*word != '\0' &&
		    (strpbrk(word, "*?[!") || passwd_users_has(&(struct passwd_users){ 0 }, word)))
			return false;
	return true;
}

/* Only what is certain: a directory service may know users that it does not list. */
static void dead_warn(struct checker *checker, const struct stack_file *file, bool is_complete)
{
	if (!file->is_clean || file->is_used || (!is_complete && !names_nobody(file)))
		return;
	warning_print(&checker->printer, file->file, file->scan.sections[ROW_MATCH_USER], NULL,
		      "no user of this host matches: the file has no effect");
}

void check_users(struct checker *checker, const char *path, const struct passwd_users *users)
{
	struct facts facts;
	struct errmsg e;

	for (size_t i = 0; i < users->count; i++) {
		passwd_users_facts(&users->list[i], &facts);
		stack_use(&checker->stack, &facts);
		/* For the faults of files that meet in his policy. */
		if (facts.uid != 0)
			(void)stack_find(&checker->stack, &facts, &e);
	}
	for (size_t i = 0; i < checker->stack.count; i++)
		dead_warn(checker, &checker->stack.files[i], users->is_complete);
	if (checker->printer.count == 0)
		doors_warn(checker, path);
}
