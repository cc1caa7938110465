/*
 * Rules between keys, of a whole effective policy: each value may be right alone and still
 * contradict another one.  A contradiction is refused, because the one key that loses would be a
 * silent hole.
 */
#include "policy.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "policy_fault.h"
#include "policy_field.h"
#include "policy_keys.h"
#include "policy_list.h"

struct check {
	const struct policy *policy;
	struct policy_faults faults;
};

/* Of two keys that contradict each other the one that was set last. */
static enum key_row last_row(const struct policy *policy, enum key_row a, enum key_row b)
{
	if (policy->origin[a].line == 0)
		return b;
	if (policy->origin[b].line == 0)
		return a;
	if (policy->origin[a].file != policy->origin[b].file)
		return policy->origin[a].file > policy->origin[b].file ? a : b;
	return policy->origin[a].line > policy->origin[b].line ? a : b;
}

/* Report at the one of two keys that was set last. */
#define CHECK_FAULT(check, a, b, ...)                                                 \
	do {                                                                          \
		enum key_row row_ = last_row((check)->policy, a, b);                  \
		fault_place(check, row_);                                             \
		policy_fault(&(check)->faults, (check)->policy->origin[row_].line, 0, \
			     __VA_ARGS__);                                            \
	} while (0)

static void fault_place(struct check *check, enum key_row row)
{
	const struct policy *policy = check->policy;

	check->faults.file = policy->origin[row].line != 0 ?
				     policy->files[policy->origin[row].file] :
				     "built-in";
}

/* Whether path is dir or below it. */
static bool is_below(const char *path, size_t path_len, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1)
		return true;
	return path_len >= len && memcmp(path, dir, len) == 0 &&
	       (path_len == len || path[len] == '/');
}

static const char *without_mark(const char *item)
{
	return *item == '-' ? item + 1 : item;
}

static void privileges_check(struct check *check)
{
	const struct policy *policy = check->policy;

	if (policy->mount.suid != SUID_NO && policy->caps.no_new_privs)
		CHECK_FAULT(check, ROW_MOUNT_SUID, ROW_CAPS_NO_NEW_PRIVS,
			    "[mount] suid needs [caps] no_new_privs = no");
}

/* Host root is not mapped, or there is no map at all. */
static void user_check(struct check *check)
{
	const struct policy *policy = check->policy;

	if (policy->user.nested && policy->user.map == MAP_NONE)
		CHECK_FAULT(check, ROW_USER_NESTED, ROW_USER_MAP,
			    "[user] nested = yes needs map = identity or root");
	if (policy->mount.suid != SUID_NO && policy->user.map == MAP_IDENTITY)
		CHECK_FAULT(check, ROW_MOUNT_SUID, ROW_USER_MAP,
			    "[mount] suid has no effect with [user] map = identity");
}

/* Keys that mean nothing while their namespace is off. */
static void namespaces_check(struct check *check)
{
	const struct policy *policy = check->policy;

	if (policy->mount.proc_hidepid && !policy->pid.enable)
		CHECK_FAULT(check, ROW_MOUNT_PROC, ROW_PID_ENABLE,
			    "[mount] proc = private,hidepid needs [pid] enable = yes");
	if (strcmp(policy->uts.hostname, "%h") != 0 && !policy->uts.enable)
		CHECK_FAULT(check, ROW_UTS_HOSTNAME, ROW_UTS_ENABLE,
			    "[uts] hostname = %s needs enable = yes", policy->uts.hostname);
	if (!policy->pid.enable && !policy->cgroup.enable)
		CHECK_FAULT(
			check, ROW_PID_ENABLE, ROW_CGROUP_ENABLE,
			"[pid] enable = no needs [cgroup] enable = yes: nothing else could find "
			"the processes at the end");
	if (policy->time.boottime != 0 && !policy->time.enable)
		CHECK_FAULT(check, ROW_TIME_BOOTTIME, ROW_TIME_ENABLE,
			    "[time] boottime needs enable = yes");
}

