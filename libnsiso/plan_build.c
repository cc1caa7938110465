/*
 * Policy and facts to ordered steps: pure, no system calls.  The order is the product's security: what
 * it depends on is said at each place.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "plan_builder.h"
#include "policy.h"
#include "sys.h"
#include "unit.h"

#define HOME_SIZE (512ULL << 20) /* bytes of a private home */

uint16_t builder_add_text(struct builder *b, const char *text, size_t len)
{
	struct plan *plan = b->plan;
	uint16_t at = plan->text_len;

	if (b->error < 0 || len == 0)
		return 0;
	if (at + len + 1 > PLAN_TEXT_MAX) {
		b->error = errmsg_setx(b->e, -E2BIG, "the policy has more than %d bytes of paths",
				       PLAN_TEXT_MAX);
		return 0;
	}
	memcpy(plan->text + at, text, len);
	plan->text[at + len] = '\0';
	plan->text_len = (uint16_t)(at + len + 1);
	return at;
}

static uint16_t add_string(struct builder *b, const char *text)
{
	return builder_add_text(b, text, strlen(text));
}

struct step *builder_add_step(struct builder *b, enum step_kind kind)
{
	struct step *step;

	if (b->error == 0 && b->plan->n_steps == PLAN_STEPS_MAX)
		b->error = errmsg_setx(b->e, -E2BIG, "the policy comes to more than %d steps",
				       PLAN_STEPS_MAX);
	step = &b->plan->steps[b->error < 0 ? 0 : b->plan->n_steps++];
	memset(step, 0, sizeof(*step));
	step->kind = (uint8_t)kind;
	step->actor = (uint8_t)b->actor;
	return step;
}

static struct step *add_path_step(struct builder *b, enum step_kind kind, const char *path)
{
	struct step *step = builder_add_step(b, kind);

	step->s1 = add_string(b, path);
	return step;
}

/* A step for each path of a list; a leading "-" says that the path may be missing. */
static void add_list(struct builder *b, enum step_kind kind, const struct policy_list *list)
{
	const char *item;
	size_t at = 0;

	while ((item = policy_list_next(list, &at))) {
		bool maybe = item[0] == '-';
		struct step *step = add_path_step(b, kind, item + maybe);

		if (maybe)
			step->flags |= STEP_MAYBE;
	}
}

/* What lies behind these acts outside for whoever asks: the user's own service manager and the system's. */
static void add_doors(struct builder *b)
{
	static const char *const doors[] = { "/run/user", "/run/dbus/system_bus_socket",
					     "/run/systemd/private" };
	size_t i;

	if (b->policy->mount.run_user)
		return;
	/* A service manager that is inside itself is to be found at its usual place, the first. */
	i = b->policy->session.user_manager == MANAGER_INSIDE ? 1 : 0;
	for (; i < sizeof(doors) / sizeof(doors[0]); i++)
		add_path_step(b, STEP_HIDE, doors[i])->flags = STEP_MAYBE;
}

static void add_binds(struct builder *b, const struct policy_list *list)
{
	const char *item, *colon, *end;
	size_t at = 0;

	while ((item = policy_list_next(list, &at))) {
		struct step *step = builder_add_step(b, STEP_BIND);

		if (item[0] == '-') {
			step->flags |= STEP_MAYBE;
			item++;
		}
		colon = strchr(item, ':');
		end = strchr(colon + 1, ':');
		if (end)
			step->flags |= STEP_RDONLY;
		else
			end = item + strlen(item);
		step->s1 = builder_add_text(b, item, (size_t)(colon - item));
		step->s2 = builder_add_text(b, colon + 1, (size_t)(end - colon - 1));
	}
}

static void add_tmpfs(struct builder *b, const char *path, const struct policy_tmpfs *tmpfs,
		      uint16_t flags)
{
	struct step *step;

	if (!tmpfs->private)
		return;
	step = add_path_step(b, STEP_TMPFS, path);
	step->n1 = tmpfs->size;
	step->n2 = tmpfs->inodes;
	step->flags = flags;
}

/* Of sockets, through which screen sessions outside would act there; those inside have no other place. */
static const struct policy_tmpfs screen = { .private = true, .size = 1U << 20, .inodes = 1024 };

/*
 * The folder that holds the homes: /home as a whole when the own one lies below it (departments may have
 * folders of their own there), else the home's parent.
 */
static void add_home(struct builder *b)
{
	const char *home = b->facts->home, *slash = strrchr(home, '/');
	struct step *step;

	if (b->policy->mount.home == HOME_ALL || b->error < 0)
		return;
	if (home[0] != '/' || slash == home || strstr(home, "/../") || strstr(home, "//")) {
		b->error = errmsg_setx(b->e, -EINVAL,
				       "home '%s' does not lie in a folder of homes: use home=all",
				       home);
		return;
	}
	step = builder_add_step(b, STEP_HOME);
	if (strncmp(home, "/home/", 6) == 0)
		step->s1 = add_string(b, "/home");
	else
		step->s1 = builder_add_text(b, home, (size_t)(slash - home));
	step->s2 = add_string(b, home);
	step->n1 = b->policy->mount.home == HOME_PRIVATE ? HOME_SIZE : 0;
}

