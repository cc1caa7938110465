/*
 * The end of an instance, from its record alone: the same code for an orderly end, for leftovers of a
 * killed supervisor, and for an opening that failed half-way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "state_uid.h"

#define END_TIMEOUT 2000 /* ms for a killed process to be gone */

/* Missing is fine: it may have been removed before, or never made. */
static int remove_at(int dir, const char *name, int flags, struct errmsg *e)
{
	if (unlinkat(dir, name, flags) < 0 && errno != ENOENT)
		return errmsg_set(e, -errno, "cannot remove %s", name);
	return 0;
}

static int remove_files(int dir, struct errmsg *e)
{
	static const struct {
		const char *name;
		int flags;
	} files[] = {
		{ "ctl", 0 },           { "in/init", 0 },
		{ "in/events", 0 },     { "in/.events", 0 },
		{ "in/status", 0 },     { "in/su", 0 },
		{ "in/null", 0 },       { "in/void", AT_REMOVEDIR },
		{ "in", AT_REMOVEDIR }, { "record", 0 },
	};
	size_t i;
	int r;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		r = remove_at(dir, files[i].name, files[i].flags, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is set for a user as long as there is an instance; names with a dot are none of instances. */
static void remove_settings(int user)
{
	static const char *const files[] = { ".applied", ".applied.new", ".limits", ".limits.new",
					     ".frozen" };
	int fd = openat(user, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	bool has_instance = false;
	struct dirent *entry;
	size_t i;

	if (!entries) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(entries)))
		has_instance = has_instance || entry->d_name[0] != '.';
	(void)closedir(entries);
	for (i = 0; i < sizeof(files) / sizeof(files[0]) && !has_instance; i++)
		(void)unlinkat(user, files[i], 0);
}

/* The user's folder goes with its last instance; a login that has just opened it makes it anew. */
static int remove_folders(int dir, const char *id, const struct instance_record *record,
			  struct errmsg *e)
{
	AUTO_CLOSE int user = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int state = -1;
	int r;

	if (user < 0)
		return errno == ENOENT ? 0 : errmsg_set(e, -errno, "cannot open the user's folder");
	state = openat(user, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = remove_at(user, id, AT_REMOVEDIR, e);
	if (r < 0 || state < 0 || record->user[0] == '\0')
		return r;
	r = unlinkat(state, record->user, AT_REMOVEDIR);
	if (r < 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
		remove_settings(user);
		r = unlinkat(state, record->user, AT_REMOVEDIR);
	}
	if (r == 0)
		state_uid_forget(state, record->user, record->uid);
	return 0;
}

/* Where the folder of instances is on a disk. */
static bool is_of_this_boot(const struct instance_record *record)
{
	char boot[PROCESS_BOOT_MAX];

	return record->boot[0] == '\0' || process_boot(boot) < 0 || strcmp(boot, record->boot) == 0;
}

int instance_end(int dir, const char *id, struct errmsg *e)
{
	struct instance_record record;
	unsigned i;
	int r;

	r = instance_read(dir, &record, e);
	if (r < 0 && r != -ENOENT)
		return r;
	/* An init outlives its supervisor for the moment that its death signal takes, but not this boot. */
	r = is_of_this_boot(&record) ? process_kill(&record.init, END_TIMEOUT) : 0;
	if (r < 0)
		return errmsg_set(e, r, "cannot end init %d", (int)record.init.pid);
	for (i = 0; i < record.n_cgroups; i++) {
		r = cgroup_end(&record.cgroup[i], e);
		if (r < 0)
			return r;
	}
	r = remove_files(dir, e);
	if (r < 0)
		return r;
	return remove_folders(dir, id, &record, e);
}

int instance_kill(const struct instance_record *record, struct errmsg *e)
{
	int r = process_kill(&record->init, END_TIMEOUT);

	if (r == 0)
		r = process_kill(&record->supervisor, END_TIMEOUT);
	return r < 0 ? errmsg_set(e, r, "cannot kill the supervisor or init of instance %s",
				  record->id) :
		       0;
}
