/*
 * Every system call of the supervisor, of the init and of its helpers fails once while a session opens: the
 * login is refused and nothing is left, or the session is whole.  As root, in a world of its own.
 */
#include <stddef.h>

#include "faults.h"
#include "nsiso.h"
#include "world.h"

static const struct faults_tolerated tolerated[] = {
	/* The signal's number is the only thing that could be wrong. */
	{ "rt_sigaction", "" },
	/* Without CAP_SYS_RESOURCE limits stay, and priorities, and a full quota keeps the old keyring. */
	{ "prlimit64", "" },
	{ "setpriority", "" },
	{ "open", "/proc/self/oom_score_adj" },
	{ "write", "/proc/self/oom_score_adj" },
	{ "call-203", "" }, /* sched_setaffinity */
	{ "call-144", "" }, /* sched_setscheduler */
	{ "ioprio_set", "" },
	{ "keyctl", "" },
	/* A new process leads no group and no session. */
	{ "setsid", "" },
	/* musl's open(3) says O_CLOEXEC twice. */
	{ "fcntl", "/dev/null" },
	{ "fcntl", "/proc/" },
	{ "fcntl", "uts:" },
	{ "fcntl", "ipc:" },
	{ "fcntl", "user:" },
	{ "fcntl", "mnt:" },
	/* PR_SET_PDEATHSIG, said again when it counts. */
	{ "prctl", "1 " },
	/* EAGAIN: the opener tries again. */
	{ "clone3", "" },
	{ "setresuid", "" },
	/* Whom to put back where it came from, should it live on after the session. */
	{ "getsockopt", "" },
	/* Figures of the use, for the log. */
	{ "openat", "record" },
	/* The loops go on, and ask again. */
	{ "recvmsg", "3 " },
	{ "poll", "" },
	{ "ppoll", "" },
	/* Asks whether /proc is another's: not to find it is right. */
	{ "stat", "/proc/2" },
	{ "newfstatat", "/proc/2" },
	/* The helper's last wait, for orders that do not come. */
	{ "recvfrom", "" },
	{ NULL, NULL },
};

static int run(void)
{
	faults_policy();
	faults_run(&(struct faults){
		.name = "middle", .service = "good", .role = ROLE_MIDDLE, .tolerated = tolerated });
	faults_run(&(struct faults){ .name = "supervisor",
				     .service = "good",
				     .role = ROLE_SUPERVISOR,
				     .tolerated = tolerated });
	faults_run(&(struct faults){
		.name = "init", .service = "good", .role = ROLE_INIT, .tolerated = tolerated });
	faults_run(&(struct faults){ .name = "init with a user namespace",
				     .service = "user",
				     .role = ROLE_INIT,
				     .tolerated = tolerated });
	faults_run(&(struct faults){
		.name = "helper", .service = "user", .role = ROLE_HELPER, .tolerated = tolerated });
	return 0;
}

int main(void)
{
	return world_run(run);
}