/* Host name template: %u user, %h host name, %% per cent; the kernel's limit is 64 (man 7 hostname). */
static void add_hostname(struct builder *b)
{
	char name[65];
	size_t used = 0;
	const char *in;

	for (in = b->policy->uts.hostname; *in; in++) {
		const char *part = in;
		size_t len = 1;

		if (*in == '%') {
			in++;
			part = *in == 'u' ? b->facts->user : *in == 'h' ? b->facts->host : "%";
			len = strlen(part);
		}
		if (used + len >= sizeof(name)) {
			b->error = errmsg_setx(
				b->e, -ENAMETOOLONG,
				"hostname '%s' is longer than 64 characters for user %s",
				b->policy->uts.hostname, b->facts->user);
			return;
		}
		memcpy(name + used, part, len);
		used += len;
	}
	builder_add_step(b, STEP_HOSTNAME)->s1 = builder_add_text(b, name, used);
}

/* Groups are systemd's then, and none is made here. */
static bool has_units(const struct builder *b)
{
	return b->policy->cgroup.enable && b->facts->backend == BACKEND_SYSTEMD;
}

/* A cgroup namespace has the folder that its first process is in as root: systemd's, for each login another. */
static uint64_t namespaces(const struct builder *b)
{
	const struct policy *policy = b->policy;
	uint64_t flags = SYS_NEWNS;

	flags |= policy->pid.enable ? SYS_NEWPID : 0;
	flags |= policy->ipc.enable ? SYS_NEWIPC : 0;
	flags |= policy->uts.enable ? SYS_NEWUTS : 0;
	flags |= policy->time.enable ? SYS_NEWTIME : 0;
	flags |= policy->net.mode == NET_NONE ? SYS_NEWNET : 0;
	flags |= policy->cgroup.enable && !has_units(b) ? SYS_NEWCGROUP : 0;
	return flags;
}

static void add_cgroup(struct builder *b)
{
	const struct facts *facts = b->facts;
	char name[NSISO_USER_MAX + 2 * NSISO_ID_MAX];
	struct step *step;

	if (!b->policy->cgroup.enable || has_units(b))
		return;
	/* No user's name has a '+'. */
	(void)snprintf(name, sizeof(name), "%s%s%s/%s", facts->user, facts->is_trial ? "+" : "",
		       facts->is_trial ? facts->id : "", facts->id);
	step = add_path_step(b, STEP_CGROUP_MAKE, b->policy->cgroup.parent);
	step->s2 = add_string(b, name);
	if (plan_has_session_groups(b->policy))
		step->flags = STEP_SESSION;
}

/* What only groups of our own can do. */
static void add_unit_enter(struct builder *b)
{
	char slice[NSISO_PATH_MAX];

	if (b->error < 0)
		return;
	if (!b->policy->pid.enable)
		b->error = errmsg_setx(b->e, -EOPNOTSUPP,
				       "[pid] enable = no needs [cgroup] backend = cgroupfs: with "
				       "systemd nothing else ends what a session leaves behind");
	else if (b->policy->cgroup.delegate)
		b->error =
			errmsg_setx(b->e, -EOPNOTSUPP,
				    "[cgroup] delegate = yes needs backend = cgroupfs: a session's "
				    "group is systemd's");
	else
		(void)add_path_step(b, STEP_UNIT_ENTER, unit_slice(b->facts->uid, slice));
}

static void build_opener(struct builder *b)
{
	const struct policy *policy = b->policy;
	const bool into = b->facts->cgroup == CGROUP_V2;

	b->actor = ACTOR_OPENER;
	/* The init can be cloned into a v2 cgroup, which must be there then. */
	if (into)
		add_cgroup(b);
	/* As early as can be: all that follows runs beside the supervisor's and the init's work. */
	(void)builder_add_step(b, STEP_LAUNCH);
	if (!into)
		add_cgroup(b);
	(void)builder_add_step(b, STEP_HAND_OVER);
	if (policy->cgroup.enable) {
		plan_cgroup_add_limits(b);
	}
	if (has_units(b))
		add_unit_enter(b);
	else if (policy->cgroup.enable)
		(void)builder_add_step(b, STEP_CGROUP_ENTER);
	/* Last: it can't be undone (man 2 setns). */
	builder_add_step(b, STEP_JOIN)->n1 = namespaces(b);
}

static void build_supervisor(struct builder *b)
{
	const struct policy *policy = b->policy;

	b->actor = ACTOR_SUPERVISOR;
	/* Offsets are fixed with the first process of a time namespace (man 7 time_namespaces). */
	if (policy->time.enable)
		builder_add_step(b, STEP_TIME_OFFSET)->n1 = policy->time.boottime;
	/* The cgroup namespace's root is where init is when it unshares: its own step, after the move. */
	builder_add_step(b, STEP_CLONE)->n1 =
		namespaces(b) & ~(SYS_NEWTIME | SYS_NEWCGROUP | plan_user_owned(policy));
	if (has_units(b))
		(void)add_path_step(b, STEP_UNIT_SCOPE, UNIT_SLICE);
}

