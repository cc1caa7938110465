/* What the tracer knows of system calls; see tracer_calls.h. */
#include "tracer_calls.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "sys.h"
#include "tracer.h"

/* flags: N the n-th argument is a path, f: the first one a descriptor, w: it may wait */
#define CALL(name, error, flags)                \
	{                                       \
		SYS_##name, error, flags, #name \
	}

static const struct {
	long number;
	int error;
	const char *flags, *name;
} calls[] = {
	/* These always succeed, or are the test's own business. */
	CALL(close, 0, ""),
	CALL(munmap, 0, ""),
	CALL(mmap, 0, ""),
	CALL(brk, 0, ""),
	CALL(mprotect, 0, ""),
	CALL(madvise, 0, ""),
	CALL(exit, 0, ""),
	CALL(exit_group, 0, ""),
	CALL(rt_sigprocmask, 0, ""),
	CALL(rt_sigreturn, 0, ""),
	CALL(getpid, 0, ""),
	CALL(gettid, 0, ""),
	CALL(getppid, 0, ""),
	CALL(getuid, 0, ""),
	CALL(geteuid, 0, ""),
	CALL(getgid, 0, ""),
	CALL(getegid, 0, ""),
	CALL(umask, 0, ""),
	CALL(wait4, 0, "w"),
	CALL(futex, 0, ""),
	CALL(lseek, 0, ""),
	CALL(clock_nanosleep, 0, "w"),
	CALL(clock_gettime, 0, ""),
	CALL(restart_syscall, 0, ""),
	CALL(set_robust_list, 0, ""),
	CALL(rseq, 0, ""),
	CALL(set_tid_address, 0, ""),
	CALL(nanosleep, 0, "w"),
#ifdef SYS_arch_prctl
	CALL(arch_prctl, 0, ""),
#endif
	CALL(openat, EMFILE, "1"),
	CALL(openat2, EMFILE, "1"),
	CALL(mkdirat, ENOSPC, "1"),
	CALL(newfstatat, ENOMEM, "1f"),
	CALL(statfs, ENOMEM, "0"),
	CALL(fstatfs, ENOMEM, ""),
	CALL(faccessat, ENOMEM, "1"),
	CALL(faccessat2, ENOMEM, "1"),
	CALL(fchmodat, EIO, "1"),
	CALL(unlinkat, EIO, "1"),
	CALL(readlinkat, ENOMEM, "1"),
	CALL(fstat, ENOMEM, "f"),
	CALL(read, EIO, "f"),
	CALL(write, ENOSPC, "f"),
	CALL(pread64, EIO, ""),
	CALL(writev, ENOSPC, "f"),
	CALL(readv, EIO, "f"),
	CALL(getdents64, EIO, "f"),
	CALL(fcntl, EMFILE, "f"),
	CALL(flock, ENOLCK, "f"),
	CALL(fchmod, EIO, "f"),
	CALL(chdir, EACCES, "0"),
	CALL(getcwd, ENOMEM, ""),
	CALL(ioctl, EIO, ""),
	CALL(socket, EMFILE, ""),
	CALL(socketpair, EMFILE, ""),
	CALL(bind, ENOMEM, ""),
	CALL(listen, ENOMEM, ""),
	CALL(connect, ENOMEM, ""),
	CALL(accept4, EMFILE, ""),
	CALL(sendmsg, ENOMEM, "f"),
	CALL(sendto, ENOMEM, "f"),
	CALL(recvmsg, ENOMEM, "w"),
	CALL(recvfrom, ENOMEM, "w"),
	CALL(ppoll, ENOMEM, "w"),
	CALL(getsockopt, ENOMEM, ""),
	CALL(setsockopt, ENOMEM, ""),
	CALL(clone, EAGAIN, ""),
	CALL(clone3, EAGAIN, ""),
	CALL(execve, ENOMEM, "0"),
	CALL(dup3, EMFILE, ""),
	CALL(setns, EPERM, ""),
	CALL(unshare, ENOSPC, ""),
	CALL(getrandom, EAGAIN, ""),
	CALL(pidfd_open, EMFILE, ""),
	CALL(pidfd_send_signal, EPERM, ""),
	CALL(kill, 0, ""),
	CALL(open_tree, EMFILE, "1"),
	CALL(move_mount, ENOSPC, ""),
	CALL(mount_setattr, EPERM, ""),
	CALL(fsopen, EMFILE, ""),
	CALL(fsconfig, EINVAL, ""),
	CALL(fsmount, EMFILE, ""),
	CALL(mount, EPERM, "1"),
	CALL(umount2, EPERM, "0"),
	CALL(close_range, ENOMEM, ""),
	CALL(setgroups, EPERM, ""),
	CALL(setresuid, EAGAIN, ""),
	CALL(setresgid, EPERM, ""),
	CALL(setuid, EPERM, ""),
	CALL(setgid, EPERM, ""),
	CALL(capset, EPERM, ""),
	CALL(capget, EPERM, ""),
	CALL(prctl, EPERM, ""),
	CALL(prlimit64, EPERM, ""),
	CALL(setpriority, EPERM, ""),
	CALL(ioprio_set, EPERM, ""),
	CALL(keyctl, EDQUOT, ""),
	CALL(setsid, EPERM, ""),
	CALL(sethostname, EPERM, ""),
	CALL(signalfd4, EMFILE, ""),
	CALL(rt_sigaction, EINVAL, ""),
	CALL(getresuid, ENOMEM, ""),
	CALL(getgroups, ENOMEM, ""),
	CALL(uname, EFAULT, ""),
#ifdef SYS_open /* x86-64 has the old names, too */
	CALL(open, EMFILE, "0"),
	CALL(stat, ENOMEM, "0"),
	CALL(lstat, ENOMEM, "0"),
	CALL(access, ENOMEM, "0"),
	CALL(mkdir, ENOSPC, "0"),
	CALL(rmdir, EIO, "0"),
	CALL(dup2, EMFILE, ""),
	CALL(poll, ENOMEM, "w"),
	CALL(fork, EAGAIN, ""),
	CALL(vfork, EAGAIN, ""),
	CALL(readlink, ENOMEM, "0"),
	CALL(chmod, EIO, "0"),
	CALL(unlink, EIO, "0"),
	CALL(pipe, EMFILE, ""),
	CALL(getrlimit, EFAULT, ""),
	CALL(setrlimit, EPERM, ""),
#endif
};

static size_t find(long call)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == call)
			break;
	return i;
}

int tracer_call_error(long call)
{
	size_t i = find(call);

	return i < sizeof(calls) / sizeof(calls[0]) ? calls[i].error : EPERM;
}

bool tracer_call_waits(long call)
{
	size_t i = find(call);

	return i < sizeof(calls) / sizeof(calls[0]) && calls[i].error && calls[i].flags[0] == 'w';
}

int tracer_call_path(long call)
{
	size_t i = find(call);

	if (i == sizeof(calls) / sizeof(calls[0]) || calls[i].flags[0] < '0' ||
	    calls[i].flags[0] > '9')
		return -1;
	return calls[i].flags[0] - '0';
}

bool tracer_call_has_fd(long call)
{
	size_t i = find(call);

	return i < sizeof(calls) / sizeof(calls[0]) && strchr(calls[i].flags, 'f');
}

const char *tracer_call_name(long call)
{
	static char digits[32];
	size_t i = find(call);

	if (i < sizeof(calls) / sizeof(calls[0]))
		return calls[i].name;
	(void)snprintf(digits, sizeof(digits), "call-%ld", call);
	return digits;
}
