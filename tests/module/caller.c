/*
 * The process that calls PAM is somebody else's: who may call, and that an opening, whether it succeeds or
 * not, leaves nothing changed in it.  As root, in a world of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "call.h"
#include "tap.h"
#include "world.h"

#define FDS 64

static char records[65536];

static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		(void)pause();
	return NULL;
}

static int open_with_threads(void)
{
	struct call call;
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0)
		return 255;
	return call_try(&call, "good", "alice");
}

static int open_as_alice(void)
{
	struct call call;

	if (seteuid(WORLD_ALICE) < 0)
		return 255;
	return call_try(&call, "good", "alice");
}

/* As atd does: only the effective uid is root's. */
static int open_like_atd(void)
{
	struct call call;

	if (setresuid(WORLD_BOB, 0, 0) < 0)
		return 255;
	return call_try(&call, "good", "alice");
}

static void test_who_may(void)
{
	world_log(records, sizeof(records));
	(void)tap_is(call_in_child(open_with_threads), PAM_SYSTEM_ERR,
		     "a caller with threads is refused");
	world_log(records, sizeof(records));
	(void)tap_ok(strstr(records, "has 2 threads") != NULL,
		     "the log says how many threads it has");
	(void)tap_is(call_in_child(open_as_alice), PAM_PERM_DENIED,
		     "a caller that is not root is refused");
	world_log(records, sizeof(records));
	(void)tap_ok(strstr(records, "is not root") != NULL, "the log says that it is not root");
	(void)tap_is(call_in_child(open_like_atd), PAM_SUCCESS,
		     "a caller with root's effective uid alone opens");
}

/* What must be the same before and after. */
struct state {
	int flags[FDS]; /* of each descriptor; -1: closed */
	struct stat file[FDS];
	char cwd[256];
	mode_t mask;
	sigset_t blocked;
	struct sigaction action[32];
	struct rlimit limit[RLIM_NLIMITS];
	char environment[8192];
	uid_t uid[3];
	int priority;
};

static void take(struct state *ret)
{
	int i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < FDS; i++) {
		ret->flags[i] = fcntl(i, F_GETFD);
		if (ret->flags[i] >= 0)
			(void)fstat(i, &ret->file[i]);
		/* Written to by others. */
		ret->file[i].st_size = ret->file[i].st_blocks = 0;
		memset(&ret->file[i].st_mtim, 0, 3 * sizeof(struct timespec));
		memset(&ret->file[i].st_atim, 0, sizeof(struct timespec));
		memset(&ret->file[i].st_ctim, 0, sizeof(struct timespec));
	}
	if (!getcwd(ret->cwd, sizeof(ret->cwd)))
		ret->cwd[0] = '?';
	ret->mask = umask(0);
	(void)umask(ret->mask);
	(void)sigprocmask(SIG_SETMASK, NULL, &ret->blocked);
	for (i = 1; i < 32; i++)
		(void)sigaction(i, NULL, &ret->action[i]);
	for (i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit(i, &ret->limit[i]);
	for (i = 0; environ[i]; i++)
		(void)strncat(ret->environment, environ[i],
			      sizeof(ret->environment) - strlen(ret->environment) - 1);
	(void)getresuid(&ret->uid[0], &ret->uid[1], &ret->uid[2]);
	ret->priority = getpriority(PRIO_PROCESS, 0);
}

static const char *compare(const struct state *a, const struct state *b)
{
	static char text[64];
	int i;

	for (i = 0; i < FDS; i++) {
		(void)snprintf(text, sizeof(text), "descriptor %d", i);
		if (a->flags[i] != b->flags[i] ||
		    memcmp(&a->file[i], &b->file[i], sizeof(a->file[i])) != 0)
			return text;
	}
	for (i = 1; i < 32; i++) {
		(void)snprintf(text, sizeof(text), "action of signal %d", i);
		if (a->action[i].sa_handler != b->action[i].sa_handler ||
		    a->action[i].sa_flags != b->action[i].sa_flags)
			return text;
	}
	return strcmp(a->cwd, b->cwd) != 0                               ? "working directory" :
	       a->mask != b->mask                                        ? "umask" :
	       memcmp(&a->blocked, &b->blocked, sizeof(a->blocked)) != 0 ? "signal mask" :
	       memcmp(a->limit, b->limit, sizeof(a->limit)) != 0         ? "resource limits" :
	       strcmp(a->environment, b->environment) != 0               ? "environment" :
	       memcmp(a->uid, b->uid, sizeof(a->uid)) != 0               ? "user ids" :
	       a->priority != b->priority                                ? "priority" :
									   NULL;
}

