/* The login shell's side of an isolated session: proof of being inside, last privileges, real shell. */
#ifndef NSISO_LOGIN_H
#define NSISO_LOGIN_H

#include "nsiso.h"
#include "wire.h"

struct errmsg;
struct facts;
struct policy;

/*
 * Asks PID 1 of the instance for what this session needs.  0; 1: this process is not inside of any
 * instance; -errno.  What proves it: PID 1 of this pid namespace listens where only root can have put a
 * socket, and it is neither this user nor outside (SO_PEERCRED, man 7 unix).  fds takes the descriptors
 * that come along: user namespace, mounts.
 */
int login_ask(struct wire_welcome *ret, struct wire_fds *fds, struct errmsg *e);
/* Enters what came along, unless this process is there already; with map=root as the virtual root. */
int login_enter(const struct wire_welcome *welcome, struct wire_fds *fds, struct errmsg *e);
/* Gives up all that the policy does not leave: bounding set, capabilities, the gaining of privileges. */
int login_give_up(const struct wire_welcome *welcome, struct errmsg *e);
/* Fills facts of the account with that uid. */
int login_find_user(uid_t uid, struct facts *facts, struct errmsg *e);
/*
 * The same, and the policy of facts->service.  1: it is let in without isolation: root, exempt=yes, mode=off, no
 * policy at all, or isolation is switched off (override.h), then whatever the policy looks like; 0: it is to be
 * isolated; -errno: can't tell.
 */
int login_find_policy(uid_t uid, struct policy *ret, struct facts *facts, struct errmsg *e);
/* Whether this user is let in, as above; shell is filled then, at least NSISO_PATH_MAX bytes. */
int login_is_exempt(char *shell, struct errmsg *e);
/* Becomes shell with the arguments of this process; returns only on failure, the exit status. */
int login_exec(const char *shell, char **argv, struct errmsg *e);

#endif
