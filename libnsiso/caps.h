/* Capabilities of a session's processes, by libcap-ng. */
#ifndef NSISO_CAPS_H
#define NSISO_CAPS_H

#include <stdbool.h>
#include <stdint.h>

struct errmsg;

/*
 * Removes from the bounding set what keep (bit N: capability N) does not have, as far as this process may,
 * sets no_new_privs if wanted, and reads both back.  Without CAP_SETPCAP a larger bounding set is let
 * pass only with no_new_privs, under which no capability can be gained from it (man 7 capabilities).
 * 0 or -errno.
 */
int caps_drop(uint64_t keep, bool no_new_privs, struct errmsg *e);
/* Drops all effective, permitted, inheritable and ambient capabilities, and reads them back. */
int caps_clear(struct errmsg *e);
/* Drops one capability from all sets, the bounding set too; the rest stays. */
int caps_drop_one(unsigned capability, struct errmsg *e);
/* -EPERM when this process has any effective, permitted, inheritable or ambient capability. */
int caps_check_none(struct errmsg *e);

#endif
