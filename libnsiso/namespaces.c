/* The kinds of namespaces; see namespaces.h. */
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "errmsg.h"
#include "sys.h"

const struct namespace_kind namespace_kinds[NAMESPACE_KINDS] = {
	{ "mnt", SYS_NEWNS },        { "pid", SYS_NEWPID },   { "ipc", SYS_NEWIPC },
	{ "uts", SYS_NEWUTS },       { "net", SYS_NEWNET },   { "time", SYS_NEWTIME },
	{ "cgroup", SYS_NEWCGROUP }, { "user", SYS_NEWUSER },
};

/* 1: *ret is what the calling process is in; 0: this kernel has none of that kind; -errno. */
static int own_read(const struct namespace_kind *kind, struct stat *ret, struct errmsg *e)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->name);
	if (stat(path, ret) == 0)
		return 1;
	return errno == ENOENT ? 0 : errmsg_set(e, -errno, "cannot examine %s", path);
}

int namespaces_known(uint64_t *ret, struct errmsg *e)
{
	uint64_t flags = 0;
	struct stat st;
	int r;

	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		r = own_read(&namespace_kinds[i], &st, e);
		if (r < 0)
			return r;
		flags |= r ? namespace_kinds[i].flag : 0;
	}
	*ret = flags;
	return 0;
}

int namespaces_differ(int process, uint64_t *ret, struct errmsg *e)
{
	struct stat here, there;
	uint64_t flags = 0;
	char path[16];
	int r;

	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		r = own_read(&namespace_kinds[i], &here, e);
		if (r < 0)
			return r;
		(void)snprintf(path, sizeof(path), "ns/%s", namespace_kinds[i].name);
		if (r && fstatat(process, path, &there, 0) < 0)
			return errmsg_set(e, -errno, "cannot see the %s namespace of the process",
					  namespace_kinds[i].name);
		if (r && (here.st_ino != there.st_ino || here.st_dev != there.st_dev))
			flags |= namespace_kinds[i].flag;
	}
	*ret = flags;
	return 0;
}
