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
#include "policy_list.h"

#define MEMBERS_MAX 64 /* of a group; more are not looked at */

/* Whoever may talk to these services has things done as root. */
static const struct {
	const char *group;
	const char *sockets[3]; /* the first one is what a message names */
} doors[] = {
	{ "docker", { "/run/docker.sock", "/var/run/docker.sock", NULL } },
	{ "lxd", { "/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket", NULL } },
	{ "incus-admin", { "/var/lib/incus/unix.socket", NULL, NULL } },
	{ "libvirt", { "/run/libvirt/libvirt-sock", NULL, NULL } },
};

/* A socket is hidden with any folder above it. */
static bool is_hidden(const struct policy *policy, const char *path)
{
	const char *item;
	size_t at = 0;

	while ((item = policy_list_next(&policy->mount.hide, &at))) {
		size_t len;

		item += *item == '-';
		len = strlen(item);
		if (strncmp(path, item, len) == 0 && (path[len] == '\0' || path[len] == '/'))
			return true;
	}
	return false;
}

static void member_warn(struct checker *checker, const char *confdir, const char *user, size_t door)
{
	struct policy_query query = { .confdir = confdir };
	AUTO_FREE struct policy *policy = calloc(1, sizeof(*policy));
	struct facts facts = { .service = "sshd" };
	const char *file;
	struct errmsg e;

	if (!policy || facts_user(user, &facts, &e) < 0 ||
	    policy_find_as(&query, &facts, policy, &e) < 0 || policy_skip_reason(policy, &facts))
		return;
	for (size_t i = 0; doors[door].sockets[i]; i++)
		if (is_hidden(policy, doors[door].sockets[i]))
			return;
	file = policy->files[policy->n_files - 1];
	warning_print(&checker->printer, file, 0, "hide = the socket, or take the user out of it",
		      "%s is a member of %s: %s, where it is, makes a process of his root's on "
		      "the host",
		      user, doors[door].group, doors[door].sockets[0]);
}

static void doors_warn(struct checker *checker, const char *path)
{
	AUTO_FREE char *confdir = path_absolute(path);

	for (size_t i = 0; confdir && i < sizeof(doors) / sizeof(doors[0]); i++) {
		const struct group *group = getgrnam(doors[i].group);

		for (size_t j = 0; group && group->gr_mem[j] && j < MEMBERS_MAX; j++)
			member_warn(checker, confdir, group->gr_mem[j], i);
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
