/*
 * Every system call of an opener that joins an instance fails once: either the login is refused, or it has
 * joined.  It never builds another instance beside the living one, and that one lives on.  As root, in a
 * world of its own.
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
	/* The log. */
	{ "sendto", "socket:" },
	/* WIRE_COMMIT; WIRE_LEAVE says it, too. */
	{ "sendmsg", "socket:" },
	/* An instance that can't be asked is taken for alive, and is not this session's anyway. */
	{ "openat", "record" },
	{ "flock", NSISO_RUNDIR "/alice/" },
	/* Another session is built, not joined. */
	{ "clone", "" },
	{ "statfs", "/sys/fs/cgroup/" },
	/* What is not known to be set is set anew. */
	{ "openat", ".applied" },
	{ "read", "/run/nsiso/alice/.applied" },
	{ NULL, NULL },
};

static int run(void)
{
	faults_policy();
	faults_run(&(struct faults){ .name = "join",
				     .service = "good",
				     .role = ROLE_OPENER,
				     .joins = true,
				     .tolerated = tolerated });
	faults_run(&(struct faults){ .name = "join interrupted",
				     .service = "good",
				     .role = ROLE_OPENER,
				     .joins = true,
				     .restarts = true });
	faults_run(&(struct faults){ .name = "beside",
				     .service = "user",
				     .role = ROLE_OPENER,
				     .joins = true,
				     .tolerated = tolerated });
	return 0;
}

int main(void)
{
	return world_run(run);
}
