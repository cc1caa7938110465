/*
 * What the module returns to real callers of the real libpam, code by code; what it says to the user and to
 * the log; and that nothing stays behind.  As root, in a world of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "tap.h"
#include "world.h"

static char records[65536];

/* A session that is not opened: code, log line, and at most one line for the user. */
static void check_refused(const char *service, const char *user, int want, const char *reason,
			  const char *name)
{
	struct call call;
	int r;

	world_log(records, sizeof(records));
	r = call_try(&call, service, user);
	(void)tap_is(r, want, "%s", name);
	world_log(records, sizeof(records));
	if (!tap_ok(strstr(records, reason) != NULL, "%s: the log has the reason", name))
		tap_note("no \"%s\" in: %s", reason, records);
	if (want == PAM_IGNORE)
		(void)tap_is(call.lines, 0, "%s: the user is told nothing", name);
	else
		(void)tap_ok(call.lines == 1 && strlen(call.text) < 80 &&
				     !strchr(call.text, '\n') &&
				     strncmp(call.text, "nsiso: ", 7) == 0 &&
				     strstr(call.text, "reference"),
			     "%s: the user is told one short line", name);
}

static void make_policies(void)
{
	const char *parent = world_cgroup_parent();
	const char *cgroup = parent ? "yes" : "no";

	parent = parent ? parent : "self";
	world_write(WORLD "/session/default.conf",
		    "[session]\nscope=session\n[cgroup]\nenable=%s\nparent=%s\n", cgroup, parent);
	world_write(WORLD "/empty/users.d/nobody.conf", "[session]\nexempt=yes\n");
	world_write(WORLD "/faulty/default.conf", "[session]\nmode=enforec\n");
	world_write(WORLD "/exempt/default.conf", "[session]\nexempt=yes\n");
	world_write(WORLD "/off/default.conf", "[session]\nmode=off\n");
	world_write(WORLD "/writable/default.conf", "[session]\nmode=off\n");
	(void)chmod(WORLD "/writable", 0777);
	world_write(WORLD "/noshm/default.conf",
		    "[mount]\nread_only=/nowhere\n[cgroup]\nenable=%s\nparent=%s\n", cgroup,
		    parent);
	call_service("session", "debug confdir=" WORLD "/session");
	call_service("none", "confdir=" WORLD "/nowhere");
	call_service("empty", "confdir=" WORLD "/empty");
	call_service("faulty", "confdir=" WORLD "/faulty");
	call_service("exempt", "confdir=" WORLD "/exempt");
	call_service("off", "confdir=" WORLD "/off");
	call_service("writable", "confdir=" WORLD "/writable");
	call_service("unmountable", "confdir=" WORLD "/noshm");
	call_service("argument", "confdir=" WORLD "/conf bogus");
	call_service("relative", "confdir=conf");
	call_service("state", "confdir=" WORLD "/conf statedir=" WORLD "/writable/state");
}

static void test_decisions(void)
{
	check_refused("none", "alice", PAM_SYSTEM_ERR, "session refused: user=alice service=none",
		      "no policy folder");
	check_refused("empty", "alice", PAM_IGNORE, "reason=no-policy", "no file applies");
	check_refused("faulty", "alice", PAM_SYSTEM_ERR,
		      "policy fault: default.conf:2:", "a faulty policy");
	check_refused("writable", "alice", PAM_PERM_DENIED, "writable by group or others",
		      "a policy folder that others may write to");
	check_refused("argument", "alice", PAM_SYSTEM_ERR, "module argument 'bogus'",
		      "an unknown argument");
	check_refused("relative", "alice", PAM_SYSTEM_ERR, "module argument 'confdir=conf'",
		      "a folder that is not absolute");
	check_refused("state", "alice", PAM_PERM_DENIED, "writable by group or others",
		      "a state folder that others may write to");
	check_refused("exempt", "alice", PAM_IGNORE, "reason=exempt", "exempt=yes");
	check_refused("off", "alice", PAM_IGNORE, "reason=mode-off", "mode=off");
	check_refused("good", "root", PAM_IGNORE, "reason=root", "root");
	check_refused("faulty", "root", PAM_IGNORE, "reason=root", "root with a faulty policy");
	check_refused("unmountable", "alice", PAM_SYSTEM_ERR, "cannot open /nowhere",
		      "a policy that the init cannot carry out");
}

