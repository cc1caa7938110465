/* A private copy; see scratch.h. */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_trust.h"

/* Root's lies where no other user can put a name in the way; it is memory, so nothing stays on a disk. */
static const char *parent_find(void)
{
	const char *parent = getenv("TMPDIR");

	if (geteuid() == 0)
		return "/run";
	return parent && *parent == '/' && strlen(parent) < 200 ? parent : "/tmp";
}

int scratch_make(const char *name, const char *text, size_t len, struct scratch *ret,
		 struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;

	(void)snprintf(ret->folder, sizeof(ret->folder), "%s/nsisoctl.XXXXXX", parent_find());
	if (!mkdtemp(ret->folder))
		return errmsg_set(e, -errno, "cannot make a folder for the copy to edit");
	(void)snprintf(ret->path, sizeof(ret->path), "%s/%s", ret->folder, name);
	fd = open(ret->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, text, len) == (ssize_t)len)
		return 0;
	(void)errmsg_set(e, errno ? -errno : -EIO, "cannot make the copy to edit");
	scratch_remove(ret);
	return e->code;
}

int scratch_read(const struct scratch *scratch, char **ret, size_t *ret_len, struct errmsg *e)
{
	if (trust_file_read_any(AT_FDCWD, scratch->path, ret, ret_len, e) < 0)
		return errmsg_wrap(e, "the edited copy");
	return 0;
}

void scratch_remove(const struct scratch *scratch)
{
	DIR *stream = opendir(scratch->folder);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		(void)unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		(void)closedir(stream);
	(void)rmdir(scratch->folder);
}
