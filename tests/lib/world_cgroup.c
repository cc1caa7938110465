/* The cgroups of a test, and what sessions leave behind; see world_cgroup.h and world.h. */
#include "world_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nsiso.h"
#include "tap.h"
#include "world.h"

#define ROOT "/sys/fs/cgroup"
#define CGROUPS_MAX 8

static struct {
	char top[512];  /* "" : none */
	char leaf[544]; /* where the test's processes are */
} cgroup[CGROUPS_MAX];
static unsigned n_cgroups;
static char parent[512] = "self";
static size_t n_mounts;

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* v2 alone: only leaves hold processes, and controllers have to be handed down. */
static void hand_down(const char *top)
{
	static const char *const controllers[] = { "+memory", "+pids", "+cpu" };
	char path[600];
	size_t i;

	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		(void)snprintf(path, sizeof(path), "%.*s/cgroup.subtree_control",
			       (int)(strrchr(top, '/') - top), top);
		(void)put(path, controllers[i]);
		(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
		(void)put(path, controllers[i]);
	}
}

static void make_one(const char *mount, const char *own, bool leaf)
{
	char top[sizeof(cgroup[0].top)];

	(void)snprintf(top, sizeof(top), "%s%s/nsiso-test.%d", mount,
		       strcmp(own, "/") == 0 ? "" : own, (int)getpid());
	if (mkdir(top, 0755) < 0)
		tap_skip_all("cannot make cgroup %s: %s", top, strerror(errno));
	memcpy(cgroup[n_cgroups].top, top, sizeof(top));
	(void)snprintf(cgroup[n_cgroups].leaf, sizeof(cgroup[0].leaf), "%s%s", top,
		       leaf ? "/tests" : "");
	n_cgroups++;
	if (!leaf)
		return;
	hand_down(top);
	(void)mkdir(cgroup[n_cgroups - 1].leaf, 0755);
	(void)snprintf(parent, sizeof(parent), "%s", top + strlen(ROOT));
}

/* A line of /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH". */
static void make_for(char *line)
{
	char *list = strchr(line, ':') + 1, *path = strchr(list, ':'), mount[64];

	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (*list == '\0' && access(ROOT "/cgroup.controllers", F_OK) == 0)
		make_one(ROOT, path, true);
	else if (*list == '\0' && access(ROOT "/unified/cgroup.controllers", F_OK) == 0)
		make_one(ROOT "/unified", path, false);
	else if (strcmp(list, "memory") == 0 || strcmp(list, "pids") == 0 ||
		 strncmp(list, "cpu", 3) == 0) {
		(void)snprintf(mount, sizeof(mount), ROOT "/%s", list[0] == 'c' ? "cpu" : list);
		make_one(mount, path, false);
	}
}

void world_cgroup_make(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[4096];

	while (file && fgets(line, sizeof(line), file) && n_cgroups < CGROUPS_MAX)
		if (!strstr(line, "cpuset") && !strstr(line, ":cpuacct:"))
			make_for(line);
	if (file)
		(void)fclose(file);
}

void world_cgroup_enter(void)
{
	char path[600];
	unsigned i;

	for (i = 0; i < n_cgroups; i++) {
		(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup[i].leaf);
		if (!put(path, "0"))
			tap_bail("cannot enter %s: %s", path, strerror(errno));
	}
}

const char *world_cgroup_parent(void)
{
	return n_cgroups ? parent : NULL;
}

/* Kills the members of one folder; whether there were any. */
static bool kill_members(const char *folder)
{
	char path[1024], line[32];
	bool any = false;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		(void)kill((pid_t)atoi(line), SIGKILL);
		any = true;
	}
	if (file)
		(void)fclose(file);
	return any;
}

/* Removes the folder and all below it; the number of folders below. */
static int remove_tree(const char *folder)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[1024];
	int n = 0, tries;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		n += 1 + remove_tree(path);
	}
	if (dir)
		(void)closedir(dir);
	for (tries = 0;
	     tries < 400 && (kill_members(folder) || rmdir(folder) < 0) && errno != ENOENT; tries++)
		(void)nanosleep(&pause, NULL);
	return n;
}

bool world_cgroup_remove(void)
{
	bool good = true;
	unsigned i;

	for (i = 0; i < n_cgroups; i++) {
		bool leaf = strcmp(cgroup[i].top, cgroup[i].leaf) != 0;

		good = remove_tree(cgroup[i].top) == (leaf ? 1 : 0) && good;
		good = access(cgroup[i].top, F_OK) < 0 && good;
	}
	return good;
}

static size_t count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	size_t n = 0;

	while (file && fgets(line, sizeof(line), file))
		n++;
	if (file)
		(void)fclose(file);
	return n;
}

/* Adds the entries of a folder but one; "WHAT NAME; ". */
static void list(const char *what, const char *folder, const char *but, char *ret, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t used = strlen(ret);

		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
		    strcmp(entry->d_name, but) != 0)
			(void)snprintf(ret + used, size - used, "%s %s; ", what, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

void world_remember(void)
{
	n_mounts = count_mounts();
}

void world_leftovers(char *ret, size_t size)
{
	size_t mounts = count_mounts(), used;
	unsigned i;

	ret[0] = '\0';
	list("state folder", NSISO_RUNDIR, "", ret, size);
	for (i = 0; i < n_cgroups; i++)
		list("cgroup", cgroup[i].top, "tests", ret, size);
	used = strlen(ret);
	if (mounts != n_mounts)
		(void)snprintf(ret + used, size - used, "%zu mounts in place of %zu; ", mounts,
			       n_mounts);
}