static void test_names(void)
{
	static const struct {
		const char *user, *reason, *name;
	} rows[] = {
		{ "carol", "no user carol", "an unknown user" },
		{ "a/b", "user name 'a/b'", "a user name with a slash" },
		{ "-x", "user name '-x'", "a user name that begins like an option" },
		{ "..", "user name '..'", "a user name that is the folder above" },
		{ "../alice", "user name '../alice'", "a user name that leaves the folder" },
		{ "al ice", "user name 'al?ice'", "a user name with a space" },
		{ "al\nice", "user name 'al?ice'", "a user name with an end of line" },
		{ "alice\033[2J", "user name 'alice?[2J'",
		  "a user name with a terminal's control sequence" },
		{ "alic\303\251", "user name 'alic?\?'", "a user name that is not ASCII" },
		{ "a123456789012345678901234567890123456789", "cannot be part of a path",
		  "a user name that is too long" },
		{ "%n%n%s", "user name '%n%n%s'", "a user name that is a format" },
		{ "1alice", "user name '1alice'", "a user name that begins with a digit" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused("good", rows[i].user, PAM_SYSTEM_ERR, rows[i].reason, rows[i].name);
}

static const char *const namespaces[] = { "mnt", "pid", "ipc", "uts", "time" };
static struct stat outside[5];

static void look_outside(void)
{
	char path[64];
	int i;

	for (i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i]);
		(void)stat(path, &outside[i]);
	}
}

/* In a child of the opener. */
static int look_inside(void)
{
	struct stat st;
	char path[64];
	int i, same = 0;

	if (getpid() < 2 || getpid() > 50)
		return 1;
	for (i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[i]);
		same += stat(path, &st) < 0 || st.st_ino == outside[i].st_ino;
	}
	return same                                 ? 2 :
	       access("/run/nsiso/init", F_OK) < 0  ? 3 :
	       access(WORLD "/home/bob", F_OK) == 0 ? 4 :
						      0;
}

/* A whole session of this process; the number of the first thing that is wrong. */
static int open_and_close(void)
{
	struct call call;
	int i;

	call_start(&call, "good", "alice");
	if (call_authenticate(&call) != PAM_IGNORE)
		return 101;
	if (call_setcred(&call) != PAM_IGNORE)
		return 102;
	look_outside();
	if (call_open(&call) != PAM_SUCCESS)
		return 103;
	if (call.lines)
		return 104;
	i = call_in_child(look_inside);
	if (i)
		return i < 0 ? 105 : 110 + i;
	if (call_setcred(&call) != PAM_IGNORE || call_in_child(look_inside))
		return 106;
	if (call_close(&call) != PAM_SUCCESS)
		return 107;
	if (call_close(&call) != PAM_IGNORE)
		return 108;
	if (call_setcred(&call) != PAM_IGNORE)
		return 109;
	call_end(&call);
	return 0;
}

static int open_twice(void)
{
	struct call call;
	int r;

	call_start(&call, "good", "alice");
	if (call_open(&call) != PAM_SUCCESS)
		return 101;
	r = call_open(&call);
	if (call_in_child(look_inside))
		return 102;
	call_end(&call);
	return r;
}

static int open_two_handles(const char *user)
{
	struct call one, two;
	int r;

	call_start(&one, "good", "alice");
	if (call_open(&one) != PAM_SUCCESS)
		return 101;
	call_start(&two, "good", user);
	r = call_open(&two);
	call_end(&two);
	if (call_in_child(look_inside))
		return 102;
	if (call_close(&one) != PAM_SUCCESS)
		return 103;
	call_end(&one);
	return r;
}

static int open_handles_of_one(void)
{
	return open_two_handles("alice");
}

static int open_handles_of_two(void)
{
	return open_two_handles("bob");
}

