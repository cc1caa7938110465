/*
 * System calls and constants that a libc may lack: one static inline a call, under its kernel name, -1 and
 * errno on failure.  Nothing from <linux/...> is included, so that the static image builds without kernel
 * headers.  The oldest supported kernel is 5.14; what is younger is marked.
 */
#ifndef NSISO_SYS_H
#define NSISO_SYS_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* sched.h: clone flags */
#define SYS_NEWTIME 0x00000080UL
#define SYS_NEWNS 0x00020000UL
#define SYS_NEWCGROUP 0x02000000UL
#define SYS_NEWUTS 0x04000000UL
#define SYS_NEWIPC 0x08000000UL
#define SYS_NEWUSER 0x10000000UL
#define SYS_NEWPID 0x20000000UL
#define SYS_NEWNET 0x40000000UL
#define SYS_PIDFD 0x00001000ULL        /* CLONE_PIDFD */
#define SYS_INTO_CGROUP 0x200000000ULL /* CLONE_INTO_CGROUP, since Linux 5.7 */

struct sys_clone_args { /* struct clone_args of linux/sched.h, since Linux 5.7 */
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

struct sys_mount_attr { /* struct mount_attr of linux/mount.h */
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

#define SYS_ATTR_RDONLY 0x01ULL /* MOUNT_ATTR_* */
#define SYS_ATTR_NOSUID 0x02ULL
#define SYS_ATTR_NODEV 0x04ULL
#define SYS_ATTR_NOEXEC 0x08ULL

struct sys_open_how { /* struct open_how of linux/openat2.h */
	uint64_t flags, mode, resolve;
};

#define SYS_NO_MAGICLINKS 0x02ULL /* RESOLVE_* */
#define SYS_NO_SYMLINKS 0x04ULL

#define SYS_TREE_CLONE 1U           /* OPEN_TREE_CLONE */
#define SYS_RECURSIVE 0x8000U       /* AT_RECURSIVE */
#define SYS_MOVE_F_EMPTY_PATH 0x04U /* MOVE_MOUNT_F_EMPTY_PATH */
#define SYS_MOVE_T_EMPTY_PATH 0x40U /* MOVE_MOUNT_T_EMPTY_PATH */

enum sys_fsconfig { SYS_SET_FLAG = 0, SYS_SET_STRING = 1, SYS_CMD_CREATE = 6 };

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Plain fork semantics: no stack, the child returns 0.  Only for a single-threaded caller. */
static inline pid_t sys_clone3(struct sys_clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

static inline int sys_openat2(int dirfd, const char *path, const struct sys_open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(int from, int to)
{
	return (int)syscall(SYS_move_mount, from, "", to, "",
			    SYS_MOVE_F_EMPTY_PATH | SYS_MOVE_T_EMPTY_PATH);
}

static inline int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static inline int sys_fsmount(int fs, uint64_t attributes)
{
	return (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, (unsigned)attributes);
}

static inline int sys_mount_setattr(int dirfd, unsigned flags, struct sys_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, "", flags | 0x1000 /* AT_EMPTY_PATH */, attr,
			    sizeof(*attr));
}

static inline int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* With a number that the receiver finds in si_value (man 3 sigqueue). */
static inline int sys_pidfd_queue_signal(int pidfd, int signal, int number)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_value.sival_int = number;
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, &info, 0);
}

static inline int sys_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

#endif