/* One manager serves all sessions of a user, and runs as that user. */
static void manager_check(struct check *check)
{
	const struct policy *policy = check->policy;

	if (policy->session.user_manager != MANAGER_INSIDE)
		return;
	if (policy->session.scope == SCOPE_SESSION)
		CHECK_FAULT(check, ROW_SESSION_USER_MANAGER, ROW_SESSION_SCOPE,
			    "[session] user_manager = inside needs scope = user");
	if (policy->user.map != MAP_NONE)
		CHECK_FAULT(check, ROW_SESSION_USER_MANAGER, ROW_USER_MAP,
			    "[session] user_manager = inside needs [user] map = none");
}

/* Keys without which no program inside gets what leaving takes (man 2 setns). */
static void su_check(struct check *check)
{
	const uint64_t needed =
		1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYS_CHROOT | 1ULL << CAP_SYS_PTRACE;
	const struct policy *policy = check->policy;

	if (policy->session.su != SU_LEAVE)
		return;
	if (policy->pid.enable)
		CHECK_FAULT(check, ROW_SESSION_SU, ROW_PID_ENABLE,
			    "[session] su = leave needs [pid] enable = no: no process can leave "
			    "its process id namespace");
	if (policy->mount.suid == SUID_NO)
		CHECK_FAULT(check, ROW_SESSION_SU, ROW_MOUNT_SUID,
			    "[session] su = leave needs [mount] suid");
	if (policy->user.map != MAP_NONE)
		CHECK_FAULT(check, ROW_SESSION_SU, ROW_USER_MAP,
			    "[session] su = leave needs [user] map = none");
	if ((policy->caps.bounding & needed) != needed)
		CHECK_FAULT(check, ROW_SESSION_SU, ROW_CAPS_BOUNDING,
			    "[session] su = leave needs sys_admin, sys_chroot and sys_ptrace in "
			    "[caps] bounding");
}

static void limits_check(struct check *check)
{
	const struct policy *policy = check->policy;
	const struct policy_limit *high = &policy->cgroup.limit[LIMIT_MEMORY_HIGH];
	const struct policy_limit *max = &policy->cgroup.limit[LIMIT_MEMORY_MAX];

	for (int row = 0; row < ROW_COUNT && !policy->cgroup.enable; row++) {
		const struct policy_limit *limit = policy_field_limit(&policy_keys[row], policy);

		if (limit && limit->set && !limit->optional && limit->value != POLICY_LIMIT_MAX)
			CHECK_FAULT(check, (enum key_row)row, ROW_CGROUP_ENABLE,
				    "[cgroup] %s needs enable = yes", policy_keys[row].name);
	}
	/*
	 * In one file this is a slip.  A file that lowers the max of another one is not: the high of
	 * that one is just never reached, and may be a share of whatever memory a host has.
	 */
	if (high->set && max->set && high->value != POLICY_LIMIT_MAX && high->value > max->value &&
	    policy->origin[ROW_CGROUP_MEMORY_HIGH].file ==
		    policy->origin[ROW_CGROUP_MEMORY_MAX].file)
		CHECK_FAULT(check, ROW_CGROUP_MEMORY_HIGH, ROW_CGROUP_MEMORY_MAX,
			    "memory.high is above memory.max and would never be reached");
}

/* The private folder that path lies in, not being it: it is empty at every login.  NULL: none. */
static const char *private_above(const struct policy *policy, const char *path, size_t len)
{
	if (policy->mount.tmp.private && is_below(path, len, "/tmp") && len > strlen("/tmp"))
		return "/tmp";
	if (policy->mount.var_tmp.private && is_below(path, len, "/var/tmp") &&
	    len > strlen("/var/tmp"))
		return "/var/tmp";
	if (policy->mount.dev_shm.private && is_below(path, len, "/dev/shm") &&
	    len > strlen("/dev/shm"))
		return "/dev/shm";
	return NULL;
}

