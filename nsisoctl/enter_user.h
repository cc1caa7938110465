/* What makes a process inside the user's, in the way that a login's child becomes it. */
#ifndef NSISO_ENTER_USER_H
#define NSISO_ENTER_USER_H

#include <sys/types.h>

#include "facts.h"
#include "wire.h"

struct errmsg;

#define ENTER_GROUPS_MAX 1024

/* All that has to be asked on the host, of its databases and of the instance's init. */
struct enter_user {
	struct facts facts;
	int n_groups;
	gid_t groups[ENTER_GROUPS_MAX];
	struct wire_welcome welcome; /* the policy that the instance was made with */
};

/* dir is the instance's open folder. */
int enter_user_ask(const char *user, int dir, struct enter_user *ret, struct errmsg *e);
/* In the new process, inside: ids, groups, capabilities, no_new_privs, keyring, environment, folder. */
int enter_user_become(const struct enter_user *user, struct errmsg *e);
/* Nothing of the admin's environment stays but what a terminal and a language need. */
int enter_environment(const char *user, const char *home, struct errmsg *e);

#endif
