/*
 * What runs now: processes of isolated users that are in no instance, through which such a user gets out
 * (a tmux server of before), and instances that nobody supervises.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "doctor.h"
#include "doctor_accounts.h"
#include "errmsg.h"
#include "instance_list.h"
#include "override.h"

static const struct doctor_rule rule_outside = {
	"process-outside", SEVERITY_PROBLEM,
	"what it listens on in the home lets the user run commands on the host",
	"end it, or log the user out and in again"
};
static const struct doctor_rule rule_disabled = { "isolation-disabled", SEVERITY_PROBLEM,
						  "no new login is isolated", "nsisoctl enable" };
static const struct doctor_rule rule_stale = {
	"instance-stale", SEVERITY_WARNING, "its supervisor was killed, and nobody cleans up",
	"the user's next login does; or end its processes, and remove the folder"
};

/* A process's own line, made fit for print. */
static void command_read(int dir, char *ret, size_t size)
{
	AUTO_CLOSE int fd = openat(dir, "cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (n < 0)
		n = 0;
	ret[n] = '\0';
	while (n > 0 && ret[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (ret[i] < ' ' || ret[i] > '~')
			ret[i] = ret[i] == '\0' ? ' ' : '?';
}

static void process_check(struct doctor *d, const char *pid, const struct stat *ours)
{
	const struct doctor_account *account;
	char path[32], command[80] = "";
	AUTO_CLOSE int dir = -1;
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%.15s", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* The folder belongs to the effective user id always (fs/proc: task_dump_owner()). */
	if (dir < 0 || fstat(dir, &st) < 0 || st.st_uid == 0)
		return;
	account = account_find_uid(d->users, st.st_uid);
	if (!account || !account->is_isolated)
		return;
	if (fstatat(dir, "ns/mnt", &st, 0) < 0 || st.st_ino != ours->st_ino ||
	    st.st_dev != ours->st_dev)
		return;
	command_read(dir, command, sizeof(command));
	doctor_add(d, &rule_outside, NULL, 0, "%s: process %s is in no instance: %s", account->name,
		   pid, command);
}

static void processes_check(struct doctor *d)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct stat ours;

	if (!proc)
		return;
	if (stat("/proc/self/ns/mnt", &ours) == 0)
		while ((entry = readdir(proc)))
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				process_check(d, entry->d_name, &ours);
	(void)closedir(proc);
}

static int instance_check(void *ctx, const struct instance_found *found, struct errmsg *e)
{
	AUTO_FREE char *folder = NULL;

	(void)e;
	if (found->life != INSTANCE_DEAD)
		return 0;
	if (asprintf(&folder, NSISO_RUNDIR "/%s/%s", found->user, found->id) < 0)
		folder = NULL;
	doctor_add(ctx, &rule_stale, folder, 0, "%s: instance %s is left over", found->user,
		   found->id);
	return 0;
}

void doctor_processes(struct doctor *d)
{
	struct override override;
	struct errmsg ignored;

	if (!d->is_live)
		return;
	if (override_read(OVERRIDE_PATH, &override, &ignored) > 0)
		doctor_add(d, &rule_disabled, OVERRIDE_PATH, 0, "switched off by %s for %lu s more",
			   override.by, (unsigned long)(override.until - override_now()));
	processes_check(d);
	(void)instance_walk(NSISO_RUNDIR, NULL, instance_check, d, &ignored);
}
