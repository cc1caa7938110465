/* Groups that lead to root; see root_groups.h. */
#include "root_groups.h"

#include <string.h>

#include "policy.h"
#include "policy_list.h"

const struct root_group root_groups[ROOT_GROUPS] = {
	{ "docker", { "/run/docker.sock" } },
	{ "podman", { "/run/podman/podman.sock" } },
	{ "lxd", { "/var/snap/lxd/common/lxd/unix.socket", "/var/lib/lxd/unix.socket" } },
	{ "incus-admin", { "/var/lib/incus/unix.socket" } },
	{ "libvirt", { "/run/libvirt/libvirt-sock" } },
	{ "disk", { NULL } },
	{ "kmem", { NULL } },
};

/* By its own name or a folder above; /var/run is /run. */
static bool is_hidden(const struct policy *policy, const char *path)
{
	const char *item;
	size_t at = 0, len;

	while ((item = policy_list_next(&policy->mount.hide, &at))) {
		item += *item == '-';
		if (strncmp(item, "/var/run/", 9) == 0)
			item += 4;
		len = strlen(item);
		if (strncmp(path, item, len) == 0 && (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

bool root_group_is_open(const struct root_group *group, const struct policy *policy)
{
	const size_t n = sizeof(group->sockets) / sizeof(group->sockets[0]);

	for (size_t i = 0; i < n; i++)
		if (group->sockets[i] && !is_hidden(policy, group->sockets[i]))
			return true;
	return !group->sockets[0];
}