/* A caller may try again after a failure, with the same handle. */
static int open_after_failure(void)
{
	struct call call;

	world_write(WORLD "/again/default.conf", "[session]\nmode=enforec\n");
	call_service("again", "confdir=" WORLD "/again");
	call_start(&call, "again", "alice");
	if (call_open(&call) != PAM_SYSTEM_ERR)
		return 101;
	if (call_close(&call) == PAM_SUCCESS || call_setcred(&call) != PAM_IGNORE)
		return 102;
	world_write(WORLD "/again/default.conf",
		    "[mount]\nread_only=/nowhere\n[cgroup]\nenable=no\n");
	if (call_open(&call) != PAM_SYSTEM_ERR)
		return 103;
	if (call_close(&call) == PAM_SUCCESS || call_setcred(&call) != PAM_IGNORE)
		return 104;
	world_write(WORLD "/again/default.conf", "[cgroup]\nenable=no\n");
	look_outside();
	if (call_open(&call) != PAM_SUCCESS)
		return 105;
	if (call_in_child(look_inside))
		return 106;
	call_end(&call);
	return 0;
}

/* A whole session; its child's pid inside. */
static int open_beside(const char *service)
{
	struct call call;
	int pid;

	call_start(&call, service, "alice");
	if (call_open(&call) != PAM_SUCCESS)
		return 101;
	pid = call_in_child(getpid);
	if (call_close(&call) != PAM_SUCCESS)
		return 102;
	call_end(&call);
	return pid;
}

static int open_joined(void)
{
	return open_beside("good");
}

static int open_apart(void)
{
	return open_beside("session");
}

/* Opens a session in a process that holds it until the pipe closes. */
static pid_t hold(const char *service, int *ret)
{
	int ready[2], end[2];
	struct call call;
	pid_t child;
	char byte = 0;

	if (pipe(ready) < 0 || pipe(end) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		(void)close(end[1]);
		call_start(&call, service, "alice");
		byte = (char)call_open(&call);
		(void)!write(ready[1], &byte, 1);
		(void)!read(end[0], &byte, 1);
		(void)call_close(&call);
		call_end(&call);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)close(end[0]);
	if (read(ready[0], &byte, 1) != 1 || byte != PAM_SUCCESS)
		(void)tap_ok(false, "a session to hold is opened (%d)", byte),
			world_log(records, sizeof(records)), tap_note("%s", records);
	(void)close(ready[0]);
	*ret = end[1];
	return child;
}

static void check_beside(const char *service, int (*run)(void), const char *word, const char *name)
{
	int end = -1, first;
	pid_t holder = hold(service, &end);

	world_log(records, sizeof(records));
	first = call_in_child(run);
	(void)tap_ok(first >= 2 && first < 50, "%s: the second session opens (%d)", name, first);
	world_log(records, sizeof(records));
	if (!tap_ok(strstr(records, word) != NULL, "%s: the log says so", name))
		tap_note("%s", records);
	(void)close(end);
	(void)waitpid(holder, NULL, 0);
}

static void test_sessions(void)
{
	world_log(records, sizeof(records));
	(void)tap_is(call_in_child(open_and_close), 0, "a session opens, is inside, and closes");
	world_log(records, sizeof(records));
	(void)tap_ok(strstr(records, "session opened: user=alice id=") &&
			     strstr(records, "instance=new") &&
			     strstr(records, "session closed: user=alice id="),
		     "the log has one line for the opening, one for the close");
	world_check_clean("a session");
	(void)tap_is(call_in_child(open_twice), PAM_PERM_DENIED,
		     "a second session of a handle is refused");
	(void)tap_is(call_in_child(open_handles_of_one), PAM_PERM_DENIED,
		     "a second handle for the same user is refused");
	(void)tap_is(call_in_child(open_handles_of_two), PAM_PERM_DENIED,
		     "a second handle for another user is refused");
	world_check_clean("second sessions");
	(void)tap_is(call_in_child(open_after_failure), 0,
		     "an opening that failed can be tried again");
	world_check_clean("an opening that failed");
	check_beside("good", open_joined, "instance=joined", "scope=user");
	check_beside("session", open_apart, "instance=new", "scope=session");
	world_check_clean("sessions beside each other");
}

static int run(void)
{
	make_policies();
	call_good_service();
	test_decisions();
	test_names();
	world_check_clean("refusals");
	test_sessions();
	return 0;
}

int main(void)
{
	return world_run(run);
}
