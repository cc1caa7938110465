/* One failing system call in a tree of processes; see tracer.h.  The kernel's side: man 2 ptrace. */
#include "tracer.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "tracer_calls.h"

#define TIMEOUT 12 /* s for a run: longer than any time-out of the product */
#define TRACEES_MAX 32
#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct tracee {
	pid_t pid; /* 0: unused */
	enum tracer_role role;
	bool known;   /* its parent has told of it */
	bool waits;   /* stopped until it is known */
	bool failing; /* between the entry and the exit of the call that fails */
};

static struct {
	struct tracee tracee[TRACEES_MAX];
	const volatile int *armed;
	const struct tracer_fault *fault;
	struct tracer_result *result;
	unsigned seen;
} run;

static volatile sig_atomic_t expired;

static void expire(int signal)
{
	(void)signal;
	expired = 1;
}

static bool is_any_left(void)
{
	int i;

	for (i = 0; i < TRACEES_MAX; i++)
		if (run.tracee[i].pid)
			return true;
	return false;
}

static struct tracee *find(pid_t pid)
{
	struct tracee *free = NULL;
	int i;

	for (i = 0; i < TRACEES_MAX; i++) {
		if (run.tracee[i].pid == pid)
			return &run.tracee[i];
		if (!run.tracee[i].pid && !free)
			free = &run.tracee[i];
	}
	if (!free)
		tap_bail("too many processes to trace");
	*free = (struct tracee){ .pid = pid, .role = ROLE_OTHER };
	return free;
}

/* Without stops where nothing is to be counted. */
static void go_on(const struct tracee *tracee, int signal)
{
	bool stops = !run.result->fired && tracee->role == run.fault->role;

	(void)ptrace(stops || tracee->failing ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, NULL,
		     (void *)(intptr_t)signal);
}

#if defined(__x86_64__)
static void skip_call(pid_t pid)
{
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L);
}

static void set_result(pid_t pid, long value)
{
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), value);
}
#elif defined(__aarch64__)
static void skip_call(pid_t pid)
{
	int none = -1;
	struct iovec iov = { &none, sizeof(none) };

	(void)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov);
}

static void set_result(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	(void)ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
	regs.regs[0] = (unsigned long)value;
	(void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}
#else
static void skip_call(pid_t pid)
{
	(void)pid;
}

static void set_result(pid_t pid, long value)
{
	(void)pid, (void)value;
}
#endif

bool tracer_works(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return true;
#else
	return false;
#endif
}

static void read_path(pid_t pid, uint64_t address, char *ret, size_t size)
{
	struct iovec local = { ret, size - 1 }, remote = { (void *)(uintptr_t)address, size - 1 };
	ssize_t n;

	/* Up to the end of the page, where the next one is missing. */
	n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	if (n < 0) {
		local.iov_len = remote.iov_len = 4096 - (address & 4095);
		n = local.iov_len < size ? process_vm_readv(pid, &local, 1, &remote, 1, 0) : -1;
	}
	ret[n < 0 ? 0 : n] = '\0';
}

static void read_fd(pid_t pid, int fd, char *ret, size_t size)
{
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, ret, size - 1);
	ret[n < 0 ? 0 : n] = '\0';
	/* By a name that is known beforehand. */
	(void)snprintf(path, sizeof(path), "/proc/%d/", (int)pid);
	if (strncmp(ret, path, strlen(path)) == 0) {
		(void)snprintf(path, sizeof(path), "%s", ret + strlen(path));
		(void)snprintf(ret, size, "/proc/self/%s", path);
	}
}

