/*
 * Opening the files of a policy so that nobody but root can have written them.  Everything is
 * judged by descriptor, component by component: a name is never used twice.
 */
#include "policy_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"

/* No exception for the group root, nor for sticky directories: whoever may add a name may lie. */
static int owner_check(const struct stat *st, struct errmsg *e)
{
	if (st->st_uid != 0)
		return errmsg_setx(e, -EPERM, "does not belong to root");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return errmsg_setx(e, -EPERM, "is writable by group or others");
	return 0;
}

int trust_subdir_open(int dir, const char *name, int flags, struct errmsg *e)
{
	int access = flags == O_RDONLY ? O_RDONLY | O_NONBLOCK : O_PATH;
	AUTO_CLOSE int fd = openat(dir, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return errmsg_setx(e, -ENOTDIR, "is not a directory");
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open the directory");
	if (fstat(fd, &st) < 0)
		return errmsg_set(e, -errno, "cannot look at the directory");
	if (owner_check(&st, e) < 0)
		return e->code;
	return take_fd(&fd);
}

int trust_dir_open(const char *path, struct errmsg *e)
{
	char name[NAME_MAX + 1];
	const char *p = path;
	int fd = trust_subdir_open(AT_FDCWD, "/", O_PATH, e);

	if (fd < 0)
		return errmsg_wrap(e, "/");
	if (*path != '/') {
		close_fd(&fd);
		return errmsg_setx(e, -EINVAL, "'%s' is not an absolute path", path);
	}
	for (p += strspn(p, "/"); *p != '\0'; p += strspn(p, "/")) {
		AUTO_CLOSE int parent = take_fd(&fd);
		size_t len = strcspn(p, "/");

		if (len > NAME_MAX)
			return errmsg_set(e, -ENAMETOOLONG, "cannot open %s", path);
		memcpy(name, p, len);
		name[len] = '\0';
		p += len;
		fd = trust_subdir_open(parent, name, O_PATH, e);
		if (fd < 0)
			return *p == '\0' ? e->code : errmsg_wrap(e, "%.*s", (int)(p - path), path);
	}
	return fd;
}

/* All of fd into a fresh buffer. */
static int file_read(int fd, size_t size, char **ret, size_t *ret_len, struct errmsg *e)
{
	/* One more byte shows that the file has grown since its size was taken. */
	AUTO_FREE char *text = malloc(size + 1);
	size_t used = 0;

	if (!text)
		return errmsg_set(e, -ENOMEM, "cannot read the file");
	for (;;) {
		ssize_t n = read(fd, text + used, size + 1 - used);

		if (n < 0)
			return errmsg_set(e, -errno, "cannot read the file");
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > size)
			return errmsg_setx(e, -EAGAIN, "is being written");
	}
	*ret = text;
	*ret_len = used;
	text = NULL;
	return 0;
}

static int file_open(int dir, const char *name, struct stat *ret, struct errmsg *e)
{
	AUTO_CLOSE int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP)
		return errmsg_setx(e, -ELOOP, "is a symbolic link");
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open the file");
	if (fstat(fd, ret) < 0)
		return errmsg_set(e, -errno, "cannot look at the file");
	if (!S_ISREG(ret->st_mode))
		return errmsg_setx(e, -EINVAL, "is not a regular file");
	if (ret->st_size > POLICY_FILE_MAX)
		return errmsg_setx(e, -EFBIG, "is larger than %d bytes", POLICY_FILE_MAX);
	return take_fd(&fd);
}

int trust_file_read(int dir, const char *name, char **ret, size_t *ret_len, struct errmsg *e)
{
	struct stat st = { 0 };
	AUTO_CLOSE int fd = file_open(dir, name, &st, e);

	if (fd < 0 || owner_check(&st, e) < 0)
		return e->code;
	return file_read(fd, (size_t)st.st_size, ret, ret_len, e);
}

int trust_file_read_any(int dir, const char *name, char **ret, size_t *ret_len, struct errmsg *e)
{
	struct stat st = { 0 };
	AUTO_CLOSE int fd = file_open(dir, name, &st, e);

	if (fd < 0)
		return e->code;
	return file_read(fd, (size_t)st.st_size, ret, ret_len, e);
}
