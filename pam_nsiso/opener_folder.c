/*
 * The folder of a new instance: first what the supervisor needs, and, while that is at work already, what the
 * session will see of it.  From the record on, whatever happens, the instance can be ended by anybody who
 * finds it.
 */
#include "opener_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"
#include "mnt.h"
#include "policy.h"
#include "policy_digest.h"
#include "process.h"
#include "state.h"
#include "sys.h"

static int bind_socket(int dir, const char *name, int type, mode_t mode, struct errmsg *e)
{
	AUTO_CLOSE int sock = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       name);
	/* The mode by hand: the caller's umask is not ours to change. */
	if (sock < 0 || bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dir, name, mode, 0) < 0)
		return errmsg_set(e, -errno, "cannot make the socket %s", name);
	return take_fd(&sock);
}

static int make_record(struct opener *o, struct errmsg *e)
{
	const struct facts *facts = &o->facts;
	int r;

	o->record = openat(o->dir, "record",
			   O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->record < 0)
		return errmsg_set(e, -errno, "cannot make the record of instance %s", facts->id);
	r = state_lock(o->record, o->deadline);
	if (r < 0)
		return errmsg_set(e, r, "cannot lock the record of instance %s", facts->id);
	return instance_append(o->record, e,
			       "version=1\nuser=%s\nuid=%u\nid=%s\nscope=%s\nservice=%s\n",
			       facts->user, (unsigned)facts->uid, facts->id,
			       o->policy->session.scope == SCOPE_USER ? "user" : "session",
			       facts->service);
}

int opener_describe(const struct opener *o, struct errmsg *e)
{
	char files[512], boot[PROCESS_BOOT_MAX];
	struct policy_digest digest;
	int r = policy_digest(o->policy, &digest);

	if (r < 0)
		return errmsg_set(e, r, "cannot describe the policy");
	r = process_boot(boot);
	if (r < 0)
		return errmsg_set(e, r, "cannot read the id of this boot");
	policy_file_names(o->policy, files, sizeof(files));
	return instance_append(o->record, e,
			       "policy=%016" PRIx64 "\nkeys=%s\nfiles=%s\ncreated=%lld %" PRId64
			       "\nboot=%s\n",
			       digest.hash, digest.keys, files, (long long)time(NULL),
			       wire_now_boot(), boot);
}

/* The init's socket comes into it, and an empty file and folder to cover others with. */
static int make_inside(int dir, struct errmsg *e)
{
	AUTO_CLOSE int in = -1, null = -1;

	if (mkdirat(dir, "in", 0755) < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	in = openat(dir, "in", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || fchmod(in, 0755) < 0 || mkdirat(in, "void", 0) < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	null = openat(in, "null", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (null < 0)
		return errmsg_set(e, -errno, "cannot make the run folder");
	return take_fd(&in);
}

static int make_dir(struct opener *o, struct errmsg *e)
{
	if (mkdirat(o->user_dir, o->facts.id, 0700) < 0)
		return errmsg_set(e, errno == ENOENT ? -EAGAIN : -errno, "cannot make instance %s",
				  o->facts.id);
	o->dir = openat(o->user_dir, o->facts.id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (o->dir < 0) {
		(void)errmsg_set(e, -errno, "cannot open instance %s", o->facts.id);
		(void)unlinkat(o->user_dir, o->facts.id, AT_REMOVEDIR);
		return e->code;
	}
	return 0;
}

int opener_make_folder(struct opener *o, int fds[LAUNCH_COUNT], struct errmsg *e)
{
	int r = make_dir(o, e);

	if (r == 0)
		r = make_record(o, e);
	if (r < 0)
		return r;
	fds[LAUNCH_CTL] = bind_socket(o->dir, "ctl", SOCK_SEQPACKET, 0600, e);
	if (fds[LAUNCH_CTL] < 0)
		return fds[LAUNCH_CTL];
	if (listen(fds[LAUNCH_CTL], SOMAXCONN) < 0)
		return errmsg_set(e, -errno, "cannot listen on the socket ctl");
	fds[LAUNCH_OPENER] = sys_pidfd_open(getpid());
	return fds[LAUNCH_OPENER] < 0 ? errmsg_set(e, -errno, "cannot make a pidfd") : 0;
}

/*
 * For pam_leave.c, which looks for it inside: what becomes of root's sessions there, and where the instance's
 * folder is on the host.
 */
static int write_su(const struct opener *o, int in, struct errmsg *e)
{
	const enum policy_su su = o->policy->session.su;
	AUTO_CLOSE int fd = -1;

	if (su == SU_STAY)
		return 0;
	fd = openat(in, "su", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s %s/%s/%s\n", su == SU_LEAVE ? "leave" : "refuse", o->statedir,
			      o->facts.user, o->facts.id) < 0)
		return errmsg_set(e, -errno, "cannot write the file su of the run folder");
	return 0;
}

int opener_make_inside(const struct opener *o, int fds[LAUNCH_COUNT], struct errmsg *e)
{
	AUTO_CLOSE int in = make_inside(o->dir, e);

	if (in < 0)
		return in;
	if (write_su(o, in, e) < 0)
		return e->code;
	fds[LAUNCH_INIT] = bind_socket(in, "init", SOCK_SEQPACKET, 0666, e);
	if (fds[LAUNCH_INIT] < 0)
		return fds[LAUNCH_INIT];
	/* Plain text, for any program that can connect. */
	fds[LAUNCH_STATUS] = bind_socket(in, "status", SOCK_STREAM, 0666, e);
	if (fds[LAUNCH_STATUS] < 0)
		return fds[LAUNCH_STATUS];
	fds[LAUNCH_RUNDIR] =
		mnt_copy(in, "the run folder", false,
			 SYS_ATTR_RDONLY | SYS_ATTR_NOSUID | SYS_ATTR_NODEV | SYS_ATTR_NOEXEC, e);
	return fds[LAUNCH_RUNDIR] < 0 ? fds[LAUNCH_RUNDIR] : 0;
}
