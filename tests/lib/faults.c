/* Openings of sessions in which one system call fails; see faults.h. */
#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "call.h"
#include "nsiso.h"
#include "tap.h"
#include "world.h"

#define SLOW 3000 /* ms: below every time-out of the product but above any wait for an end */
#define CALLS_MAX 1000
#define ALLOCATION (-1L) /* in place of a call's number */

/* What the opener and the tracer share. */
static struct shared {
	volatile int armed;
	bool over;                     /* the opener came to its end */
	unsigned allocations, failing; /* since armed; which one fails, 0: none */
	int code;
	char wrong[256]; /* empty: nothing */
} * shared;

static const struct faults *faults;

/* In place of libaudit's: libpam's own records are not the module's business. */
int audit_open(void) __attribute__((visibility("default")));
int audit_open(void)
{
	errno = EAFNOSUPPORT;
	return -1;
}

/* The module's own alone: iniparser and libpam do not survive some of theirs. */
bool faults_allocation_fails(void *caller)
{
	Dl_info info;

	if (!shared || !shared->armed || !shared->failing || !dladdr(caller, &info) ||
	    !info.dli_fname || !strstr(info.dli_fname, "/pam_nsiso.so"))
		return false;
	return ++shared->allocations == shared->failing;
}

/* What must be the same after an opening that failed. */
struct place {
	struct stat ns[8];
	char cgroup[4096];
	bool fd[128];
	mode_t mask;
	char cwd[256];
	sigset_t blocked;
};

static const char *const namespaces[] = {
	"mnt", "pid", "pid_for_children", "ipc", "uts", "net", "time_for_children", "cgroup",
};

static void look(struct place *ret)
{
	char path[64];
	int fd;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		struct stat st;

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i]);
		if (stat(path, &st) == 0)
			ret->ns[i].st_ino = st.st_ino;
	}
	fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	(void)!read(fd, ret->cgroup, sizeof(ret->cgroup) - 1);
	(void)close(fd);
	for (fd = 0; fd < 128; fd++)
		ret->fd[fd] = fcntl(fd, F_GETFD) >= 0;
	ret->mask = umask(0);
	(void)umask(ret->mask);
	(void)!getcwd(ret->cwd, sizeof(ret->cwd));
	(void)sigprocmask(SIG_SETMASK, NULL, &ret->blocked);
}

static void compare(const struct place *before, const struct place *after)
{
	size_t i;

	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (before->ns[i].st_ino != after->ns[i].st_ino)
			(void)snprintf(shared->wrong, sizeof(shared->wrong), "caller moved: %s",
				       namespaces[i]);
	for (i = 0; i < 128; i++)
		if (before->fd[i] != after->fd[i])
			(void)snprintf(shared->wrong, sizeof(shared->wrong),
				       "caller's descriptor %zu", i);
	if (strcmp(before->cgroup, after->cgroup) != 0)
		(void)snprintf(shared->wrong, sizeof(shared->wrong), "caller's cgroup");
	if (before->mask != after->mask || strcmp(before->cwd, after->cwd) != 0 ||
	    memcmp(&before->blocked, &after->blocked, sizeof(after->blocked)) != 0)
		(void)snprintf(shared->wrong, sizeof(shared->wrong),
			       "caller's umask, folder or signals");
}

/* In a child inside: all of it, not half. */
static int look_inside(void)
{
	char name[65];

	if (getpid() < 2 || getpid() > 100)
		return 1;
	if (access(NSISO_RUNDIR "/init", F_OK) < 0 || access(WORLD "/home/bob", F_OK) == 0)
		return 2;
	if (gethostname(name, sizeof(name)) < 0 || strcmp(name, "inside") != 0)
		return 3;
	return access("/proc/1", F_OK) == 0 ? 4 : 0; /* hidepid does not hold for root */
}

