/*
 * What a policy may say and yet is probably not meant: combinations that open a door, and what this host cannot do.  Each warning stands at the key that was set last of those that make it.
 */
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "policy_keys.h"
#include "policy_list.h"

#define BIT(capability) (1ULL << (capability))
#define ROOTLIKE                                                                               \
	(BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_PTRACE) | \
	 BIT(CAP_MKNOD) | BIT(CAP_SYS_BOOT) | BIT(CAP_SYSLOG))

static bool is_later(const struct policy *policy, enum key_row a, enum key_row b)
{
	if (policy->origin[a].line == 0 || policy->origin[b].line == 0)
		return policy->origin[a].line != 0;
	if (policy->origin[a].file != policy->origin[b].file)
		return policy->origin[a].file > policy->origin[b].file;
	return policy->origin[a].line > policy->origin[b].line;
}

/* At the one of two keys that was set last. */
static void warn(struct checker *checker, const struct policy *policy, enum key_row a,
		 enum key_row b, const char *suggestion, const char *text)
{
	enum key_row row = is_later(policy, a, b) ? a : b;

	/* What is built in is no choice of the admin's. */
	if (policy->origin[row].line != 0)
		warning_print(&checker->printer, policy->files[policy->origin[row].file],
			      policy->origin[row].line, suggestion, "%s", text);
}

static void privileges_warn(struct checker *checker, const struct policy *policy)
{
	if (policy->mount.suid == SUID_YES && policy->user.map == MAP_NONE)
		warn(checker, policy, ROW_MOUNT_SUID, ROW_USER_MAP,
		     "suid = /usr/bin/PROGRAM ...: name the few that are needed",
		     "suid = yes with map = none: each set-user-ID program runs as the host's root");
	if (!policy->caps.no_new_privs && policy->mount.suid == SUID_NO &&
	    policy->mount.propagation == PROPAGATION_SLAVE && policy->user.map != MAP_IDENTITY)
		warn(checker, policy, ROW_CAPS_NO_NEW_PRIVS, ROW_MOUNT_PROPAGATION,
		     "no_new_privs = yes, or propagation = private",
		     "no_new_privs = no: set-user-ID programs work on file systems that the host "
		     "mounts later");
	if (!policy->caps.no_new_privs && policy->caps.bounding & ROOTLIKE &&
	    policy->user.map == MAP_NONE)
		warn(checker, policy, ROW_CAPS_BOUNDING, ROW_CAPS_NO_NEW_PRIVS, "bounding = none",
		     "bounding: a program with such a file capability is as good as the host's root");
}

static void doors_warn(struct checker *checker, const struct policy *policy)
{
	static const char text[] = "shared with the host: a socket there leads to processes "
				   "outside, of other users or the same one";

	if (!policy->mount.tmp.private && policy->session.scope == SCOPE_USER)
		warn(checker, policy, ROW_MOUNT_TMP, ROW_SESSION_SCOPE, "tmp = private", text);
	if (!policy->mount.var_tmp.private && policy->session.scope == SCOPE_USER)
		warn(checker, policy, ROW_MOUNT_VAR_TMP, ROW_SESSION_SCOPE, "var_tmp = private",
		     text);
	if (policy->mount.run_user)
		warn(checker, policy, ROW_MOUNT_RUN_USER, ROW_MOUNT_RUN_USER, "run_user = no",
		     "run_user = yes: the user's service manager runs programs outside of the "
		     "isolation");
}

static void effects_warn(struct checker *checker, const struct policy *policy)
{
	if (policy->n_files == 1 && strcmp(policy->files[0], "default.conf") == 0 &&
	    (policy->session.exempt || policy->session.mode == MODE_OFF))
		warn(checker, policy, ROW_SESSION_EXEMPT, ROW_SESSION_MODE, NULL,
		     "nobody is isolated, but by files of conf.d and users.d that say otherwise");
}

/* Logins are refused for each path that is missing. */
static void list_warn(struct checker *checker, const struct policy *policy,
		      const struct policy_list *list, enum key_row row)
{
	const char *item;
	size_t at = 0;
	char path[NSISO_PATH_MAX];

	if (policy->origin[row].line == 0)
		return;
	while ((item = policy_list_next(list, &at))) {
		size_t len = row == ROW_MOUNT_BIND ? strcspn(item, ":") : strlen(item);

		if (*item == '-' || len >= sizeof(path))
			continue;
		memcpy(path, item, len);
		path[len] = '\0';
		if (access(path, F_OK) < 0)
			warning_print(&checker->printer, policy->files[policy->origin[row].file],
				      policy->origin[row].line,
				      "'-' before a path: it may be missing",
				      "%s: %s is not on this host, which refuses the login",
				      policy_keys[row].name, path);
	}
}

static void host_warn(struct checker *checker, const struct policy *policy)
{
	if (policy->origin[ROW_SESSION_SHELL].line != 0 && access(policy->session.shell, X_OK) < 0)
		warning_print(&checker->printer,
			      policy->files[policy->origin[ROW_SESSION_SHELL].file],
			      policy->origin[ROW_SESSION_SHELL].line, NULL,
			      "shell: %s is no program on this host", policy->session.shell);
	list_warn(checker, policy, &policy->mount.hide, ROW_MOUNT_HIDE);
	list_warn(checker, policy, &policy->mount.read_only, ROW_MOUNT_READ_ONLY);
	list_warn(checker, policy, &policy->mount.noexec, ROW_MOUNT_NOEXEC);
	list_warn(checker, policy, &policy->mount.bind, ROW_MOUNT_BIND);
}

void check_warn(struct checker *checker, const struct policy *policy)
{
	/* They are not isolated: nothing of it matters. */
	effects_warn(checker, policy);
	if (policy->session.exempt || policy->session.mode == MODE_OFF)
		return;
	privileges_warn(checker, policy);
	doors_warn(checker, policy);
	if (!checker->is_relaxed)
		host_warn(checker, policy);
}
