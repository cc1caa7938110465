/*
 * Root's way out of an instance; see pam_leave.h.  There is no door for it that somebody else could knock at:
 * with [pid] enable = no, which su = leave needs because no process gets back into a process id namespace
 * above its own (man 7 pid_namespaces), the supervisor has a number here, and the kernel lets nobody into its
 * namespaces but who has the capabilities for that in the host's user namespace.
 */
#include "pam_leave.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "instance_ask.h"
#include "namespaces.h"
#include "nsiso.h"
#include "opener.h"
#include "process.h"
#include "sys.h"

#define FILE_SU NSISO_RUNDIR "/su"
#define DATA_NAME "nsiso_left"
#define TOLD "sessions of root are not allowed from here"

int pam_leave_is_due(struct errmsg *e)
{
	struct stat st;

	if (lstat(FILE_SU, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return errmsg_set(e, -errno, "cannot examine " FILE_SU);
		return 0;
	}
	return S_ISREG(st.st_mode) && st.st_uid == 0;
}

/* "leave FOLDER" or "refuse FOLDER", the folder of the instance on the host. */
static int read_su(bool *leave, char *folder, size_t size, struct errmsg *e)
{
	AUTO_CLOSE int fd = open(FILE_SU, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[NSISO_PATH_MAX + 128], *space;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return errmsg_set(e, -errno, "cannot read " FILE_SU);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	space = strchr(text, ' ');
	if (!space)
		return errmsg_setx(e, -EPROTO, FILE_SU " says nothing");
	*space = '\0';
	*leave = strcmp(text, "leave") == 0;
	(void)snprintf(folder, size, "%s", space + 1);
	return 0;
}

/*
 * Its child is the init, whose socket is in the run folder: the kernel tells who listens on it (man 7 unix,
 * SO_PEERCRED).
 */
static int open_supervisor(struct errmsg *e)
{
	AUTO_CLOSE int dir = open(NSISO_RUNDIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int conn = -1;
	struct ucred init = { .pid = 0 };
	socklen_t size = sizeof(init);
	int fd;

	conn = dir < 0 ? -errno : instance_connect(dir, "init");
	if (conn < 0)
		return errmsg_set(e, conn, "cannot reach the init of the instance");
	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &init, &size) < 0)
		return errmsg_set(e, -errno, "cannot tell who the init of the instance is");
	fd = process_open_parent(init.pid);
	return fd < 0 ? errmsg_set(e, fd, "cannot reach the supervisor of the instance") : fd;
}

/* In the same folder, where the host has that at the same path. */
static int enter_host(int supervisor, struct errmsg *e)
{
	char cwd[PATH_MAX];
	struct stat before, after;
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/' && stat(".", &before) == 0;
	uint64_t namespaces;

	if (namespaces_known(&namespaces, e) < 0)
		return e->code;
	/* The pid namespace is the same one, or it all fails; the user namespace is always the host's. */
	if (setns(supervisor, (int)(namespaces & ~SYS_NEWUSER)) < 0)
		return errmsg_set(e, -errno, "cannot join the host's namespaces");
	/* A private folder's path may lead to somebody else's folder on the host. */
	if (has_cwd && (chdir(cwd) < 0 || stat(".", &after) < 0 || after.st_dev != before.st_dev ||
			after.st_ino != before.st_ino))
		(void)!chdir("/");
	return 0;
}

/* To where the login that made the instance came from: the user's limits are not root's, nor is the end. */
static int leave_cgroups(const struct instance_record *record, struct errmsg *e)
{
	unsigned i;

	for (i = 0; i < record->n_cgroups; i++) {
		const char *origin = record->cgroup[i].origin;
		AUTO_CLOSE int procs = open(origin, O_WRONLY | O_CLOEXEC);

		if (procs < 0 || write(procs, "0", 1) != 1)
			return errmsg_set(e, -errno, "cannot move into %s", origin);
	}
	return 0;
}

/* The folder is to be seen only now. */
static int leave_instance(const char *folder, struct instance_record *ret, struct errmsg *e)
{
	AUTO_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (dir < 0)
		return errmsg_set(e, -errno, "cannot open %s", folder);
	r = instance_read(dir, ret, e);
	return r < 0 ? r : leave_cgroups(ret, e);
}

static void free_data(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh, (void)status;
	free(data);
}

/* For the end's line in the log: the instance's folder; what can fail must fail before anything is left. */
static int keep_data(pam_handle_t *pamh, const char *folder, struct errmsg *e)
{
	char *copy = strdup(folder);

	if (!copy || pam_set_data(pamh, DATA_NAME, copy, free_data) != PAM_SUCCESS) {
		free(copy);
		return errmsg_setx(e, -ENOMEM, "PAM cannot keep the session");
	}
	return 0;
}

static int leave(pam_handle_t *pamh, const struct facts *facts, const char *folder,
		 struct errmsg *e)
{
	struct instance_record record = { .n_cgroups = 0 };
	AUTO_CLOSE int supervisor = -1;
	int r = opener_check_caller(e);

	if (r < 0)
		return r;
	supervisor = open_supervisor(e);
	if (supervisor < 0)
		return supervisor;
	r = keep_data(pamh, folder, e);
	if (r < 0)
		return r;
	r = enter_host(supervisor, e);
	if (r == 0)
		r = leave_instance(folder, &record, e);
	if (r < 0) {
		(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
		return r;
	}
	pam_syslog(pamh, LOG_NOTICE, "session left: user=%s service=%s id=%s from=%s instance=%s",
		   facts->user, facts->service, facts->id, record.user, record.id);
	return 0;
}

int pam_leave_run(pam_handle_t *pamh, const struct facts *facts, const char **told,
		  struct errmsg *e)
{
	char folder[NSISO_PATH_MAX + 128];
	bool leaves = false;
	int r = read_su(&leaves, folder, sizeof(folder), e);

	if (r < 0)
		return r;
	if (leaves)
		return leave(pamh, facts, folder, e);
	*told = TOLD;
	return errmsg_setx(e, -EPERM,
			   "su = refuse: user %s cannot be entered from inside the instance %s",
			   facts->user, folder);
}

bool pam_leave_close(pam_handle_t *pamh)
{
	const void *folder = NULL;

	if (pam_get_data(pamh, DATA_NAME, &folder) != PAM_SUCCESS || !folder)
		return false;
	pam_syslog(pamh, LOG_NOTICE, "session closed: user=root left=%s", (const char *)folder);
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return true;
}