static volatile sig_atomic_t n_signals;

static void count_signal(int signal)
{
	(void)signal;
	n_signals++;
}

/* An unusual caller. */
static void be_peculiar(void)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	sigset_t set;

	(void)sigaction(SIGCHLD, &action, NULL);
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)umask(0137);
	(void)!chdir("/usr");
	(void)setenv("PECULIAR", "yes", 1);
	/* The C library keeps its own way to the log open. */
	openlog("caller", LOG_NDELAY, LOG_AUTHPRIV);
}

/* 0 when everything is as it was; says what is not. */
static int check_same(const char *service, bool open)
{
	static struct state before, after;
	const char *difference;
	struct call call;
	int r, closed = PAM_SUCCESS;

	be_peculiar();
	take(&before);
	call_start(&call, service, "alice");
	r = call_open(&call);
	if (r == PAM_SUCCESS)
		closed = call_close(&call);
	call_end(&call);
	take(&after);
	difference = compare(&before, &after);
	if (difference)
		tap_note("%s: %s", service, difference);
	if ((r == PAM_SUCCESS) != open || closed != PAM_SUCCESS)
		return 101;
	if (n_signals)
		return 102;
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
		return 103;
	return difference ? 104 : 0;
}

static int same_after_open(void)
{
	return check_same("good", true);
}

static int same_after_failure(void)
{
	return check_same("unmountable", false);
}

static int same_after_refusal(void)
{
	return check_same("faulty", false);
}

/* Descriptors 0 to 2 are free for whatever the module opens first. */
static int open_without_descriptors(void)
{
	struct call call;
	int i, r;

	for (i = 0; i < FDS; i++)
		(void)close(i);
	call_start(&call, "good", "alice");
	r = call_open(&call);
	if (r == PAM_SUCCESS)
		r = call_close(&call);
	call_end(&call);
	return r;
}

static int open_with_ignored_sigchld(void)
{
	struct call call;
	int r;

	(void)signal(SIGCHLD, SIG_IGN);
	call_start(&call, "good", "alice");
	r = call_open(&call);
	if (r != PAM_SUCCESS)
		return r;
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		return 101;
	r = call_close(&call);
	call_end(&call);
	return r;
}

/* Nothing of the module's may come between a program and its output. */
static int open_with_output(void)
{
	int file = open(WORLD "/output", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct call call;
	struct stat st;

	if (file < 0 || dup2(file, 1) < 0 || dup2(file, 2) < 0)
		return 101;
	(void)call_try(&call, "faulty", "alice");
	(void)call_try(&call, "unmountable", "alice");
	if (call_try(&call, "good", "alice") != PAM_SUCCESS)
		return 102;
	(void)fflush(stdout);
	return fstat(file, &st) < 0 || st.st_size ? 103 : 0;
}

/* A folder that is hidden inside can't be the working directory there. */
static int open_in_tmp(void)
{
	struct call call;
	char cwd[64];

	if (chdir("/tmp") < 0 || call_try(&call, "good", "alice") != PAM_SUCCESS)
		return 101;
	return getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/tmp") == 0 ? 0 : 102;
}

static int run(void)
{
	call_good_service();
	world_write(WORLD "/faulty/default.conf", "[session]\nmode=enforec\n");
	world_write(WORLD "/unmountable/default.conf",
		    "[mount]\nread_only=/nowhere\n[cgroup]\nenable=no\n");
	call_service("faulty", "confdir=" WORLD "/faulty");
	call_service("unmountable", "confdir=" WORLD "/unmountable");
	test_who_may();
	(void)tap_is(call_in_child(same_after_open), 0, "a session leaves the caller as it was");
	(void)tap_is(call_in_child(same_after_failure), 0,
		     "a failed opening leaves the caller as it was");
	(void)tap_is(call_in_child(same_after_refusal), 0,
		     "a faulty policy leaves the caller as it was");
	(void)tap_is(call_in_child(open_without_descriptors), PAM_SUCCESS,
		     "a caller without any descriptor");
	(void)tap_is(call_in_child(open_with_ignored_sigchld), PAM_SUCCESS,
		     "a caller that ignores SIGCHLD");
	(void)tap_is(call_in_child(open_with_output), 0, "nothing is written to stdout and stderr");
	(void)tap_is(call_in_child(open_in_tmp), 0, "the working directory stays by its name");
	world_check_clean("all of them");
	return 0;
}

int main(void)
{
	return world_run(run);
}
