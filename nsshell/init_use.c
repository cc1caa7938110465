/*
 * What PID 1 tells of the user's use: "NAME=NUMBER" lines over a socket of its own (LAUNCH_STATUS), to whoever
 * connects of the user or root.  It reads nothing from them.  The folders come from the opener: the session
 * may see no cgroups at all.  They are never handed on, and the names that are opened in them are constants.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include "cgroup_use.h"
#include "cleanup.h"
#include "init.h"

#define TEXT_MAX 2048
#define CGROUP2_MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC */

/* The user's folder, or systemd's of all users. */
static void read_account(int folder, const char *id, uid_t user, struct cgroup_use *use)
{
	AUTO_CLOSE int slice = -1;
	struct statfs fs;
	char name[32];
	int dir;
	bool v2;

	(void)snprintf(name, sizeof(name), "user-%u.slice", (unsigned)user);
	slice = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = slice < 0 ? folder : slice;
	v2 = fstatfs(dir, &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_MAGIC;

	cgroup_use_read(dir, v2, USE_ALL & ~cgroup_use_local(dir, v2), use);
	cgroup_use_add_events(dir, v2, id, use);
}

static size_t print_use(const struct cgroup_use *use, char *text, size_t len)
{
	unsigned i;

	for (i = 0; i < USE_COUNT; i++) {
		const char *name = cgroup_use_name(i);

		if (use->at[i] == USE_NO_LIMIT)
			len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s=max\n", name);
		else if (use->at[i] != USE_UNKNOWN)
			len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s=%" PRIu64 "\n",
						name, use->at[i]);
	}
	return len;
}

void init_tell_use(const struct init_use *from, const char *id, uid_t user)
{
	AUTO_CLOSE int peer = accept4(from->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct cgroup_use use;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	char text[TEXT_MAX];
	size_t len;
	unsigned i;

	if (peer < 0 || getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return;
	if (cred.uid != user && cred.uid != 0)
		return;
	cgroup_use_init(&use);
	for (i = 0; i < INIT_ACCOUNTS_MAX; i++)
		if (from->account[i] >= 0)
			read_account(from->account[i], id, user, &use);
	len = (size_t)snprintf(text, sizeof(text), "id=%s\nsince=%" PRId64 "\n", id, from->since);
	len = print_use(&use, text, len);
	(void)send(peer, text, len, MSG_NOSIGNAL);
}
