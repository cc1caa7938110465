/*
 * Which user name the instances of a uid belong to: a link STATEDIR/.uid-UID to the name, for as long as
 * the user's folder is there.  An account that was renamed, or whose number another one got, must not have
 * instances under two names: the processes of one could do with the other's what they like.
 */
#ifndef NSISO_STATE_UID_H
#define NSISO_STATE_UID_H

#include <sys/types.h>

struct errmsg;

/* With the user's folder locked, before an instance is made; -EPERM: another name has instances. */
int state_uid_claim(int state, const char *user, uid_t uid, struct errmsg *e);
/* After the user's folder was removed. */
void state_uid_forget(int state, const char *user, uid_t uid);

#endif
