/*
 * Two clones that share the caller's memory: the first child is waited for here, the second one, the
 * image, is nobody's.  Exit signal 0 keeps both invisible to SIGCHLD handlers and to wait(2) without
 * __WALL; execve(2) would set it back to SIGCHLD, so the process that executes must not be the caller's
 * child (man 2 clone, kernel/fork.c).  CLONE_VM instead of fork: sshd's page tables are not copied.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "errmsg.h"
#include "nsiso.h"

/*
 * A system call without libc: errno lies in memory that the child shares with the running caller.
 */
static inline __attribute__((always_inline)) long raw_syscall(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("xor %%r10d, %%r10d\n\txor %%r8d, %%r8d\n\tsyscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "r10", "r8", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
#else
#error "raw_syscall() is written for x86-64 and arm64"
#endif
}

/*
 * The first child, on its own stack.  Its vfork(2), as a bare call, suspends it until the image runs; all
 * is in this one frame, which the second child must not leave.
 */
static __attribute__((noinline, no_sanitize("address"), no_sanitize("undefined"))) int
middle(void *arg)
{
	const struct spawn *spawn = arg;
	static const char *const no_environment[] = { NULL };
	long pid = raw_syscall(SYS_clone, CLONE_VM | CLONE_VFORK, 0, 0);

	if (pid != 0)
		raw_syscall(SYS_exit, pid < 0, 0, 0);
	if (spawn->sock == 3)
		raw_syscall(SYS_fcntl, 3, F_SETFD, 0);
	else
		raw_syscall(SYS_dup3, spawn->sock, 3, 0);
	raw_syscall(SYS_execve, (long)NSISO_INIT_PATH, (long)spawn->argv, (long)no_environment);
	raw_syscall(SYS_exit, 127, 0, 0);
	return 127;
}

int spawn_start(struct spawn *spawn, const char *user, const char *id, struct errmsg *e)
{
	AUTO_CLOSE int ours = -1, theirs = -1;
	sigset_t all, old;
	int pair[2];

	spawn->middle = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return errmsg_set(e, -errno, "cannot make a socket pair");
	ours = pair[0];
	theirs = spawn->sock = pair[1];
	spawn->argv[0] = "nsshell-init";
	spawn->argv[1] = user;
	spawn->argv[2] = id;
	spawn->argv[3] = NULL;
	/* A handler of the caller's must not run in a child that shares its memory. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	spawn->middle = clone(middle, spawn->stack + sizeof(spawn->stack), CLONE_VM, spawn);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (spawn->middle < 0) {
		spawn->middle = 0;
		return errmsg_set(e, -errno, "cannot clone a process for %s", NSISO_INIT_PATH);
	}
	return take_fd(&ours);
}

void spawn_finish(struct spawn *spawn)
{
	while (spawn->middle > 0 && waitpid(spawn->middle, NULL, __WALL) < 0 && errno == EINTR)
		;
	spawn->middle = 0;
}
