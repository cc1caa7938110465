/* The privileged child of an opener; see pam_child.h. */
#include "pam_child.h"

#include <errno.h>
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

void pam_child_finish(pam_handle_t *pamh, const struct session *session)
{
	struct errmsg e;

	if (caps_drop(session->bounding, session->no_new_privs, &e) < 0) {
		pam_syslog(pamh, LOG_ERR, "session ended: id=%s reason=%s", session->id, e.text);
		_exit(STATUS_REFUSED);
	}
	/* The descriptor's number stays in the data; it is not used here again. */
	(void)close(session->conn);
}
