/* What the user's process of a trial sees; see trial.h.  It says so itself: nobody else sees the same. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "login.h"
#include "trial.h"
#include "wire.h"

static int become(const struct trial *trial, struct errmsg *e)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_welcome welcome;
	int r;

	/* As nsshell: between entering and giving up this process has more than the user's others. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return errmsg_set(e, -errno, "cannot forbid tracing");
	r = enter_user_become(&trial->shared->user, e);
	if (r == 0)
		r = login_ask(&welcome, &fds, e);
	if (r > 0)
		return errmsg_setx(e, -ESRCH, "no init answers");
	if (r == 0)
		r = login_enter(&welcome, &fds, e);
	return r < 0 ? r : login_give_up(&welcome, e);
}

/* Those of the user, and what the instance itself consists of. */
static bool is_own(const struct trial *trial, uid_t uid)
{
	const struct plan *plan = &trial->shared->opener.plan;

	return uid == getuid() || uid == plan->uid || uid == plan->init_uid;
}

static void processes_check(const struct trial *trial)
{
	DIR *proc = opendir("/proc");
	unsigned seen = 0, foreign = 0;
	struct dirent *entry;
	struct stat st;

	if (!proc) {
		trial_tell(trial, false, "processes: cannot read /proc: %s", strerror(errno));
		return;
	}
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    fstatat(dirfd(proc), entry->d_name, &st, 0) < 0)
			continue;
		seen++;
		/* What is not mapped is shown as nobody's; PID 1 alone may be. */
		foreign += !is_own(trial, st.st_uid) && strcmp(entry->d_name, "1") != 0;
	}
	(void)closedir(proc);
	trial_tell(trial, seen > 0 && foreign == 0,
		   "processes: %u to be seen, %u of them of others", seen, foreign);
}

static void proc_check(const struct trial *trial)
{
	char self[16] = "", pid[16];

	if (!trial->shared->policy.pid.enable)
		return;
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (readlink("/proc/self", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	trial_tell(trial, strcmp(self, pid) == 0, "/proc: is the instance's, this process is %s",
		   *self ? self : "not there");
	processes_check(trial);
}

static void hidden_check(const struct trial *trial)
{
	const struct plan *plan = &trial->shared->opener.plan;
	unsigned hidden = 0, open_paths = 0;

	for (unsigned i = 0; i < plan->n_steps; i++) {
		const char *path = plan_text(plan, plan->steps[i].s1);
		AUTO_CLOSE int fd = -1;

		if (plan->steps[i].kind != STEP_HIDE)
			continue;
		hidden++;
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			continue;
		open_paths++;
		trial_tell(trial, false, "hidden: %s can be opened", path);
	}
	if (hidden && !open_paths)
		trial_tell(trial, true, "hidden: none of %u paths can be opened", hidden);
}

static void tmpfs_check(const struct trial *trial)
{
	const struct plan *plan = &trial->shared->opener.plan;

	for (unsigned i = 0; i < plan->n_steps; i++) {
		const char *path = plan_text(plan, plan->steps[i].s1);
		AUTO_CLOSE int fd = -1;

		if (plan->steps[i].kind != STEP_TMPFS || trial_is_covered(plan, i))
			continue;
		fd = open(path, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
		if (fd < 0 && errno == ENOENT && (plan->steps[i].flags & STEP_MAYBE))
			continue;
		trial_tell(trial, fd >= 0, "%s: %s", path,
			   fd >= 0 ? "can be written" : strerror(errno));
	}
}

static void names_check(const struct trial *trial)
{
	const struct plan *plan = &trial->shared->opener.plan;
	char name[65] = "";

	if (gethostname(name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	for (unsigned i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == STEP_HOSTNAME)
			trial_tell(trial, strcmp(name, plan_text(plan, plan->steps[i].s1)) == 0,
				   "host name: %s", name);
}

static void root_check(const struct trial *trial)
{
	if (trial->shared->policy.user.map == MAP_ROOT)
		trial_tell(trial, getuid() == 0, "user: uid %u inside", (unsigned)getuid());
	else
		trial_tell(trial,
			   setresuid(0, 0, 0) < 0 && getuid() == trial->shared->user.facts.uid,
			   "user: uid %u, and no way to be root", (unsigned)getuid());
}

int trial_look_inside(struct trial *trial)
{
	struct trial_message message = { .kind = TRIAL_USER };
	struct errmsg e = { .text = "" };

	if (become(trial, &e) < 0) {
		trial_tell(trial, false, "login: %s", e.text);
		return 1;
	}
	trial_send(trial, &message);
	if (recv(trial->sock, &message, sizeof(message), 0) != (ssize_t)sizeof(message))
		return 1;
	root_check(trial);
	proc_check(trial);
	hidden_check(trial);
	tmpfs_check(trial);
	names_check(trial);
	return 0;
}
