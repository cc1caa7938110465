/* Files of a cgroup folder, devices by path; see cgroup_files.h. */
#include "cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "nsiso.h"

#define FILE_MAX 4096 /* bytes of a limit's file: io.max has a line for each device */

int cgroup_file_read(int dir, const char *file, char *ret, size_t size)
{
	AUTO_CLOSE int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (n < 0)
		return errno ? -errno : -EIO;
	if (n && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

int cgroup_file_write(int dir, const char *file, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? (errno ? -errno : -EIO) : 0;
}

bool cgroup_file_is(const char *have, const char *want, enum cgroup_form form)
{
	uint64_t a, b, page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t len = strlen(want);
	char *end;

	if (form == FORM_LINE)
		return strncmp(have, want, len) == 0 && (have[len] == '\0' || have[len] == '\n');
	if (strcmp(have, want) == 0)
		return true;
	if (form != FORM_BYTES || have[0] < '0' || have[0] > '9' || want[0] < '0' || want[0] > '9')
		return false;
	a = strtoull(have, &end, 10);
	b = strtoull(want, NULL, 10);
	return *end == '\0' && a / page == b / page;
}

int cgroup_file_set(int dir, const char *file, const char *text, enum cgroup_form form,
		    struct errmsg *e)
{
	char have[FILE_MAX] = "";
	int r = cgroup_file_read(dir, file, have, sizeof(have));

	if (r < 0)
		return errmsg_set(e, r, "cannot read %s", file);
	if (cgroup_file_is(have, text, form))
		return 0;
	/* An empty value is a line, too: nothing written would be no write at all. */
	r = cgroup_file_write(dir, file, *text ? text : "\n");
	if (r < 0)
		return errmsg_set(e, r, "cannot set %s to %s", file, text);
	r = cgroup_file_read(dir, file, have, sizeof(have));
	if (r < 0 || !cgroup_file_is(have, text, form))
		return errmsg_setx(e, -EIO, "%s is %s after it was set to %s", file, have, text);
	return 0;
}

/* A partition has a file of that name, and its disk is the folder above (Documentation/ABI/testing/sysfs-block). */
static int whole_disk(unsigned major, unsigned minor, char *ret, size_t size)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major, minor);
	if (access(path, F_OK) == 0) {
		(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major, minor);
		return cgroup_file_read(AT_FDCWD, path, ret, size);
	}
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dev", major, minor);
	r = cgroup_file_read(AT_FDCWD, path, ret, size);
	return r;
}

int cgroup_device(const char *path, char *ret, size_t size, struct errmsg *e)
{
	struct stat st;
	dev_t device;
	int r;

	if (stat(path, &st) < 0)
		return errmsg_set(e, -errno, "cannot find the disk of %s", path);
	if (S_ISCHR(st.st_mode))
		return errmsg_setx(e, -ENOTBLK, "%s is a character device, not a disk", path);
	device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	r = major(device) ? whole_disk(major(device), minor(device), ret, size) : -ENOTBLK;
	if (r < 0)
		return errmsg_setx(e, r,
				   "%s does not lie on a disk that the kernel names: "
				   "io.max wants the device itself",
				   path);
	return 0;
}

static bool is_empty(int dir, const char *file)
{
	char text[FILE_MAX] = "";

	return cgroup_file_read(dir, file, text, sizeof(text)) == 0 && text[0] == '\0';
}

static int copy_file(int from, int to, const char *file)
{
	char text[FILE_MAX] = "";
	int r;

	if (!is_empty(to, file))
		return 0;
	r = cgroup_file_read(from, file, text, sizeof(text));
	return r < 0 ? r : cgroup_file_write(to, file, text);
}

int cgroup_inherit_cpuset(const char *path)
{
	const char *slash = path + strlen("/sys/fs/cgroup/cpuset");
	AUTO_CLOSE int from = -1;
	int r = 0;

	while (slash && r == 0) {
		char folder[NSISO_PATH_MAX + 128];
		AUTO_CLOSE int to = -1;

		slash = strchr(slash + 1, '/');
		(void)snprintf(folder, sizeof(folder), "%.*s",
			       (int)(slash ? (size_t)(slash - path) : strlen(path)), path);
		to = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (to < 0)
			return -errno;
		if (from >= 0) {
			r = copy_file(from, to, "cpuset.cpus");
			if (r == 0)
				r = copy_file(from, to, "cpuset.mems");
			close_fd(&from);
		}
		from = take_fd(&to);
	}
	return r;
}

int cgroup_reset_devices(int dir, const char *file, const char *text, struct errmsg *e)
{
	char have[FILE_MAX] = "", line[128];
	const char *at = have;
	int r = cgroup_file_read(dir, file, have, sizeof(have));

	if (r == -ENOENT)
		return 0;
	for (; r == 0 && *at; at += strcspn(at, "\n"), at += *at == '\n') {
		/* "Total" and the like: lines that are none of a device. */
		if (*at < '0' || *at > '9')
			continue;
		(void)snprintf(line, sizeof(line), "%.*s %s", (int)strcspn(at, " \n"), at, text);
		r = cgroup_file_write(dir, file, line);
	}
	return r < 0 ? errmsg_set(e, r, "cannot reset %s", file) : 0;
}
