/* Who gives a command; see actor.h. */
#include "actor.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define NO_UID ((uid_t)-1)

/* Set once by pam_loginuid; sudo and su do not change it.  NO_UID: nobody logged in, or no audit system. */
static uid_t login_uid(pid_t pid)
{
	char path[64];
	char text[16];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return NO_UID;
	text[n] = '\0';
	return (uid_t)strtoul(text, NULL, 10);
}

static uid_t owner_uid(pid_t pid)
{
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) < 0 ? NO_UID : st.st_uid;
}

void actor_name_of(pid_t pid, char *ret, size_t size)
{
	const struct passwd *account = NULL;
	uid_t uid = login_uid(pid);

	if (uid == NO_UID)
		uid = owner_uid(pid);
	if (uid != NO_UID)
		account = getpwuid(uid);
	if (account)
		(void)snprintf(ret, size, "%s", account->pw_name);
	else if (uid != NO_UID)
		(void)snprintf(ret, size, "uid-%u", (unsigned)uid);
	else
		(void)snprintf(ret, size, "?");
	for (char *c = ret; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '=')
			*c = '?';
}

void actor_name(char *ret, size_t size)
{
	actor_name_of(getpid(), ret, size);
}
