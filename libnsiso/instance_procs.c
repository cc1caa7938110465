/* The processes of an instance; see instance_procs.h. */
#include "instance_procs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"

#define DEPTH_MAX 32 /* cgroups within each other that are looked at; a user may make some */

static int add(struct pid_list *list, pid_t pid)
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		void *pids = reallocarray(list->pid, room, sizeof(list->pid[0]));

		if (!pids)
			return -ENOMEM;
		list->pid = pids;
		list->room = room;
	}
	list->pid[list->n++] = pid;
	return 0;
}

void pid_list_done(struct pid_list *list)
{
	free(list->pid);
	*list = (struct pid_list){ .n = 0 };
}

static int read_list(int dir, struct pid_list *ret)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), r = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[32];

	if (!file) {
		close_fd(&fd);
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	}
	while (r == 0 && fgets(line, sizeof(line), file)) {
		long pid = strtol(line, NULL, 10);

		/* 0: one that this process cannot see. */
		if (pid > 0)
			r = add(ret, (pid_t)pid);
	}
	(void)fclose(file);
	/* ENOTSUP: a threaded cgroup; its processes stand in the one above. */
	return r;
}

static int read_folder(int at, const char *name, unsigned depth, struct pid_list *ret)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!entries) {
		close_fd(&fd);
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	}
	r = read_list(fd, ret);
	while (r == 0 && depth < DEPTH_MAX && (entry = readdir(entries)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			r = read_folder(fd, entry->d_name, depth + 1, ret);
	(void)closedir(entries);
	return r;
}

static bool read_ns(const char *pid, const char *name, struct stat *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/ns/%s", pid, name);
	return stat(path, ret) == 0;
}

/* Which of its namespaces tells its processes from all others. */
static const char *telling_namespace(const char *init, struct stat *ret)
{
	struct stat own;

	if (read_ns(init, "pid", ret) && read_ns("self", "pid", &own) && own.st_ino != ret->st_ino)
		return "pid";
	return read_ns(init, "mnt", ret) ? "mnt" : NULL;
}

static int search_proc(const struct instance_record *record, struct pid_list *ret)
{
	AUTO_CLOSE int init = process_open(&record->init);
	struct stat wanted, st;
	struct dirent *entry;
	const char *name;
	char pid[16];
	DIR *entries;
	int r = 0;

	(void)snprintf(pid, sizeof(pid), "%d", (int)record->init.pid);
	name = init < 0 ? NULL : telling_namespace(pid, &wanted);
	entries = name ? opendir("/proc") : NULL;
	while (entries && r == 0 && (entry = readdir(entries)))
		if (isdigit((unsigned char)entry->d_name[0]) && read_ns(entry->d_name, name, &st) &&
		    st.st_ino == wanted.st_ino)
			r = add(ret, (pid_t)strtol(entry->d_name, NULL, 10));
	if (entries)
		(void)closedir(entries);
	return r;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int instance_procs(const struct instance_record *record, struct pid_list *ret, struct errmsg *e)
{
	size_t i, n = 0;
	int r;

	*ret = (struct pid_list){ .n = 0 };
	/* One hierarchy has them all. */
	if (record->n_cgroups)
		r = read_folder(AT_FDCWD, record->cgroup[0].path, 0, ret);
	else
		r = search_proc(record, ret);
	if (r < 0) {
		pid_list_done(ret);
		return errmsg_set(e, r, "cannot list the processes of instance %s", record->id);
	}
	if (ret->n)
		qsort(ret->pid, ret->n, sizeof(ret->pid[0]), compare);
	/* One that moves from one cgroup to another is seen twice. */
	for (i = 0; i < ret->n; i++)
		if (n == 0 || ret->pid[n - 1] != ret->pid[i])
			ret->pid[n++] = ret->pid[i];
	ret->n = n;
	return 0;
}
