/* A private world for tests that open real sessions; see world.h. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nsiso.h"
#include "tap.h"
#include "world_cgroup.h"
#include "world_log.h"

const char *world_build(const char *name)
{
	static char path[WORLD_MODULE_MAX];
	const char *build = getenv("NSISO_BUILD");

	if (build && build[0] == '/')
		(void)snprintf(path, sizeof(path), "%s/%s", build, name);
	else
		tap_bail("NSISO_BUILD is not set to the folder of the build");
	return path;
}

static void make_folder_of(const char *path)
{
	char folder[512], *slash;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	for (slash = folder; (slash = strchr(slash + 1, '/')); *slash = '/') {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			tap_bail("cannot make %s: %s", folder, strerror(errno));
	}
}

void world_write(const char *path, const char *fmt, ...)
{
	va_list ap;
	FILE *file;

	make_folder_of(path);
	file = fopen(path, "we");
	if (!file)
		tap_bail("cannot write %s: %s", path, strerror(errno));
	va_start(ap, fmt);
	(void)vfprintf(file, fmt, ap);
	va_end(ap);
	(void)fclose(file);
	(void)chmod(path, 0644);
}

static void mount_on(const char *source, const char *target, const char *type, unsigned long flags,
		     const char *options)
{
	if (mount(source, target, type, flags, options) < 0)
		tap_bail("cannot mount %s on %s: %s", type ? type : source, target,
			 strerror(errno));
}

/* The usual nodes; the machine's own /dev is not touched. */
static void make_dev(void)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
	static const char *const folders[] = { "pts", "shm", "mqueue" };
	char path[128];
	struct stat st;
	size_t i;

	make_folder_of(WORLD "/dev/");
	mount_on("world", WORLD "/dev", "tmpfs", MS_NOSUID, "mode=0755");
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		(void)snprintf(path, sizeof(path), "/dev/%s", nodes[i]);
		if (stat(path, &st) < 0)
			continue;
		(void)snprintf(path, sizeof(path), WORLD "/dev/%s", nodes[i]);
		if (mknod(path, st.st_mode, st.st_rdev) < 0 || chmod(path, 0666) < 0)
			tap_bail("cannot make %s: %s", path, strerror(errno));
	}
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), WORLD "/dev/%s", folders[i]);
		(void)mkdir(path, 0755);
	}
	(void)!symlink("/proc/self/fd", WORLD "/dev/fd");
	mount_on(WORLD "/dev", "/dev", NULL, MS_MOVE, NULL);
	world_log_start();
}

static void make_accounts(void)
{
	world_write(WORLD "/etc/passwd",
		    "root:x:0:0:root:/root:/bin/sh\n"
		    "nsiso:x:61000:61000::/:/usr/sbin/nologin\n"
		    "alice:x:%d:%d::" WORLD "/home/alice:/bin/sh\n"
		    "bob:x:%d:%d::" WORLD "/home/bob:/bin/sh\n",
		    WORLD_ALICE, WORLD_ALICE, WORLD_BOB, WORLD_BOB);
	world_write(WORLD "/etc/group", "root:x:0:\nnsiso:x:61000:\nalice:x:%d:\nbob:x:%d:\n",
		    WORLD_ALICE, WORLD_BOB);
	world_write(WORLD "/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
	mount_on(WORLD "/etc/passwd", "/etc/passwd", NULL, MS_BIND, NULL);
	mount_on(WORLD "/etc/group", "/etc/group", NULL, MS_BIND, NULL);
	if (access("/etc/nsswitch.conf", F_OK) == 0)
		mount_on(WORLD "/etc/nsswitch.conf", "/etc/nsswitch.conf", NULL, MS_BIND, NULL);
	make_folder_of(WORLD "/home/alice/");
	make_folder_of(WORLD "/home/bob/");
	if (chown(WORLD "/home/alice", WORLD_ALICE, WORLD_ALICE) < 0 ||
	    chown(WORLD "/home/bob", WORLD_BOB, WORLD_BOB) < 0)
		tap_bail("cannot give homes away: %s", strerror(errno));
}

static void copy_program(const char *from, const char *to)
{
	char block[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;

	make_folder_of(to);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	while (in >= 0 && out >= 0 && (n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			tap_bail("cannot write %s", to);
	if (in < 0 || out < 0 || close(out) < 0 || close(in) < 0 || chmod(to, 0755) < 0)
		tap_bail("cannot copy %s to %s: %s", from, to, strerror(errno));
}

/* An overlay over the folder that the module's build has for nsshell-init. */
static void install_init(void)
{
	char over[] = NSISO_LIBEXECDIR, options[512];

	*strrchr(over, '/') = '\0';
	make_folder_of(WORLD "/upper/");
	make_folder_of(WORLD "/work/");
	(void)snprintf(options, sizeof(options),
		       "lowerdir=%s,upperdir=" WORLD "/upper,workdir=" WORLD "/work", over);
	if (mount("world", over, "overlay", 0, options) < 0)
		tap_skip_all("cannot lay an overlay over %s: %s", over, strerror(errno));
	copy_program(world_build("nsshell-init"), NSISO_INIT_PATH);
}

static void make_world(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		tap_skip_all("cannot make a mount namespace: %s", strerror(errno));
	mount_on("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount_on("world", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	make_folder_of(WORLD "/");
	make_dev();
	make_accounts();
	install_init();
	if (chdir("/") < 0)
		tap_bail("cannot change to /");
}

static int now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec % 1000000 * 1000 + now.tv_nsec / 1000000);
}

static int count_children(void)
{
	char text[4096];
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC), n = 0;
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at;

	if (fd >= 0)
		(void)close(fd);
	for (at = text; len > 0 && at < text + len; at++)
		n += *at == ' ';
	return len < 0 ? 1 : n;
}

int world_reap(int timeout)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	int end = now_ms() + timeout;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0)
			return 0;
		if (pid > 0)
			continue;
		if (now_ms() > end)
			return count_children();
		(void)nanosleep(&pause, NULL);
	}
}

void world_check_clean(const char *after)
{
	char text[1024];

	(void)tap_is(world_reap(5000), 0, "%s: no process is left", after);
	world_leftovers(text, sizeof(text));
	if (!tap_ok(text[0] == '\0', "%s: nothing else is left", after))
		tap_note("%s", text);
}

/* Waits for the world or for somebody who wants it to end. */
static int wait_for(pid_t child)
{
	sigset_t set;
	int status, signal;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (sigwait(&set, &signal) == 0 && signal != SIGCHLD)
			(void)kill(child, SIGKILL);
	}
}

int world_run(int (*body)(void))
{
	sigset_t set, old;
	pid_t child;
	int status;

	tap_begin();
	if (geteuid() != 0)
		tap_skip_all("needs root");
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	world_cgroup_make();
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
		world_cgroup_enter();
		make_world();
		world_remember();
		status = body();
		exit(status ? status : tap_end());
	}
	status = child < 0 ? 1 : wait_for(child);
	while (waitpid(-1, NULL, 0) > 0)
		; /* who writes the log */
	if (!world_cgroup_remove())
		status = 1;
	return status;
}
