/* Mounts by descriptor; see mnt.h. */
#include "mnt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "errmsg.h"
#include "sys.h"

#define AT_EMPTY 0x1000U /* AT_EMPTY_PATH */

int mnt_open(const char *path, struct errmsg *e)
{
	struct sys_open_how how = { .flags = O_PATH | O_CLOEXEC,
				    .resolve = SYS_NO_SYMLINKS | SYS_NO_MAGICLINKS };
	int fd = sys_openat2(AT_FDCWD, path, &how);

	if (fd < 0 && errno == ELOOP)
		return errmsg_setx(e, -ELOOP, "%s has a symbolic link in it: name the real path",
				   path);
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open %s", path);
	return fd;
}

int mnt_copy(int path, const char *name, bool recursive, uint64_t attributes, struct errmsg *e)
{
	unsigned flags = recursive ? SYS_RECURSIVE : 0;
	AUTO_CLOSE int tree =
		sys_open_tree(path, "", SYS_TREE_CLONE | O_CLOEXEC | AT_EMPTY | flags);
	int r;

	if (tree < 0)
		return errmsg_set(e, -errno, "cannot copy the mount of %s", name);
	if (attributes) {
		r = mnt_set(tree, name, recursive, attributes, 0, e);
		if (r < 0)
			return r;
	}
	return take_fd(&tree);
}

static int fs_create(int fs, const char *type, uint64_t attributes, struct errmsg *e)
{
	int tree;

	if (sys_fsconfig(fs, SYS_CMD_CREATE, NULL, NULL) < 0)
		return errmsg_set(e, -errno, "cannot make a %s", type);
	tree = sys_fsmount(fs, attributes);
	if (tree < 0)
		return errmsg_set(e, -errno, "cannot mount a %s", type);
	return tree;
}

int mnt_new(const char *type, const char *option, const char *value, uint64_t attributes,
	    struct errmsg *e)
{
	AUTO_CLOSE int fs = sys_fsopen(type);

	if (fs < 0)
		return errmsg_set(e, -errno, "cannot open file system type %s", type);
	if (option && sys_fsconfig(fs, SYS_SET_STRING, option, value) < 0)
		return errmsg_set(e, -errno, "cannot set %s=%s of a %s", option, value, type);
	return fs_create(fs, type, attributes, e);
}

/* The options are counted in what the cgroup of its users pays for (security: always bounded). */
int mnt_new_tmpfs(const struct mnt_tmpfs *tmpfs, struct errmsg *e)
{
	AUTO_CLOSE int fs = sys_fsopen("tmpfs");
	const struct {
		const char *key;
		bool octal;
		uint64_t value;
	} options[] = {
		{ "size", false, tmpfs->size ? tmpfs->size : 4096 },
		{ "nr_inodes", false, tmpfs->inodes ? tmpfs->inodes : 64 },
		{ "mode", true, tmpfs->mode },
		{ "uid", false, tmpfs->uid },
		{ "gid", false, tmpfs->gid },
	};
	char value[24];
	size_t i;

	if (fs < 0)
		return errmsg_set(e, -errno, "cannot open file system type tmpfs");
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].value == 0) /* root's, as it is anyway */
			continue;
		(void)snprintf(value, sizeof(value), options[i].octal ? "%" PRIo64 : "%" PRIu64,
			       options[i].value);
		if (sys_fsconfig(fs, SYS_SET_STRING, options[i].key, value) < 0)
			return errmsg_set(e, -errno, "cannot set %s=%s of a tmpfs", options[i].key,
					  value);
	}
	return fs_create(fs, "tmpfs", SYS_ATTR_NOSUID | SYS_ATTR_NODEV, e);
}

int mnt_attach_at(int tree, int target, const char *name, struct errmsg *e)
{
	if (sys_move_mount(tree, target) < 0)
		return errmsg_set(e, -errno, "cannot mount on %s", name);
	return 0;
}

int mnt_attach(int tree, const char *path, struct errmsg *e)
{
	AUTO_CLOSE int target = mnt_open(path, e);

	if (target < 0)
		return target;
	return mnt_attach_at(tree, target, path, e);
}

int mnt_set(int mount, const char *name, bool recursive, uint64_t attributes, uint64_t propagation,
	    struct errmsg *e)
{
	struct sys_mount_attr attr = { .attr_set = attributes, .propagation = propagation };

	if (sys_mount_setattr(mount, recursive ? SYS_RECURSIVE : 0, &attr) < 0)
		return errmsg_set(e, -errno, "cannot change the mount flags of %s", name);
	return 0;
}