static void enter_call(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	long call = (long)info->entry.nr;
	int error = tracer_call_error(call), path = tracer_call_path(call);

	if (run.result->fired || tracee->role != run.fault->role || !*run.armed || !error ||
	    (run.fault->restarts && !tracer_call_waits(call)) || ++run.seen != run.fault->at)
		return;
	run.result->fired = tracee->failing = true;
	run.result->call = call;
	run.result->error = run.fault->restarts ? EINTR :
			    run.fault->error    ? run.fault->error :
						  error;
	if (path >= 0)
		read_path(tracee->pid, info->entry.args[path], run.result->path,
			  sizeof(run.result->path));
	if (!run.result->path[0] && tracer_call_has_fd(call))
		read_fd(tracee->pid, (int)info->entry.args[0], run.result->path,
			sizeof(run.result->path));
	if (!run.result->path[0])
		(void)snprintf(run.result->path, sizeof(run.result->path), "%llu ",
			       (unsigned long long)info->entry.args[0]);
	skip_call(tracee->pid);
}

static void at_call(struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(tracee, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->failing) {
		set_result(tracee->pid, -run.result->error);
		tracee->failing = false;
	}
}

static enum tracer_role role_of_child(enum tracer_role parent)
{
	switch (parent) {
	case ROLE_OPENER:
		return *run.armed ? ROLE_MIDDLE : ROLE_OTHER;
	case ROLE_MIDDLE:
		return ROLE_SUPERVISOR;
	case ROLE_SUPERVISOR:
		return ROLE_INIT;
	case ROLE_INIT:
		return ROLE_HELPER;
	default:
		return ROLE_OTHER;
	}
}

static void at_birth(const struct tracee *parent)
{
	unsigned long pid = 0;
	struct tracee *child;

	(void)ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
	child = find((pid_t)pid);
	child->role = role_of_child(parent->role);
	child->known = true;
	if (child->waits)
		go_on(child, 0);
	child->waits = false;
}

static void at_stop(struct tracee *tracee, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
	    event == PTRACE_EVENT_VFORK)
		at_birth(tracee);
	else if (signal == (SIGTRAP | 0x80))
		at_call(tracee);
	else if (event == 0)
		return go_on(tracee, signal); /* a real one, to be delivered */
	else if (event == PTRACE_EVENT_STOP && !tracee->known) {
		tracee->waits = true;
		return;
	}
	go_on(tracee, 0);
}

static void kill_all(void)
{
	int i;

	run.result->hung = true;
	for (i = 0; i < TRACEES_MAX; i++)
		if (run.tracee[i].pid)
			(void)kill(run.tracee[i].pid, SIGKILL);
}

static void loop(void)
{
	struct tracee *tracee;
	int status;
	pid_t pid;

	/* What is reaped a second time, as an orphan, is in the table for a moment only. */
	while (is_any_left()) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR && expired) {
			kill_all();
			expired = 0;
			continue;
		}
		if (pid < 0)
			return;
		tracee = find(pid);
		if (WIFSTOPPED(status))
			at_stop(tracee, status);
		else
			tracee->pid = 0;
	}
}

static int now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec % 1000000 * 1000 + now.tv_nsec / 1000000);
}

void tracer_run(void (*body)(void), const volatile int *armed, const struct tracer_fault *fault,
		struct tracer_result *ret)
{
	const struct sigaction action = { .sa_handler = expire };
	const struct itimerval limit = { .it_value = { .tv_sec = TIMEOUT } },
			       none = { .it_value = { 0 } };
	struct tracee *tracee;
	int go[2], begin = now_ms();
	char byte = 0;
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	memset(&run, 0, sizeof(run));
	run.armed = armed;
	run.fault = fault;
	run.result = ret;
	if (pipe(go) < 0 || (pid = fork()) < 0)
		tap_bail("cannot start a process to trace");
	if (pid == 0) {
		(void)!read(go[0], &byte, 1);
		(void)close(go[0]);
		(void)close(go[1]);
		body();
		_exit(0);
	}
	tracee = find(pid);
	tracee->role = ROLE_OPENER;
	tracee->known = true;
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		tap_bail("cannot trace: %s", strerror(errno));
	(void)!write(go[1], &byte, 1);
	(void)close(go[0]);
	(void)close(go[1]);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &limit, NULL);
	loop();
	(void)setitimer(ITIMER_REAL, &none, NULL);
	ret->ms = now_ms() - begin;
}
