/*
 * A tree of its own for policies: a tmpfs as root folder in a mount namespace, so that all folders up to
 * / can be right or wrong.
 */
#include "policy_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

bool policy_tree_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

int policy_tree_make(void **state)
{
	(void)state;
	if (system("rm -rf " POLICY_TREE_TOP) != 0 || mkdir(POLICY_TREE_TOP, 0755) < 0 ||
	    mkdir(POLICY_TREE, 0755) < 0 || mkdir(POLICY_TREE "/conf.d", 0755) < 0 ||
	    mkdir(POLICY_TREE "/users.d", 0755) < 0)
		return -1;
	return 0;
}

static bool file_set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool map_root(uid_t uid, gid_t gid)
{
	char uids[32];
	char gids[32];

	(void)snprintf(uids, sizeof(uids), "0 %u 1", uid);
	(void)snprintf(gids, sizeof(gids), "0 %u 1", gid);
	return file_set("/proc/self/uid_map", uids) && file_set("/proc/self/setgroups", "deny") &&
	       file_set("/proc/self/gid_map", gids);
}

/* A mount namespace with an empty root folder; without privilege inside a user namespace. */
bool policy_tree_enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
		return false;
	if (uid != 0 && !map_root(uid, gid))
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "mode=0755,size=16m") < 0)
		return false;
	/* iniparser reads through /proc/self/fd; system(3) needs a shell. */
	return system("cd /tmp && for d in proc bin usr lib lib64; do mkdir $d && "
		      "{ [ ! -e /$d ] || mount --rbind /$d $d; } || exit 1; done") == 0 &&
	       chroot("/tmp") == 0 && chdir("/") == 0;
}
