/* The privileged child of an opener; see pam_child.h. */
#include "pam_child.h"

#include <errno.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include "caps.h"
#include "errmsg.h"

#define STATUS_REFUSED 254 /* sshd's own status for a session that PAM refused */

/* Not by process number: one inside may by chance be the opener's own number outside. */
int pam_child_mark(struct session *session, struct errmsg *e)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return errmsg_set(e, -errno, "cannot map a page");
	/* The kernel clears it in whatever is forked (since Linux 4.14). */
	if (madvise(page, size, MADV_WIPEONFORK) < 0) {
		(void)munmap(page, size);
		return errmsg_set(e, -errno, "cannot mark this process");
	}
	*page = 1;
	session->opener = page;
	return 0;
}

void pam_child_unmark(struct session *session)
{
	if (session->opener)
		(void)munmap(session->opener, (size_t)sysconf(_SC_PAGESIZE));
	session->opener = NULL;
}

bool pam_child_is(const struct session *session)
{
	return *session->opener == 0;
}

/*
 * Into the user namespace as root, and the user from there on: ids that are not mapped can't be had again.
 * What the caller does next (sshd: the same ids once more, and a try to get the old ones back) agrees.
 */
static int enter_user_ns(const struct session *session, struct errmsg *e)
{
	uid_t ruid, euid, suid;

	if (setns(session->user_ns, CLONE_NEWUSER) < 0)
		return errmsg_set(e, -errno, "cannot enter the user namespace");
	if (setresgid(session->gid, session->gid, session->gid) < 0 ||
	    setresuid(session->uid, session->uid, session->uid) < 0)
		return errmsg_set(e, -errno, "cannot become uid %u in the user namespace",
				  (unsigned)session->uid);
	if (getresuid(&ruid, &euid, &suid) < 0 || ruid != session->uid || euid != session->uid ||
	    suid != session->uid)
		return errmsg_setx(e, -EPERM, "this process is not uid %u after it became that",
				   (unsigned)session->uid);
	return 0;
}

void pam_child_finish(pam_handle_t *pamh, const struct session *session)
{
	struct errmsg e;
	int r = 0;

	if (session->user_ns >= 0)
		r = enter_user_ns(session, &e);
	if (r == 0)
		r = caps_drop(session->bounding, session->no_new_privs, &e);
	/* setresuid(2) from an id that is not mapped leaves all of them. */
	if (r == 0 && session->user_ns >= 0)
		r = caps_clear(&e);
	if (r < 0) {
		pam_syslog(pamh, LOG_ERR, "session ended: id=%s reason=%s", session->id, e.text);
		_exit(STATUS_REFUSED);
	}
}