static void use_session(struct call *call)
{
	int r = call_in_child(look_inside);

	if (r != 0 && r != 4)
		(void)snprintf(shared->wrong, sizeof(shared->wrong), "the session is not whole: %d",
			       r);
	r = call_close(call);
	if (r != PAM_SUCCESS)
		(void)snprintf(shared->wrong, sizeof(shared->wrong), "close: %d", r);
	call_end(call);
}

static void open_one(void)
{
	static struct place before, after;
	struct call call;

	openlog("opener", LOG_NDELAY, LOG_AUTHPRIV);
	call_start(&call, faults->service, "alice");
	/* What is loaded and looked up once a process is not the module's. */
	(void)call_authenticate(&call);
	look(&before);
	shared->armed = 1;
	shared->code = call_open(&call);
	shared->armed = 0;
	if (shared->code == PAM_SUCCESS)
		use_session(&call);
	else {
		call_end(&call);
		look(&after);
		compare(&before, &after);
	}
	if (waitpid(-1, NULL, __WALL | WNOHANG) != -1)
		(void)snprintf(shared->wrong, sizeof(shared->wrong),
			       "a child is left to the caller");
	shared->over = true;
}

/* The instances of the user, "ID ID "; what a join must not change. */
static void list_instances(char *ret, size_t size)
{
	DIR *dir = opendir(NSISO_RUNDIR "/alice");
	struct dirent *entry;

	ret[0] = '\0';
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)snprintf(ret + strlen(ret), size - strlen(ret), "%s ", entry->d_name);
	if (dir)
		(void)closedir(dir);
}