/* Paths that no login could find. */
static void missing_check(struct check *check, const struct policy_list *list, enum key_row row)
{
	const char *item;
	size_t at = 0;

	while ((item = policy_list_next(list, &at))) {
		const char *above = private_above(check->policy, item, strlen(item));

		if (above)
			CHECK_FAULT(check, row, row, "%s = %s is missing in the private %s",
				    policy_keys[row].name, item, above);
	}
}

/* A list whose paths must not be, or be above, the file that every login starts. */
static void shell_check(struct check *check, const struct policy_list *list, enum key_row row)
{
	const char *shell = check->policy->session.shell;
	const char *item;
	size_t at = 0;

	while ((item = policy_list_next(list, &at))) {
		if (strcmp(without_mark(item), "/") == 0)
			CHECK_FAULT(check, row, row, "%s = / leaves nothing to log in to",
				    policy_keys[row].name);
		else if (is_below(shell, strlen(shell), without_mark(item)))
			CHECK_FAULT(check, row, ROW_SESSION_SHELL, "%s = %s covers the shell %s",
				    policy_keys[row].name, without_mark(item), shell);
	}
}

/* One item of bind against the hidden paths and the items behind it. */
static void bind_check(struct check *check, const char *item, size_t at)
{
	const struct policy *policy = check->policy;
	const char *other;
	size_t other_len;
	size_t len;
	const char *target = policy_bind_target(item, &len);
	const char *above = private_above(policy, target, len);
	size_t hidden_at = 0;

	if (above)
		CHECK_FAULT(check, ROW_MOUNT_BIND, ROW_MOUNT_BIND,
			    "bind: the target of '%s' is missing in the private %s", item, above);
	if (is_below(target, len, "/proc"))
		CHECK_FAULT(check, ROW_MOUNT_BIND, ROW_MOUNT_BIND,
			    "bind: nothing can be put upon /proc: '%s'", item);
	while ((other = policy_list_next(&policy->mount.hide, &hidden_at)))
		if (strcmp(without_mark(other), "/") != 0 &&
		    is_below(target, len, without_mark(other)))
			CHECK_FAULT(check, ROW_MOUNT_BIND, ROW_MOUNT_HIDE,
				    "bind: the target of '%s' is hidden by hide = %s", item,
				    without_mark(other));
	while ((other = policy_list_next(&policy->mount.bind, &at))) {
		const char *other_target = policy_bind_target(other, &other_len);

		if (other_len == len && memcmp(target, other_target, len) == 0)
			CHECK_FAULT(check, ROW_MOUNT_BIND, ROW_MOUNT_BIND,
				    "bind: '%s' and '%s' have one target", item, other);
	}
}

static void paths_check(struct check *check)
{
	const struct policy *policy = check->policy;
	const char *item;
	size_t at = 0;

	missing_check(check, &policy->mount.hide, ROW_MOUNT_HIDE);
	missing_check(check, &policy->mount.read_only, ROW_MOUNT_READ_ONLY);
	missing_check(check, &policy->mount.noexec, ROW_MOUNT_NOEXEC);
	shell_check(check, &policy->mount.hide, ROW_MOUNT_HIDE);
	shell_check(check, &policy->mount.noexec, ROW_MOUNT_NOEXEC);
	while ((item = policy_list_next(&policy->mount.bind, &at)))
		bind_check(check, item, at);
}

int policy_check(const struct policy *policy, policy_report *report, void *ctx)
{
	struct check check = { .policy = policy, .faults = { .report = report, .ctx = ctx } };

	privileges_check(&check);
	user_check(&check);
	namespaces_check(&check);
	manager_check(&check);
	su_check(&check);
	limits_check(&check);
	paths_check(&check);
	return check.faults.count > 0 ? -EINVAL : 0;
}
