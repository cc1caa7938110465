/*
 * pam_bare: the floor that pam_nsiso is measured against.  It makes namespaces, an init and mounts by bare
 * system calls in the caller itself, and nothing else: no policy, no record, no supervisor, nothing that
 * would make it of use.
 *
 * Arguments, in the order of the work: ns=mount,pid,ipc,uts,time,cgroup,net   nosuid   tmpfs=PATH
 * bind=SRC:DST   mqueue   cgroup=FOLDER (a v1 or v2 one that it makes a folder in and enters)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "sys.h"

#define DATA_NAME "nsiso_bench_bare"

struct bare {
	pid_t init;
	char folder[512]; /* cgroup; empty: none */
	char origin[512]; /* its parent's list of tasks */
};

static const struct {
	const char *name;
	unsigned long flag;
} names[] = {
	{ "mount", SYS_NEWNS }, { "pid", SYS_NEWPID },   { "ipc", SYS_NEWIPC },
	{ "uts", SYS_NEWUTS },  { "time", SYS_NEWTIME }, { "cgroup", SYS_NEWCGROUP },
	{ "net", SYS_NEWNET },
};

static unsigned long read_namespaces(const char *list)
{
	unsigned long flags = 0;
	size_t i, len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len && strncmp(names[i].name, list, len) == 0)
				flags |= names[i].flag;
	}
	return flags;
}

static int write_text(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		r = -1;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* As the product: v1 by "tasks", where that is the cheaper of the two. */
static int enter_cgroup(struct bare *bare, const char *parent)
{
	char file[600];

	(void)snprintf(file, sizeof(file), "%s/tasks", parent);
	(void)snprintf(bare->origin, sizeof(bare->origin), "%s/%s", parent,
		       access(file, F_OK) == 0 ? "tasks" : "cgroup.procs");
	(void)snprintf(bare->folder, sizeof(bare->folder), "%s/bare.%d", parent, (int)getpid());
	(void)snprintf(file, sizeof(file), "%s/%s", bare->folder, strrchr(bare->origin, '/') + 1);
	return mkdir(bare->folder, 0755) < 0 ? -1 : write_text(file, "0");
}

static int make_bind(const char *argument)
{
	char source[512];
	const char *colon = strchr(argument, ':');

	if (!colon)
		return -1;
	(void)snprintf(source, sizeof(source), "%.*s", (int)(colon - argument), argument);
	return mount(source, colon + 1, NULL, MS_BIND | MS_REC, NULL);
}

static int make_one(struct bare *bare, const char *argument)
{
	struct sys_mount_attr nosuid = { .attr_set = SYS_ATTR_NOSUID };

	if (strncmp(argument, "ns=", 3) == 0) {
		if (unshare((int)read_namespaces(argument + 3)) < 0)
			return -1;
		return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	}
	if (strcmp(argument, "nosuid") == 0)
		return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", SYS_RECURSIVE, &nosuid,
				    sizeof(nosuid));
	if (strncmp(argument, "tmpfs=", 6) == 0)
		return mount("bare", argument + 6, "tmpfs", MS_NOSUID | MS_NODEV,
			     "mode=1777,size=1m");
	if (strncmp(argument, "bind=", 5) == 0)
		return make_bind(argument + 5);
	if (strcmp(argument, "mqueue") == 0)
		return mount("bare", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			     NULL);
	if (strncmp(argument, "cgroup=", 7) == 0)
		return enter_cgroup(bare, argument + 7);
	errno = EINVAL;
	return -1;
}

/* PID 1: its /proc, and the word that it is there. */
static __attribute__((noreturn)) void run_init(int ready)
{
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	(void)close(ready);
	for (;;)
		(void)pause();
}

static int start_init(struct bare *bare)
{
	int ready[2];
	ssize_t n;
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	bare->init = fork();
	if (bare->init == 0)
		run_init(ready[1]);
	(void)close(ready[1]);
	n = bare->init < 0 ? -1 : read(ready[0], &c, 1);
	(void)close(ready[0]);
	return n == 1 ? 0 : -1;
}

static void free_bare(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh, (void)status;
	free(data);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct bare *bare = calloc(1, sizeof(*bare));
	int i;

	(void)flags;
	if (!bare)
		return PAM_SYSTEM_ERR;
	for (i = 0; i < argc; i++) {
		if (make_one(bare, argv[i]) < 0) {
			pam_syslog(pamh, LOG_ERR, "%s: %s", argv[i], strerror(errno));
			free(bare);
			return PAM_SYSTEM_ERR;
		}
	}
	if (start_init(bare) < 0 || pam_set_data(pamh, DATA_NAME, bare, free_bare) != PAM_SUCCESS) {
		free(bare);
		return PAM_SYSTEM_ERR;
	}
	return PAM_SUCCESS;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *data = NULL;
	const struct bare *bare;

	(void)flags, (void)argc, (void)argv;
	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS)
		return PAM_IGNORE;
	bare = data;
	(void)kill(bare->init, SIGKILL);
	(void)waitpid(bare->init, NULL, 0);
	if (bare->folder[0]) {
		(void)write_text(bare->origin, "0");
		(void)rmdir(bare->folder);
	}
	return PAM_SUCCESS;
}