static pid_t hold(void)
{
	int ready[2];
	struct call call;
	char byte = 1;
	pid_t child;

	if (pipe(ready) < 0 || (child = fork()) < 0)
		tap_bail("cannot fork");
	if (child == 0) {
		call_start(&call, faults->service, "alice");
		byte = (char)call_open(&call);
		(void)!write(ready[1], &byte, 1);
		for (;;)
			(void)pause();
	}
	(void)!read(ready[0], &byte, 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	if (byte != PAM_SUCCESS)
		tap_bail("cannot open the session to join: %d", byte);
	return child;
}

static const struct faults_tolerated *find_tolerated(const struct tracer_result *result)
{
	const struct faults_tolerated *t;

	for (t = faults->tolerated; t && t->call; t++)
		if (strcmp(t->call, tracer_call_name(result->call)) == 0 &&
		    strncmp(result->path, t->path, strlen(t->path)) == 0)
			return t;
	return NULL;
}

/* The first thing that is wrong, or NULL. */
static const char *judge(const struct tracer_result *result, const char *left)
{
	static char text[512];

	if (result->hung)
		return "did not come to an end";
	if (!shared->over)
		return "the caller died";
	if (shared->wrong[0])
		return shared->wrong;
	if (left[0]) {
		(void)snprintf(text, sizeof(text), "left behind: %s", left);
		return text;
	}
	if (result->ms > SLOW)
		return "waited for a time-out";
	if (shared->code == PAM_SUCCESS)
		return faults->restarts || faults->allocations || find_tolerated(result) ?
			       NULL :
			       "passed over";
	if (shared->code != PAM_SYSTEM_ERR && shared->code != PAM_PERM_DENIED)
		return "another code than PAM_SYSTEM_ERR or PAM_PERM_DENIED";
	return faults->restarts ? "an interrupted call refuses the login" : NULL;
}

/* Whether the session that worked is in the instance that was there, or in one of its own. */
static bool is_where_it_should_be(const char *records)
{
	const char *want = faults->joins && strcmp(faults->service, "good") == 0 ?
				   "instance=joined" :
				   "instance=new";

	return shared->code != PAM_SUCCESS || !strstr(records, "session opened") ||
	       strstr(records, want);
}

static const char *call_name(long call)
{
	return call == ALLOCATION ? "allocation" : tracer_call_name(call);
}

static void report(unsigned at, const struct tracer_result *result, const char *left)
{
	const char *wrong = judge(result, left);
	static char records[16384];

	world_log(records, sizeof(records));
	if (!wrong && !is_where_it_should_be(records))
		wrong = "not in the right instance";
	(void)tap_ok(!wrong, "%s: %u %s fails with %s: %s", faults->name, at,
		     call_name(result->call), strerrorname_np(result->error),
		     shared->code == PAM_SUCCESS ? "the session works" :
						   "refused and nothing is left");
	if (wrong) {
		tap_note("%s (code %d, %d ms, path %s)", wrong, shared->code, result->ms,
			 result->path);
		tap_note("%.900s", records);
	}
}

/* What an earlier run has left is not to be blamed on the next. */
static void tidy(void)
{
	struct tracer_result result;
	const struct tracer_fault none = { .role = ROLE_OTHER };

	tracer_run(open_one, &shared->armed, &none, &result);
}

/* False when there was nothing left to fail. */
static bool run_one(unsigned at, const char *instances)
{
	const struct tracer_fault fault = { .role = faults->allocations ? ROLE_OTHER : faults->role,
					    .at = at,
					    .restarts = faults->restarts };
	struct tracer_result result;
	char left[1024], now[256] = "";

	memset(shared, 0, sizeof(*shared));
	shared->failing = faults->allocations ? at : 0;
	tracer_run(open_one, &shared->armed, &fault, &result);
	if (faults->allocations) {
		result.fired = shared->allocations >= at;
		result.error = ENOMEM;
		result.call = ALLOCATION;
	}
	if (!result.fired)
		return false;
	if (faults->joins) {
		list_instances(now, sizeof(now));
		left[0] = '\0';
		if (strcmp(now, instances) != 0)
			(void)snprintf(left, sizeof(left), "instances %sin place of %s", now,
				       instances);
	} else {
		(void)world_reap(2000);
		world_leftovers(left, sizeof(left));
	}
	report(at, &result, left);
	if (left[0])
		tidy();
	return true;
}

void faults_policy(void)
{
	const char *parent = world_cgroup_parent();

	if (!tracer_works())
		tap_skip_all("tracing is not written for this machine");
	world_write(WORLD "/conf/default.conf",
		    "[session]\nsu=refuse\n[mount]\nhide=-/nowhere " WORLD
		    "/pam.d\nread_only=" WORLD "/conf\nnoexec=" WORLD "/etc\nbind=" WORLD
		    "/etc:" WORLD "/upper\n"
		    "[uts]\nhostname=inside\n[net]\nmode=none\n[cgroup]\nenable=%s\nparent=%s\n%s",
		    parent ? "yes" : "no", parent ? parent : "self",
		    parent ? "pids.max=1000\n" : "");
	call_service("good", "confdir=" WORLD "/conf");
	world_write(
		WORLD "/user/default.conf",
		"[session]\nscope=session\n[uts]\nhostname=inside\n[user]\nmap=root\nsubid=none\n"
		"[cgroup]\nenable=%s\nparent=%s\n",
		parent ? "yes" : "no", parent ? parent : "self");
	call_service("user", "confdir=" WORLD "/user");
}

void faults_run(const struct faults *what)
{
	char instances[256] = "";
	unsigned at;
	pid_t holder = 0;

	faults = what;
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		tap_bail("no memory");
	if (faults->joins) {
		holder = hold();
		list_instances(instances, sizeof(instances));
	}
	for (at = 1; at < CALLS_MAX && run_one(at, instances); at++) {
		char now[256];

		list_instances(now, sizeof(now));
		if (!faults->joins || strcmp(now, instances) == 0)
			continue;
		(void)kill(holder, SIGKILL);
		(void)world_reap(5000);
		holder = hold();
		list_instances(instances, sizeof(instances));
	}
	(void)tap_ok(at > 1 && at < CALLS_MAX, "%s: all %u calls", faults->name, at - 1);
	if (shared->code != PAM_SUCCESS || shared->wrong[0])
		(void)tap_ok(false, "%s: without a failure the session works: %d %s", faults->name,
			     shared->code, shared->wrong);
	if (holder)
		(void)kill(holder, SIGKILL);
	world_check_clean(faults->name);
}
