/* A policy file that is about to change; see store.h. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "policy_trust.h"
#include "store_backup.h"

#define LOCK_NAME ".lock" /* no policy: its name does not end in .conf */

/* A byte of the lock file for each policy: admins who change different ones do not meet. */
static off_t lock_offset(const char *file)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *file != '\0'; file++)
		hash = (hash ^ (unsigned char)*file) * 0x100000001b3ULL;
	return (off_t)(hash >> 2);
}

/* Of the kind that says who holds it, and that no editor inherits (man 2 fcntl, advisory record locking). */
static int lock_take(int confdir, const char *file, struct errmsg *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = lock_offset(file), .l_len = 1 };
	AUTO_CLOSE int fd = openat(confdir, LOCK_NAME,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	char name[64];

	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open the lock of the policy folder");
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return take_fd(&fd);
	if (errno != EAGAIN && errno != EACCES)
		return errmsg_set(e, -errno, "cannot lock %s", file);
	lock.l_pid = 0;
	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_pid <= 0)
		return errmsg_setx(e, -EBUSY, "%s is being changed by somebody else", file);
	actor_name_of(lock.l_pid, name, sizeof(name));
	return errmsg_setx(e, -EBUSY, "%s is being changed by %s (process %d)", file, name,
			   (int)lock.l_pid);
}

/* Readable, for it is synchronised; made when it is missing. */
static int folder_open(const struct store *store, int confdir, const char *folder, struct errmsg *e)
{
	int fd;

	if (strcmp(folder, ".") != 0 && mkdirat(confdir, folder, 0755) < 0 && errno != EEXIST)
		return errmsg_set(e, -errno, "cannot make %s", folder);
	if (!store->is_relaxed && strcmp(folder, ".") != 0)
		return trust_subdir_open(confdir, folder, O_RDONLY, e);
	fd = openat(confdir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open %s", folder) : fd;
}

static int text_read(struct store *store, const char *name, struct errmsg *e)
{
	int r;

	if (fstatat(store->dir, name, &store->st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return errmsg_set(e, -errno, "cannot look at %s", store->target.file);
		store->text = strdup("");
		return store->text ? 0 : errmsg_set(e, -ENOMEM, "cannot read the file");
	}
	store->exists = true;
	if (store->is_relaxed)
		r = trust_file_read_any(store->dir, name, &store->text, &store->len, e);
	else
		r = trust_file_read(store->dir, name, &store->text, &store->len, e);
	return r < 0 ? errmsg_wrap(e, "%s", store->target.file) : 0;
}

static int confdir_open(const struct store *store, struct errmsg *e)
{
	int fd;

	if (!store->is_relaxed)
		return trust_dir_open(store->confdir, e);
	fd = open(store->confdir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errmsg_set(e, -errno, "cannot open the directory") : fd;
}

int store_open(const char *confdir, bool is_relaxed, const struct target *target, struct store *ret,
	       struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	char folder[16];
	const char *name;

	memset(ret, 0, sizeof(*ret));
	ret->dir = ret->lock = -1;
	ret->target = *target;
	ret->is_relaxed = is_relaxed;
	ret->confdir = path_absolute(confdir);
	if (!ret->confdir)
		return errmsg_set(e, -errno, "cannot find %s", confdir);
	fd = confdir_open(ret, e);
	if (fd < 0)
		return errmsg_wrap(e, "%s", confdir);
	target_split(target, folder, &name);
	ret->lock = lock_take(fd, target->file, e);
	if (ret->lock < 0)
		return ret->lock;
	ret->dir = folder_open(ret, fd, folder, e);
	if (ret->dir < 0)
		return errmsg_wrap(e, "%s", folder);
	return text_read(ret, name, e);
}

static bool is_same(const struct store *store, const char *name)
{
	struct stat now;

	if (fstatat(store->dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && !store->exists;
	return store->exists && now.st_ino == store->st.st_ino && now.st_dev == store->st.st_dev &&
	       now.st_size == store->st.st_size && now.st_mtim.tv_sec == store->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == store->st.st_mtim.tv_nsec;
}

static int all_write(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Complete, and on the disk, under a name that is no policy's. */
static int draft_write(const struct store *store, const char *draft, const char *text, size_t len,
		       struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	mode_t mode = store->exists ? store->st.st_mode & 07777 : 0644;
	int r;

	/* One that a killed writer left; the lock is ours. */
	(void)unlinkat(store->dir, draft, 0);
	fd = openat(store->dir, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot write beside %s", store->target.file);
	r = all_write(fd, text, len);
	if (r < 0)
		return errmsg_set(e, r, "cannot write beside %s", store->target.file);
	if (store->exists && (store->st.st_uid != geteuid() || store->st.st_gid != getegid()) &&
	    fchown(fd, store->st.st_uid, store->st.st_gid) < 0)
		return errmsg_set(e, -errno, "cannot keep the owner of %s", store->target.file);
	if (fchmod(fd, mode) < 0)
		return errmsg_set(e, -errno, "cannot keep the mode of %s", store->target.file);
	if (fsync(fd) < 0)
		return errmsg_set(e, -errno, "cannot write %s to the disk", store->target.file);
	return 0;
}

static int draft_rename(const struct store *store, const char *draft, const char *name,
			struct errmsg *e)
{
	char backup[BACKUP_NAME_MAX] = "";

	if (store->exists && backup_make(store->dir, name, backup, e) < 0)
		return e->code;
	if (renameat(store->dir, draft, store->dir, name) == 0)
		return 0;
	(void)errmsg_set(e, -errno, "cannot replace %s", store->target.file);
	if (backup[0] != '\0')
		(void)unlinkat(store->dir, backup, 0);
	return e->code;
}

int store_install(struct store *store, const char *text, size_t len, struct errmsg *e)
{
	char draft[BACKUP_NAME_MAX];
	char folder[16];
	const char *name;
	int r;

	target_split(&store->target, folder, &name);
	(void)snprintf(draft, sizeof(draft), ".%s.new", name);
	if (!is_same(store, name))
		return errmsg_setx(e, -ESTALE, "%s was changed meanwhile, past nsisoctl",
				   store->target.file);
	r = draft_write(store, draft, text, len, e);
	if (r == 0)
		r = draft_rename(store, draft, name, e);
	if (r < 0) {
		(void)unlinkat(store->dir, draft, 0);
		return r;
	}
	backup_prune(store->dir, name, STORE_BACKUPS);
	if (fsync(store->dir) < 0)
		return errmsg_set(e, -errno, "%s is in place, but perhaps not after a crash",
				  store->target.file);
	return 0;
}

void store_close(struct store *store)
{
	close_fd(&store->dir);
	close_fd(&store->lock);
	free(store->text);
	free(store->confdir);
	store->text = store->confdir = NULL;
}
