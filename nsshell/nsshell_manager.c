/*
 * nsshell-manager: starts a user's service manager, systemd --user, inside of the user's instance.  Started
 * by the service user@.service in place of systemd's own way into a PAM session, from which no process can
 * be put into namespaces: this program opens the session, so it can be moved in, and forks the manager.
 *
 *   nsshell-manager --check UID          status 0: the policy has a manager for this user; 1: it has none
 *   nsshell-manager UID PROGRAM [ARG...] opens the PAM session, runs the program in it, and waits
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "facts.h"
#include "login.h"
#include "policy.h"

#define SERVICE "systemd-user" /* the PAM service; systemd's own for user@.service */
#define CGROUP "/sys/fs/cgroup"

enum status {
	STATUS_NO = 1,      /* --check: no manager for this user */
	STATUS_FAILED = 70, /* EX_SOFTWARE */
	STATUS_EXEC = 203,  /* as systemd has them: EXIT_EXEC, EXIT_PAM (man 5 systemd.exec) */
	STATUS_PAM = 224,
};

/* Whether this user may have a manager; why not stands in the log. */
static int check(uid_t uid)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	struct facts facts = { .service = SERVICE, .uid = uid };
	struct errmsg e = { .text = "out of memory" };
	int r = policy ? login_find_policy(uid, policy, &facts, &e) : -ENOMEM;

	if (r < 0) {
		syslog(LOG_ERR, "service manager refused: uid=%u reason=%s", (unsigned)uid, e.text);
		return STATUS_NO;
	}
	if (r > 0 || policy->session.user_manager == MANAGER_INSIDE)
		return 0;
	syslog(LOG_NOTICE, "service manager not started: user=%s reason=user_manager=no",
	       facts.user);
	return STATUS_NO;
}

/* Nobody is there to answer. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret,
		    void *data)
{
	(void)n, (void)messages, (void)ret, (void)data;
	return PAM_CONV_ERR;
}

static int fail_pam(pam_handle_t *pamh, int r, const char *what)
{
	syslog(LOG_ERR, "service manager: %s: %s", what, pam_strerror(pamh, r));
	(void)pam_end(pamh, r);
	return STATUS_PAM;
}

static int set_environment(pam_handle_t *pamh)
{
	char **list = pam_getenvlist(pamh), **at;

	for (at = list; at && *at; at++)
		if (putenv(*at) != 0)
			return -errno;
	return list ? 0 : -ENOMEM;
}

/* The line of pam_nsiso may be missing: then the policy says whether that is right. */
static int check_outside(const struct facts *user, struct errmsg *e)
{
	AUTO_FREE struct policy *policy = malloc(sizeof(*policy));
	struct facts facts = { .service = SERVICE, .uid = user->uid };
	int r;

	if (!policy)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	r = login_find_policy(user->uid, policy, &facts, e);
	if (r == 0)
		return errmsg_setx(e, -EPERM,
				   "PAM has not isolated the session of service " SERVICE
				   ", and the policy does not exempt it");
	return r < 0 ? r : 0;
}

