/* The login shell's side of an isolated session; see login.h. */
#include "login.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"
#include "errmsg.h"

#define WELCOME_TIMEOUT 5000 /* ms for PID 1 to answer */

#define STATUS_CANNOT_EXEC 126 /* as sh(1) has them */
#define STATUS_NOT_FOUND 127

static int check_peer(int sock, bool own_pid_ns, struct errmsg *e)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return errmsg_set(e, -errno, "cannot ask who listens");
	if ((cred.uid == getuid() && getuid() != 0) || (own_pid_ns && cred.pid != 1))
		return errmsg_setx(e, -EPERM, "it is not the instance's init that listens");
	return 0;
}

int login_ask(struct wire_welcome *ret, struct wire_fds *fds, struct errmsg *e)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NSISO_RUNDIR "/init" };
	struct wire_head head;
	ssize_t n;

	if (sock < 0)
		return errmsg_set(e, -errno, "cannot make a socket");
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0) {
		/* Outside: the host's folder is root's, or there is none. */
		if (errno == ENOENT || errno == EACCES || errno == ENOTDIR)
			return 1;
		return errmsg_set(e, -errno, "cannot reach the instance's init");
	}
	n = wire_wait(sock, &head, ret, sizeof(*ret), fds, wire_now() + WELCOME_TIMEOUT);
	if (n >= 0 && (head.type != WIRE_WELCOME || (size_t)n != sizeof(*ret)))
		n = -EPROTO;
	if (n < 0)
		return errmsg_set(e, (int)n, "no welcome from the instance's init");
	ret->id[sizeof(ret->id) - 1] = ret->shell[sizeof(ret->shell) - 1] = '\0';
	return check_peer(sock, ret->own_pid_ns, e);
}

/* Only argv[0] changes: "-nsshell" becomes "-bash"; "-c STRING" goes on as the one argument it is. */
int login_exec(const char *shell, char **argv, struct errmsg *e)
{
	const char *slash = strrchr(shell, '/'), *base = slash ? slash + 1 : shell;
	char name[NSISO_PATH_MAX + 1];

	(void)snprintf(name, sizeof(name), "%s%s", argv[0] && argv[0][0] == '-' ? "-" : "", base);
	if (setenv("SHELL", shell, 1) < 0) {
		(void)errmsg_set(e, -errno, "cannot set SHELL");
		return STATUS_CANNOT_EXEC;
	}
	argv[0] = name;
	(void)execv(shell, argv);
	(void)errmsg_set(e, -errno, "cannot execute %s", shell);
	return e->code == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXEC;
}