/*
 * After the hand-over.  The namespace's root is where the init is when it makes it: the instance's folder, on
 * v2, where it is born there, also when it goes on into one below, which the sessions' are beside.
 */
static void build_cgroup(struct builder *b)
{
	if (!b->policy->cgroup.enable || has_units(b))
		return;
	if (b->facts->cgroup == CGROUP_V2)
		(void)builder_add_step(b, STEP_CGROUP_NS);
	(void)builder_add_step(b, STEP_CGROUP_ENTER);
	if (b->facts->cgroup != CGROUP_V2)
		(void)builder_add_step(b, STEP_CGROUP_NS);
}

static void build_mounts(struct builder *b)
{
	const struct policy *policy = b->policy;

	/* First of all: until the tree is a slave, what follows would reach the host. */
	(void)add_path_step(b, STEP_PROPAGATION,
			    policy->mount.propagation == PROPAGATION_PRIVATE ? "private" : "slave");
	/* Sources of binds are taken before anything covers them; targets on top of covers come later. */
	if (policy->mount.suid == SUID_PATHS)
		add_list(b, STEP_SUID_KEEP, &policy->mount.suid_paths);
	if (policy->mount.suid != SUID_YES)
		(void)builder_add_step(b, STEP_NOSUID);
	if (policy->mount.suid == SUID_PATHS)
		(void)builder_add_step(b, STEP_SUID_RESTORE);
	/* Before the lists, which may name paths below /proc, and before what looks for processes there. */
	if (policy->pid.enable)
		builder_add_step(b, STEP_PROC)->flags =
			policy->mount.proc_hidepid ? STEP_HIDEPID : 0;
	/* Before what is mounted for the namespaces that it owns. */
	plan_user_add(b);
	add_home(b);
	add_tmpfs(b, "/tmp", &policy->mount.tmp, 0);
	add_tmpfs(b, "/var/tmp", &policy->mount.var_tmp, 0);
	add_tmpfs(b, "/dev/shm", &policy->mount.dev_shm, 0);
	if (!policy->mount.run_user)
		add_tmpfs(b, "/run/screen", &screen, STEP_MAYBE);
	if (policy->ipc.enable)
		(void)builder_add_step(b, STEP_MQUEUE);
	add_binds(b, &policy->mount.bind);
	add_list(b, STEP_READ_ONLY, &policy->mount.read_only);
	add_list(b, STEP_NOEXEC, &policy->mount.noexec);
	/* Holds the empty file and folder that hidden paths are covered with. */
	(void)add_path_step(b, STEP_RUNDIR, NSISO_RUNDIR);
	build_cgroup(b);
	/* Before what the policy hides. */
	plan_cgroup_add_view(b);
	add_doors(b);
	add_list(b, STEP_HIDE, &policy->mount.hide);
	/* A copy of the finished tree, in which all of it is locked. */
	if (policy->user.map == MAP_ROOT)
		(void)builder_add_step(b, STEP_USER_MOUNTS);
}

static void build_init(struct builder *b)
{
	const struct policy *policy = b->policy;

	b->actor = ACTOR_INIT;
	build_mounts(b);
	if (policy->uts.enable)
		add_hostname(b);
	if (policy->net.mode == NET_NONE)
		(void)builder_add_step(b, STEP_LOOPBACK_UP);
}

int plan_build(const struct policy *policy, const struct facts *facts, struct plan *ret,
	       struct errmsg *e)
{
	static const struct errmsg no_error;
	struct plan plan;
	struct builder b = { .plan = &plan, .policy = policy, .facts = facts, .e = e };

	*e = no_error;
	memset(&plan, 0, offsetof(struct plan, steps));
	plan.text[0] = '\0';
	plan.text_len = 1;
	plan.version = PLAN_VERSION;
	plan.uid = facts->uid;
	plan.gid = facts->gid;
	plan.init_uid = facts->init_uid;
	plan.init_gid = facts->init_gid;
	plan.grace = policy->session.grace;
	plan.linger = policy->session.linger;
	plan.idle = policy->session.idle;
	plan.lifetime = policy->session.max_lifetime;
	plan.no_new_privs = policy->caps.no_new_privs;
	plan.bounding = policy->caps.bounding;
	plan.map = policy->user.map;
	plan.nested = policy->user.nested;
	plan.warn_outside = policy->session.outside == OUTSIDE_WARN;
	plan.namespaces = namespaces(&b);
	plan.user = add_string(&b, facts->user);
	plan.id = add_string(&b, facts->id);
	plan.shell = add_string(&b, policy->session.shell);
	plan.home = add_string(&b, facts->home);
	build_opener(&b);
	build_supervisor(&b);
	build_init(&b);
	if (b.error < 0)
		return b.error;
	memcpy(ret, &plan, offsetof(struct plan, steps) + plan.n_steps * sizeof(plan.steps[0]));
	memcpy(ret->text, plan.text, plan.text_len);
	return 0;
}