/* In the child: from root to the user, through the instance's init where there is one. */
static int become_user(const struct facts *user, struct errmsg *e)
{
	struct wire_fds fds = { .n = 0 };
	struct wire_welcome welcome;
	int r;

	if (initgroups(user->user, user->gid) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return errmsg_set(e, -errno, "cannot become user %s", user->user);
	/* As nsshell: between entering and giving up it has more than the user's other processes. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return errmsg_set(e, -errno, "cannot forbid tracing");
	r = login_ask(&welcome, &fds, e);
	if (r > 0)
		return check_outside(user, e);
	if (r < 0)
		return r;
	r = login_enter(&welcome, &fds, e);
	return r < 0 ? r : login_give_up(&welcome, e);
}

static void run_child(const struct facts *user, char **argv) __attribute__((noreturn));
static void run_child(const struct facts *user, char **argv)
{
	struct errmsg e;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (become_user(user, &e) == 0) {
		(void)execv(argv[0], argv);
		(void)errmsg_set(&e, -errno, "cannot execute %s", argv[0]);
	}
	syslog(LOG_ERR, "service manager: user=%s reason=%s", user->user, e.text);
	_exit(STATUS_EXEC);
}

/*
 * The manager must be alone in the cgroup that it gets, or it can't hand controllers down (man 7 cgroups, no
 * internal processes), so this process leaves it.  Younger systemds start us in a subgroup: *ret is -1 then.
 * A descriptor, because the folder may be out of sight once the session is open.
 */
static int open_cgroup(int *ret, struct errmsg *e)
{
	char line[512], path[sizeof(line) + sizeof(CGROUP)];
	AUTO_CLOSE int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *own, *end;

	if (n < 0)
		return errmsg_set(e, -errno, "cannot read /proc/self/cgroup");
	line[n] = '\0';
	own = strstr(line, "0::/");
	end = own ? strchr(own, '\n') : NULL;
	if (!end)
		return errmsg_setx(e, -ENODEV, "this host has no cgroup v2");
	*end = '\0';
	*ret = -1;
	if (strcmp(strrchr(own, '/'), "/init.scope") == 0)
		return 0;
	(void)snprintf(path, sizeof(path), CGROUP "%s", own + strlen("0::"));
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? errmsg_set(e, -errno, "cannot open cgroup %s", path) : 0;
}

static int leave_cgroup(int own, struct errmsg *e)
{
	AUTO_CLOSE int procs = -1;

	if (own < 0)
		return 0;
	if (mkdirat(own, "nsiso", 0755) < 0 && errno != EEXIST)
		return errmsg_set(e, -errno, "cannot make a cgroup for the session's opener");
	procs = openat(own, "nsiso/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (procs < 0 || write(procs, "0", 1) != 1)
		return errmsg_set(e, -errno, "cannot enter the cgroup of the session's opener");
	return 0;
}

/* What the host's manager sends to us, its main process, is meant for the one inside. */
static int wait_child(pid_t child)
{
	siginfo_t info;
	sigset_t all;
	int status;

	(void)sigfillset(&all);
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (sigwaitinfo(&all, &info) > 0 && info.si_signo != SIGCHLD)
			(void)kill(child, info.si_signo);
	}
}

/* Signals are blocked before there is a child whose end could be missed. */
static int run_session(const struct facts *user, int cgroup, char **argv)
{
	struct errmsg e;
	sigset_t all;
	pid_t child;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	child = fork();
	if (child == 0)
		run_child(user, argv);
	if (child < 0) {
		syslog(LOG_ERR, "service manager: cannot fork: %m");
		return STATUS_FAILED;
	}
	if (leave_cgroup(cgroup, &e) < 0)
		syslog(LOG_ERR, "service manager: user=%s reason=%s", user->user, e.text);
	return wait_child(child);
}

static int run_pam(pam_handle_t *pamh, const struct facts *user, int cgroup, char **argv)
{
	int r, status;

	r = pam_acct_mgmt(pamh, PAM_SILENT);
	if (r != PAM_SUCCESS)
		return fail_pam(pamh, r, "the account is not valid");
	r = pam_setcred(pamh, PAM_ESTABLISH_CRED | PAM_SILENT);
	if (r != PAM_SUCCESS)
		return fail_pam(pamh, r, "cannot establish credentials");
	r = pam_open_session(pamh, PAM_SILENT);
	if (r != PAM_SUCCESS)
		return fail_pam(pamh, r, "cannot open a session");
	status = set_environment(pamh) < 0 ? STATUS_FAILED : run_session(user, cgroup, argv);
	(void)pam_close_session(pamh, PAM_SILENT);
	(void)pam_setcred(pamh, PAM_DELETE_CRED | PAM_SILENT);
	(void)pam_end(pamh, PAM_SUCCESS);
	return status;
}

static int run(uid_t uid, char **argv)
{
	const struct pam_conv conversation = { .conv = converse };
	struct facts user = { .service = SERVICE };
	pam_handle_t *pamh = NULL;
	AUTO_CLOSE int cgroup = -1;
	struct errmsg e;
	int r;

	if (login_find_user(uid, &user, &e) < 0 || open_cgroup(&cgroup, &e) < 0) {
		syslog(LOG_ERR, "service manager: uid=%u reason=%s", (unsigned)uid, e.text);
		return STATUS_FAILED;
	}
	r = pam_start(SERVICE, user.user, &conversation, &pamh);
	if (r != PAM_SUCCESS) {
		syslog(LOG_ERR, "service manager: cannot start PAM: error %d", r);
		return STATUS_PAM;
	}
	return run_pam(pamh, &user, cgroup, argv);
}

static int usage(void)
{
	(void)fputs("usage: nsshell-manager --check UID\n"
		    "       nsshell-manager UID PROGRAM [ARGUMENT...]\n"
		    "Is started by user@.service; see nsshell(8).\n",
		    stderr);
	return 2;
}

/* The whole of the text is the number; false: it is not. */
static bool parse_uid(const char *text, uid_t *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > 0xfffffffeUL)
		return false;
	*ret = (uid_t)value;
	return true;
}

int main(int argc, char **argv)
{
	uid_t uid;

	openlog("nsshell-manager", LOG_PID, LOG_AUTHPRIV);
	if (argc == 3 && strcmp(argv[1], "--check") == 0 && parse_uid(argv[2], &uid))
		return check(uid);
	if (argc < 3 || !parse_uid(argv[1], &uid))
		return usage();
	if (geteuid() != 0) {
		(void)fputs("nsshell-manager: needs root\n", stderr);
		return STATUS_FAILED;
	}
	return run(uid, argv + 2);
}
