/*
 * Every system call of pam_open_session that can fail does so once, in the process that calls PAM; then the
 * same with calls that are interrupted.  As root, in a world of its own.
 */
#include <stddef.h>

#include "faults.h"
#include "nsiso.h"
#include "world.h"

static const struct faults_tolerated tolerated[] = {
	/* glibc looks accounts up without nscd, and without knowing the size of a file. */
	{ "socket", "" },
	{ "connect", "" },
	{ "newfstatat", "/etc/" },
	{ "newfstatat", "/" },
	/* A switch that can't be read is not one that is off. */
	{ "openat", "/run/nsiso.disabled" },
	/* The end of the text has been reached already. */
	{ "newfstatat", "/memfd:policy" },
	{ "read", "/memfd:policy" },
	/* The user's folder is opened anew. */
	{ "newfstatat", "alice" },
	{ "newfstatat", NSISO_RUNDIR "/alice" },
	/* The working directory is kept as far as may be. */
	{ "getcwd", "" },
	{ "chdir", "/" },
	/* Whether systemd's executor calls: it could not be moved anyway. */
	{ "readlink", "/proc/self/exe" },
	/* The log. */
	{ "sendto", "socket:" },
	/* WIRE_COMMIT; WIRE_LEAVE says it, too. */
	{ "sendmsg", "socket:" },
	/* The supervisor is started ahead of time, or when it is needed. */
	{ "socketpair", "" },
	{ "readlink", "/proc/self/exe" },
	/* EAGAIN is what tells that the user's folder is gone: it is all tried again. */
	{ "clone", "" },
	/* A hierarchy that can't be examined is not used. */
	{ "statfs", "/sys/fs/cgroup/" },
	{ NULL, NULL },
};

static int run(void)
{
	faults_policy();
	faults_run(&(struct faults){
		.name = "opener", .service = "good", .role = ROLE_OPENER, .tolerated = tolerated });
	faults_run(&(struct faults){ .name = "opener interrupted",
				     .service = "good",
				     .role = ROLE_OPENER,
				     .restarts = true });
	return 0;
}

int main(void)
{
	return world_run(run);
}
