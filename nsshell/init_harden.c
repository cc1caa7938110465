/*
 * How PID 1 gives up its privileges.  The user inside must not be able to signal, trace, limit or look
 * into it: hence an account of its own, no dumping, and nothing but CAP_KILL for an orderly end.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "errmsg.h"
#include "init.h"
#include "sys.h"

#define CAPABILITY_VERSION_3 0x20080522U
#define CAPABILITY_KILL 5

struct capability_head {
	uint32_t version;
	int pid;
};

struct capability_data {
	uint32_t effective, permitted, inheritable;
};

/* man 2 capset; libcap-ng does not come as a static musl library, and this is all that is needed. */
static int keep_only(uint32_t mask)
{
	struct capability_head head = { .version = CAPABILITY_VERSION_3 };
	struct capability_data want[2] = { { mask, mask, 0 }, { 0, 0, 0 } };
	struct capability_data have[2];

	if (syscall(SYS_capset, &head, want) < 0 || syscall(SYS_capget, &head, have) < 0)
		return -errno;
	if (have[0].permitted != mask || have[1].permitted || have[0].inheritable)
		return -EPERM;
	return 0;
}

static int drop_ids(const struct plan *plan, struct errmsg *e)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(plan->init_gid, plan->init_gid, plan->init_gid) < 0 ||
	    setresuid(plan->init_uid, plan->init_uid, plan->init_uid) < 0)
		return errmsg_set(e, -errno, "cannot become account %s", NSISO_ACCOUNT);
	return 0;
}

/* The soft limit bounds the descriptors in flight of all inits together: see has_room() in init.c. */
static int raise_files(struct errmsg *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return errmsg_set(e, -errno, "cannot read RLIMIT_NOFILE");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return errmsg_set(e, -errno, "cannot raise RLIMIT_NOFILE");
	return 0;
}

int init_harden(const struct plan *plan, int supervisor, struct errmsg *e)
{
	struct pollfd poller = { .fd = supervisor, .events = POLLIN };
	/* Outside a pid namespace of its own it must be unable to signal anybody. */
	uint32_t capabilities = plan->namespaces & SYS_NEWPID ? 1U << CAPABILITY_KILL : 0;
	int r;

	r = raise_files(e);
	if (r == 0)
		r = drop_ids(plan, e);
	if (r < 0)
		return r;
	r = keep_only(capabilities);
	if (r < 0)
		return errmsg_set(e, r, "cannot drop the capabilities of init");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    /* The change of ids has cleared it (man 2 PR_SET_PDEATHSIG), so it stands last. */
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return errmsg_set(e, -errno, "cannot harden init");
	/* A supervisor that died before that call sent no signal. */
	if (poll(&poller, 1, 0) != 0)
		return errmsg_setx(e, -ESRCH, "the supervisor died");
	return 0;
}
