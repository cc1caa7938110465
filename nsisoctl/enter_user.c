/* What makes a process inside the user's; see enter_user.h. */
#include "enter_user.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "errmsg.h"
#include "instance_ask.h"

#define ANSWER_TIMEOUT 5000           /* ms for the init to answer */
#define KEYCTL_JOIN_SESSION_KEYRING 1 /* man 2 keyctl */

static int ask_init(int dir, struct wire_welcome *ret, struct errmsg *e)
{
	AUTO_CLOSE int sock = instance_connect(dir, "in/init");
	struct wire_fds fds = { .n = 0 };
	struct wire_head head;
	ssize_t n;

	if (sock < 0)
		return errmsg_set(e, sock, "cannot reach the instance's init");
	n = wire_wait(sock, &head, ret, sizeof(*ret), &fds, wire_now() + ANSWER_TIMEOUT);
	wire_close_fds(&fds); /* the login shell asks for its own */
	if (n >= 0 && (head.type != WIRE_WELCOME || (size_t)n != sizeof(*ret)))
		n = -EPROTO;
	return n < 0 ? errmsg_set(e, (int)n, "no welcome from the instance's init") : 0;
}

int enter_user_ask(const char *user, int dir, struct enter_user *ret, struct errmsg *e)
{
	int r = facts_user(user, &ret->facts, e);

	if (r < 0)
		return r;
	ret->n_groups = ENTER_GROUPS_MAX;
	if (getgrouplist(user, ret->facts.gid, ret->groups, &ret->n_groups) < 0)
		return errmsg_setx(e, -E2BIG, "user %s is in more than %d groups", user,
				   ENTER_GROUPS_MAX);
	return ask_init(dir, &ret->welcome, e);
}

int enter_environment(const char *user, const char *home, struct errmsg *e)
{
	static const char *const kept[] = { "TERM", "LANG", "LC_ALL" };
	char *values[sizeof(kept) / sizeof(kept[0])];
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		values[i] = getenv(kept[i]);
	if (clearenv() != 0)
		return errmsg_setx(e, -ENOMEM, "cannot clear the environment");
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (values[i] && setenv(kept[i], values[i], 1) < 0)
			return errmsg_set(e, -errno, "cannot set the environment");
	if (setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0 ||
	    setenv("HOME", home, 1) < 0 || setenv("USER", user, 1) < 0 ||
	    setenv("LOGNAME", user, 1) < 0)
		return errmsg_set(e, -errno, "cannot set the environment");
	return 0;
}

int enter_user_become(const struct enter_user *user, struct errmsg *e)
{
	const uid_t uid = user->facts.uid;
	const gid_t gid = user->facts.gid;
	int r = caps_drop(user->welcome.bounding, user->welcome.no_new_privs, e);

	if (r < 0)
		return r;
	/* Root's keys stay root's: a new keyring instead of the admin's, as pam_keyinit does it. */
	if (setgroups((size_t)user->n_groups, user->groups) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return errmsg_set(e, -errno, "cannot become user %s", user->facts.user);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return errmsg_set(e, -errno, "cannot make a session keyring");
	r = caps_check_none(e);
	if (r < 0)
		return r;
	r = enter_environment(user->facts.user, user->facts.home, e);
	if (r < 0)
		return r;
	/* As sshd does it: a home that is not there is no reason to stay out. */
	if (chdir(user->facts.home) < 0 && chdir("/") < 0)
		return errmsg_set(e, -errno, "cannot enter a folder");
	return 0;
}
