#!/usr/bin/python3
"""
Tries to get out of an isolated login, in every way it knows, and says what came of it.

usage: escape.py GROUP [KEY=VALUE]...
       escape.py describe PID FILE    (as root of the host: what the keys of the host's are)

One line an attempt: "refused NAME: REASON" or "DONE NAME: WHAT", and "broken NAME: REASON" for an attempt
that proves nothing because it could not be made.  Each is made by a process of its own, so that none is in
another's way.

groups: processes, namespaces, kernel, files, mounts, nested (mounts, in a user namespace below the own one)
keys: COVER a folder that is covered, with a file "secret" beneath; BOUND: a bind of the same file system;
      READ_ONLY, NOEXEC: folders; MOUNTS: what cannot be unmounted, by commas; OUTSIDE: a process of the host's; SSHD: the own sshd; HANDLE_*: file
      handles of the host's, as TYPE:HEX; MNT_NS: the id of the host's mount namespace; ONLY: names by "|"
"""

import ctypes
import errno
import fcntl
import os
import platform
import resource
import signal
import socket
import struct
import sys
import termios
import time

libc = ctypes.CDLL(None, use_errno=True)
given = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
ARM = platform.machine() == "aarch64"
groups = {}

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET, NEWTIME = 0x10000000, 0x20000000, 0x40000000, 0x80
KINDS = {"mnt": NEWNS, "user": NEWUSER, "pid": NEWPID, "net": NEWNET, "uts": NEWUTS, "ipc": NEWIPC,
         "cgroup": NEWCGROUP, "time": NEWTIME}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE, MS_SHARED = 4096, 8192, 16384, 1 << 18, 1 << 20
MNT_FORCE, MNT_DETACH, MNT_EXPIRE = 1, 2, 4
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE, OPEN_TREE_CLONE = -100, 0x1000, 0x8000, 1
FD_NSFS_ROOT, FD_PIDFS_ROOT = -10003, -10002
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206


class Broken(Exception):
    pass


def number(x86, arm=None):
    """A system call: one number since 424, two before."""
    return arm if ARM and arm is not None else x86


SYS = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
       "pidfd_open": 434, "pidfd_getfd": 438, "mount_setattr": 442, "statmount": 457, "listmount": 458,
       "pivot_root": number(155, 41), "init_module": number(175, 105), "finit_module": number(313, 273),
       "delete_module": number(176, 106), "kexec_load": number(246, 104), "keyctl": number(250, 219),
       "bpf": number(321, 280), "perf_event_open": number(298, 241),
       "process_vm_readv": number(310, 270), "open_by_handle_at": number(304, 265), "syslog": number(103, 116),
       "swapon": number(167, 224), "acct": number(163, 89), "reboot": number(169, 142),
       "ioprio_set": number(251, 30), "setns": number(308, 268), "fanotify_init": number(300, 262),
       "prctl": number(157, 167), "vhangup": number(153, 58), "settimeofday": number(170, 170)}


def checked(result, what):
    if result < 0:
        code = ctypes.get_errno()
        if code == errno.ENOSYS:
            raise Broken(f"{what}: not in this kernel")
        raise OSError(code, os.strerror(code), what)
    return result


def call(name, *arguments):
    return checked(libc.syscall(ctypes.c_long(SYS[name]), *[
        ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]), name)


def mount(source, target, kind=None, flags=0, data=None):
    b = [x.encode() if x is not None else None for x in (source, target, kind, data)]
    checked(libc.mount(b[0], b[1], b[2], ctypes.c_ulong(flags), b[3]), f"mount on {target}")


def umount(target, flags=0):
    checked(libc.umount2(target.encode(), flags), f"umount {target}")


def unshare(flags):
    checked(libc.unshare(flags), "unshare")


def open_tree(path, flags=OPEN_TREE_CLONE, at=AT_FDCWD):
    return call("open_tree", at, path.encode(), flags | os.O_CLOEXEC)


def move_mount(tree, target, flags=4):
    call("move_mount", tree, b"", AT_FDCWD, target.encode(), flags)


def mount_setattr(path, set_=0, clear=0, flags=0, userns=0, at=AT_FDCWD):
    call("mount_setattr", at, path.encode(), flags, struct.pack("=QQQQ", set_, clear, 0, userns), 32)


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, text.encode())


def attempt(group, name):
    def add(function):
        groups.setdefault(group, []).append((name, function))
        return function
    return add


def key(name):
    if name not in given:
        raise Broken(f"{name} is not given")
    return given[name]


def secret(folder=None, at=None):
    """The end of many an attempt: what is beneath the cover."""
    if at is not None:
        fd = os.open("secret", os.O_RDONLY, dir_fd=at)
    else:
        fd = os.open((folder or key("COVER")) + "/secret", os.O_RDONLY)
    return os.read(fd, 100).decode().strip()


def place(name):
    """An empty folder on a file system of our own."""
    path = "/tmp/nsiso-escape." + name
    os.makedirs(path, exist_ok=True)
    return path


def in_child(function):
    """A process of its own; the line that it printed."""
    sys.stdout.flush()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.alarm(8)
        try:
            result = function()
            text = f"DONE %s: {result!r}"
        except OSError as error:
            text = f"refused %s: {error.strerror}" + (f" ({error.filename})" if error.filename else "")
        except Broken as error:
            text = f"broken %s: {error}"
        except Exception as error:  # whatever else is the fault of this program
            text = f"broken %s: {type(error).__name__} {error}"
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    text = b""
    while part := os.read(read, 65536):
        text += part
    os.close(read)
    _, status = os.waitpid(pid, 0)
    return text.decode() or f"broken %s: ended with {status}"


# ---- processes: PID 1, the own sshd, who is outside ---------------------------------------------------

def victims():
    return {"PID 1": 1, "sshd": int(key("SSHD"))}


def on_victims(name, function):
    """One attempt for each of them."""
    for victim in "PID 1", "sshd":
        attempt("processes", f"{name} of {victim}")(lambda victim=victim: function(victims()[victim]))


def every(names, function):
    """Done if one is; the last refusal if none."""
    last, done = None, []
    for name in names:
        try:
            done.append((name, function(name)))
        except OSError as error:
            last = error
    if done:
        return done
    raise last


def enter(path, flags=0):
    fd = os.open(path, os.O_RDONLY)
    call("setns", fd, flags)
    return path


def pidfd(pid):
    return call("pidfd_open", pid, 0)


def vm_read(pid):
    buffer = ctypes.create_string_buffer(8)

    class Iovec(ctypes.Structure):
        _fields_ = ("base", ctypes.c_void_p), ("len", ctypes.c_size_t)
    mine, other = Iovec(ctypes.addressof(buffer), 8), Iovec(0x400000, 8)
    return call("process_vm_readv", pid, ctypes.byref(mine), 1, ctypes.byref(other), 1, 0)


on_victims("setns by /proc", lambda pid: every(KINDS, lambda n: enter(f"/proc/{pid}/ns/{n}")))
on_victims("setns by pidfd", lambda pid: every(KINDS, lambda n: call("setns", pidfd(pid), KINDS[n])))
on_victims("all of setns by pidfd", lambda pid: call("setns", pidfd(pid), NEWUSER | NEWNS | NEWPID | NEWUTS))
on_victims("namespaces by pidfd ioctl",
           lambda pid: every(range(1, 11), lambda n: fcntl.ioctl(pidfd(pid), 0xff00 + n, 0)))
on_victims("pidfd_getfd", lambda pid: every(range(8), lambda n: call("pidfd_getfd", pidfd(pid), n, 0)))
on_victims("ptrace attach", lambda pid: checked(libc.ptrace(PTRACE_ATTACH, pid, 0, 0), "ptrace"))
on_victims("ptrace seize", lambda pid: checked(libc.ptrace(PTRACE_SEIZE, pid, 0, 0), "ptrace"))
on_victims("process_vm_readv", vm_read)
for link in "root", "cwd", "exe":
    on_victims(link, lambda pid, link=link: os.stat(f"/proc/{pid}/{link}/"))
on_victims("descriptors", lambda pid: os.listdir(f"/proc/{pid}/fd"))
on_victims("memory", lambda pid: open(f"/proc/{pid}/mem", "rb").read(1))
on_victims("environment", lambda pid: open(f"/proc/{pid}/environ", "rb").read(1))


@attempt("processes", "limits of PID 1")
def _():
    resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))


@attempt("processes", "signals to PID 1")
def _():
    os.kill(1, signal.SIGTERM)


@attempt("processes", "signals to a process of the host")
def _():
    os.kill(int(key("OUTSIDE")), 0)


@attempt("processes", "setns by a pidfs handle")
def _():
    fd = by_handle(FD_PIDFS_ROOT, "HANDLE_pidfd", os.O_RDONLY)
    return call("setns", fd, NEWNS)


@attempt("processes", "credentials of another process over a socket")
def _():
    one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    two.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, 2, struct.pack("3i", 1, os.getuid(), os.getgid()))])
    return struct.unpack("3i", two.recvmsg(1, 100)[1][0][2])


@attempt("processes", "credentials of an id that is not the own over a socket")
def _():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendmsg([b"x"], [(socket.SOL_SOCKET, 2, struct.pack("3I", os.getpid(), 1234567, 1234567))])


@attempt("processes", "input into a terminal that is not the controlling one")
def _():
    master, slave = os.openpty()
    del master
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSTI, b"x")


@attempt("processes", "TIOCLINUX and TIOCCONS")
def _():
    fd = os.openpty()[1]
    return every([(0x541c, b"\3\0"), (0x541d, b"")], lambda c: fcntl.ioctl(fd, *c))


# ---- namespaces ------------------------------------------------------------------------------------

def by_handle(root, name, flags):
    kind, data = key(name).split(":")
    data = bytes.fromhex(data)
    return call("open_by_handle_at", root, struct.pack("=Ii", len(data), int(kind)) + data, flags)


for kind in KINDS:
    @attempt("namespaces", f"the host's {kind} namespace by an nsfs handle")
    def _(kind=kind):
        fd = by_handle(FD_NSFS_ROOT, "HANDLE_" + kind, os.O_RDONLY)
        if os.readlink(f"/proc/self/fd/{fd}") == os.readlink(f"/proc/self/ns/{kind}"):
            raise OSError(errno.EPERM, "it is the own one, and entering it gives nothing")
        return call("setns", fd, 0)


def climb(start, request):
    fd = os.open(f"/proc/self/ns/{start}", os.O_RDONLY)
    own = os.readlink("/proc/self/ns/user")
    seen = []
    while True:
        try:
            fd = fcntl.ioctl(fd, request)
        except OSError:
            if [x for x in seen if x != own]:
                return seen
            raise
        name = os.readlink(f"/proc/self/fd/{fd}")
        seen.append(name)


attempt("namespaces", "NS_GET_PARENT from the user namespace")(lambda: climb("user", 0xb702))
attempt("namespaces", "NS_GET_PARENT from the pid namespace")(lambda: climb("pid", 0xb702))
for kind in KINDS:
    attempt("namespaces", f"NS_GET_USERNS from {kind}")(lambda kind=kind: climb(kind, 0xb701))


@attempt("namespaces", "other mount namespaces by NS_MNT_GET_NEXT and _PREV")
def _():
    own = os.readlink("/proc/self/ns/mnt")

    def walk(request):
        fd = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        while True:
            buffer = bytearray(16)
            fd = fcntl.ioctl(fd, request, buffer)
            if os.readlink(f"/proc/self/fd/{fd}") != own:
                call("setns", fd, NEWNS)
                return secret()
    return every([0x8010b70b, 0x8010b70c], walk)


def mount_id_request(ns, param=0):
    # struct mnt_id_req of linux/mount.h; LSMT_ROOT
    return struct.pack("=IIQQQ", 32, 0, 0xffffffffffffffff, param, ns)


@attempt("namespaces", "listmount of the host's mounts")
def _():
    return call("listmount", mount_id_request(int(key("MNT_NS"))), ctypes.create_string_buffer(800), 100, 0)


@attempt("namespaces", "statmount of the host's mounts")
def _():
    return call("statmount", mount_id_request(int(key("MNT_NS")), 1), ctypes.create_string_buffer(4096), 4096, 0)


def ask_init():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(3)
    s.connect("/run/nsiso/init")
    data, fds, _, _ = socket.recv_fds(s, 8192, 8)
    if not data:
        raise OSError(errno.EPERM, "no answer")
    return fds


@attempt("namespaces", "what the init hands out, from a nested user namespace")
def _():
    become_nested(NEWUSER)
    fds = ask_init()
    if not fds:
        raise OSError(errno.EPERM, "nothing is handed out")
    for fd in fds:
        try:
            call("setns", fd, 0)
        except OSError as error:
            last = error
        else:
            return os.readlink(f"/proc/self/fd/{fd}")
    raise last


@attempt("namespaces", "what the init hands out, entered once more")
def _():
    fds = ask_init()
    before = open("/proc/self/status").read().split("CapPrm:")[1].split()[0]
    for fd in fds:
        try:
            call("setns", fd, 0)
        except OSError as error:
            last = error
    after = open("/proc/self/status").read().split("CapPrm:")[1].split()[0]
    if after != before:
        return before, after
    raise OSError(errno.EPERM, "no capability more than before")


@attempt("namespaces", "the init's socket as another id")
def _():
    os.setresgid(5, 5, 5)
    os.setresuid(5, 5, 5)
    return ask_init()


for name in "uid_map", "gid_map":
    @attempt("namespaces", f"a new {name}")
    def _(name=name):
        write(f"/proc/self/{name}", "0 0 1\n")


@attempt("namespaces", "an id that is not mapped")
def _():
    return every([4000000, 0 if os.getuid() else 4000001], lambda uid: os.setresuid(uid, uid, uid))


@attempt("namespaces", "a group that is not mapped")
def _():
    return every([4000000, 0 if os.getgid() else 4000001],
                 lambda gid: every([0, 1], lambda n: os.setgroups([gid]) if n else os.setresgid(gid, gid, gid)))


@attempt("namespaces", "a nested map with the host's ids")
def _():
    pid = nested_child()
    try:
        return every(["0 4000000 1\n", "0 0 4294967295\n"],
                     lambda text: write(f"/proc/{pid}/uid_map", text))
    finally:
        os.kill(pid, signal.SIGKILL)


@attempt("namespaces", "a descriptor that leads out")
def _():
    found = []
    known = {os.readlink(f"/proc/self/ns/{k}") for k in KINDS}
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if int(fd) > 2 and not target.startswith(("/proc/", "pipe:")) and target not in known:
            found.append(target)
    if found:
        return found
    raise OSError(errno.ENOENT, "none is open")


# ---- the kernel ------------------------------------------------------------------------------------

kernel = {
    "init_module": lambda: call("init_module", b"x" * 64, 64, b""),
    "finit_module": lambda: call("finit_module", os.open("/bin/true", os.O_RDONLY), b"", 0),
    "delete_module": lambda: call("delete_module", b"no_such_module", 0),
    "kexec_load": lambda: call("kexec_load", 0, 0, None, 0),
    "swapon": lambda: call("swapon", b"/etc/passwd", 0),
    "acct": lambda: call("acct", None),
    "console messages": lambda: call("syslog", 7, None, 0),
    "clock_settime": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "a kernel probe by bpf": lambda: call("bpf", 5, struct.pack("=IIQQ", 2, 2, ctypes.addressof(EXIT), LICENSE_AT)
                                          .ljust(128, b"\0"), 128),
    "a kernel trace point by perf_event_open": lambda: call(
        "perf_event_open", struct.pack("=II", 2, 128).ljust(128, b"\0"), -1, 0, -1, 0),
    "fanotify on a file system": lambda: call("fanotify_init", 4, 0),
    "PR_SET_MM": lambda: call("prctl", 35, 1, 0, 0, 0),
    "a better priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "real-time input and output": lambda: call("ioprio_set", 1, 0, 1 << 13),
    "the OOM killer's mercy": lambda: write("/proc/self/oom_score_adj", "-900"),
    "vhangup": lambda: call("vhangup"),
}
EXIT = ctypes.create_string_buffer(bytes.fromhex("b700000000000000" "9500000000000000"))
LICENSE = ctypes.create_string_buffer(b"GPL")
LICENSE_AT = ctypes.addressof(LICENSE)
for name, function in kernel.items():
    attempt("kernel", name)(function)


@attempt("kernel", "a higher hard limit")
def _():
    resource.setrlimit(resource.RLIMIT_CORE, (10, 10))
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (11, 11))
    except ValueError as error:
        raise OSError(errno.EPERM, str(error)) from None


@attempt("kernel", "reboot")
def _():
    call("reboot", 0xfee1dead - (1 << 32), 0x28121969, 0, None)  # only: Ctrl-Alt-Del sends a signal


@attempt("kernel", "I/O ports")
def _():
    if ARM:
        raise OSError(errno.EPERM, "there are none")
    checked(libc.iopl(3), "iopl")


@attempt("kernel", "another user's or root's keys")
def _():
    # KEYCTL_SEARCH below the session keyring for what the daemon's session has
    return call("keyctl", 10, -3, b"user", b"nsiso-test-of-root", 0)


@attempt("kernel", "raw sockets in the host's network")
def _():
    with open("/proc/self/net/dev") as f:
        if len(f.readlines()) == 3 and os.getuid() == 0:
            raise OSError(errno.EPERM, "the network is the own one")
    return every([(socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)],
                 lambda a: socket.socket(*a, 1))


@attempt("kernel", "settings of the kernel")
def _():
    return every(["kernel/core_pattern", "kernel/modprobe", "kernel/poweroff_cmd", "kernel/hotplug",
                  "kernel/usermodehelper/bset", "kernel/sysrq", "kernel/pid_max", "kernel/randomize_va_space",
                  "kernel/unprivileged_bpf_disabled", "kernel/kptr_restrict", "kernel/dmesg_restrict",
                  "fs/suid_dumpable", "fs/protected_symlinks", "fs/binfmt_misc/register", "fs/file-max",
                  "vm/overcommit_memory", "vm/drop_caches", "vm/mmap_min_addr", "dev/tty/legacy_tiocsti"],
                 lambda name: os.open("/proc/sys/" + name, os.O_WRONLY))


@attempt("kernel", "files of /proc that act on the machine")
def _():
    return every(["sysrq-trigger", "kcore", "kmsg", "mtrr", "irq/0/smp_affinity", "acpi/wakeup", "timer_list",
                  "1/oom_score_adj", "1/loginuid", "vmallocinfo", "slabinfo", "kpageflags"],
                 lambda name: os.open("/proc/" + name, os.O_RDWR if name != "kmsg" else os.O_RDONLY))


@attempt("kernel", "anything below /sys that can be written")
def _():
    found, deadline = [], time.monotonic() + 3
    for top, dirs, files in os.walk("/sys"):
        for name in files:
            path = os.path.join(top, name)
            if os.access(path, os.W_OK) and not os.lstat(path).st_mode & 0o002:  # (those take from anybody)
                found.append(path)
        if time.monotonic() > deadline:
            dirs.clear()
    if found:
        return found[:20]
    raise OSError(errno.EACCES, "nothing")


@attempt("kernel", "leaving the cgroup")
def _():
    def leave(line):
        _, names, path = line.strip().split(":", 2)
        top = f"/sys/fs/cgroup/{names.removeprefix('name=') or 'unified'}"
        if not os.path.isdir(top):
            top = "/sys/fs/cgroup"
        with open(f"{top}/cgroup.procs", "w") as f:
            f.write("0")
    return every(list(open("/proc/self/cgroup")), leave)


# ---- files -----------------------------------------------------------------------------------------

@attempt("files", "reading what only root may")
def _():
    return every(["/etc/shadow", "/etc/gshadow", "/root", "/etc/ssh/ssh_host_ed25519_key", "/var/spool/cron/crontabs"],
                 lambda path: os.listdir(path) if os.path.isdir(path) else open(path).read(1))


@attempt("files", "writing what belongs to root")
def _():
    def change(path):
        if os.path.isdir(path):
            os.mkdir(path + "/nsiso-escape.folder")
        else:
            os.open(path, os.O_WRONLY)
    return every(["/etc/passwd", "/etc/shadow", "/etc/nsiso", "/usr/bin", "/usr/bin/env", "/etc/pam.d", "/var", "/run",
                  "/run/utmp", "/usr/lib", "/home", "/"], change)


@attempt("files", "owning what belongs to root")
def _():
    return every(["/etc/passwd", "/etc/shadow", "/usr/bin/env", "/usr/bin", "/"],
                 lambda path: every([os.getuid(), 5], lambda uid: os.chown(path, uid, uid)))


@attempt("files", "the mode, times, names and attributes of what belongs to root")
def _():
    return every([lambda: os.chmod("/etc/shadow", 0o666), lambda: os.utime("/etc/passwd"),
                  lambda: os.rename("/etc/passwd", "/etc/nsiso-escape"), lambda: os.unlink("/etc/hostname"),
                  lambda: os.setxattr("/usr/bin/env", "security.capability", b"\1\0\0\2" + b"\xff" * 16),
                  lambda: os.setxattr("/usr/bin/env", "trusted.x", b"x"),
                  lambda: os.truncate("/etc/passwd", 0)], lambda f: f())


@attempt("files", "reading what belongs to another user")
def _():
    return every(key("OTHERS").split(","), lambda path: open(path).read())


for kind, mode, device in ("a character device", 0o20666, os.makedev(1, 1)), ("a block device", 0o60666, os.makedev(254, 0)):
    for where in os.path.expanduser("~"), "/tmp", "/dev/shm":
        @attempt("files", f"{kind} in {where}")
        def _(where=where, mode=mode, device=device):
            path = f"{where}/nsiso-escape.device"
            try:
                os.mknod(path, mode, device)
            finally:
                if os.path.lexists(path):
                    os.unlink(path)


@attempt("files", "ids of the host by giving files away")
def _():
    path = os.path.expanduser("~/nsiso-escape.file")
    open(path, "w").close()
    try:
        return every([4000000, 0 if os.getuid() else 4000001], lambda uid: os.chown(path, uid, -1))
    finally:
        os.unlink(path)


# ---- mounts ----------------------------------------------------------------------------------------

def own_mounts():
    """Another copy of the mounts, so that what is undone is undone here alone."""
    unshare(NEWNS)


def mounts(name):
    def add(function):
        def run():
            own_mounts()
            return function()
        attempt("mounts", name)(run)
        return function
    return add


def targets():
    return [m for m in key("MOUNTS").split(",") if m]


for how, flags in ("", 0), (" lazily", MNT_DETACH), (" by force", MNT_FORCE):
    mounts(f"umount of the policy's mounts{how}")(
        lambda flags=flags: every(targets(), lambda path: umount(path, flags)))


@mounts("umount of all in one")
def _():
    umount("/", MNT_DETACH)
    return secret()


@mounts("umount of the cover from below it")
def _():
    os.chdir(os.path.dirname(key("COVER")))
    umount(os.path.basename(key("COVER")), MNT_DETACH)
    return secret()


@mounts("expiry of the cover")
def _():
    every([1, 2], lambda n: umount(key("COVER"), MNT_EXPIRE))
    return secret()


@mounts("remount of what is read-only")
def _():
    mount(None, key("READ_ONLY"), None, MS_REMOUNT | MS_BIND | MS_NOSUID)
    os.mkdir(key("READ_ONLY") + "/nsiso-escape")
    os.rmdir(key("READ_ONLY") + "/nsiso-escape")


@mounts("remount of what is not for programs")
def _():
    mount(None, key("NOEXEC"), None, MS_REMOUNT | MS_BIND | MS_NOSUID)


@mounts("remount of what has no set-user-ID programs")
def _():
    return every(["/", "/tmp", "/usr", "/home"], lambda path: mount(None, path, None, MS_REMOUNT | MS_BIND))


@mounts("mount_setattr of what is read-only")
def _():
    mount_setattr(key("READ_ONLY"), clear=1)


for attribute, name in (2, "nosuid"), (4, "nodev"), (8, "noexec"), (1, "rdonly"):
    mounts(f"mount_setattr without {name}")(
        lambda attribute=attribute: every(
            {2: ["/", "/tmp", "/usr"], 4: ["/tmp", "/dev/shm"], 8: [key("NOEXEC"), "/proc"], 1: [key("READ_ONLY")]}[attribute],
            lambda path: mount_setattr(path, clear=attribute)))


@mounts("mount_setattr on everything")
def _():
    mount_setattr("/", clear=2, flags=AT_RECURSIVE)


@mounts("a tree of one's own without nosuid")
def _():
    tree = open_tree("/usr", OPEN_TREE_CLONE | AT_RECURSIVE)
    mount_setattr("", clear=2, flags=AT_EMPTY_PATH, at=tree)


@mounts("a tree of one's own that can be written")
def _():
    tree = open_tree(key("READ_ONLY"), OPEN_TREE_CLONE | AT_RECURSIVE)
    mount_setattr("", clear=1, flags=AT_EMPTY_PATH, at=tree)


@mounts("an id-mapped tree")
def _():
    pid = nested_child()
    try:
        for name, text in ("setgroups", "deny"), ("uid_map", f"0 {os.getuid()} 1"), ("gid_map", f"0 {os.getgid()} 1"):
            write(f"/proc/{pid}/{name}", text)
        tree = open_tree(key("BOUND"))
        mount_setattr("", set_=0x100000, flags=AT_EMPTY_PATH, userns=os.open(f"/proc/{pid}/ns/user", os.O_RDONLY), at=tree)
    finally:
        os.kill(pid, signal.SIGKILL)


@mounts("other options of the host's file systems")
def _():
    return every([("/tmp", "size=1g"), ("/", None), ("/proc", "hidepid=0"), ("/dev/shm", "size=1g"), ("/run", "mode=777")],
                 lambda a: mount(None, a[0], None, MS_REMOUNT, a[1]))


@mounts("fspick of the host's file systems")
def _():
    def pick(path):
        fd = call("fspick", AT_FDCWD, path.encode(), 0)
        call("fsconfig", fd, 7, None, None, 0)  # FSCONFIG_CMD_RECONFIGURE
    return every(["/tmp", "/", "/proc", "/run"], pick)


@mounts("a bind of the folder above the cover")
def _():
    to = place("bind")
    mount(os.path.dirname(key("COVER")), to, None, MS_BIND)
    return secret(f"{to}/{os.path.basename(key('COVER'))}")


@mounts("a bind of everything but the mounts in it")
def _():
    to = place("bind")
    mount("/", to, None, MS_BIND)
    return secret(to + key("COVER"))


@mounts("open_tree of the folder above the cover")
def _():
    tree = open_tree(os.path.dirname(key("COVER")))
    return secret(f"/proc/self/fd/{tree}/{os.path.basename(key('COVER'))}")


@mounts("open_tree of all, and the cover taken away in it")
def _():
    to = place("tree")
    move_mount(open_tree(os.path.dirname(key("COVER")), OPEN_TREE_CLONE | AT_RECURSIVE), to)
    inner = f"{to}/{os.path.basename(key('COVER'))}"
    umount(inner, MNT_DETACH)
    return secret(inner)


@mounts("a recursive bind, and the cover taken away in it")
def _():
    to = place("rbind")
    mount(os.path.dirname(key("COVER")), to, None, MS_BIND | MS_REC)
    inner = f"{to}/{os.path.basename(key('COVER'))}"
    umount(inner, MNT_DETACH)
    return secret(inner)


@mounts("a recursive bind, unmounted while it is open")
def _():
    to = place("rbind")
    mount(os.path.dirname(key("COVER")), to, None, MS_BIND | MS_REC)
    fd = os.open(to, os.O_RDONLY)
    umount(to, MNT_DETACH)
    return secret(at=os.open(os.path.basename(key("COVER")), os.O_PATH, dir_fd=fd))


@mounts("an open tree, closed while it is open")
def _():
    tree = open_tree(os.path.dirname(key("COVER")), OPEN_TREE_CLONE | AT_RECURSIVE)
    fd = os.open(".", os.O_PATH, dir_fd=tree)
    os.close(tree)
    return secret(at=os.open(os.path.basename(key("COVER")), os.O_PATH, dir_fd=fd))


@mounts("moving the cover")
def _():
    mount(key("COVER"), place("move"), None, MS_MOVE)
    return secret()


@mounts("move_mount of the cover")
def _():
    move_mount(open_tree(key("COVER"), 0), place("move"))
    return secret()


@mounts("a mount beneath the cover")
def _():
    if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 5):
        raise Broken("move_mount beneath another: not in this kernel")
    to = place("beneath")
    mount("none", to, "tmpfs")
    move_mount(open_tree(to, OPEN_TREE_CLONE), key("COVER"), 4 | 0x200)


@mounts("pivot_root, with the old root unmounted while it is open")
def _():
    to = place("pivot")
    mount("none", to, "tmpfs")
    os.mkdir(to + "/old")
    fd = os.open(os.path.dirname(key("COVER")), os.O_RDONLY)
    os.chdir(to)
    call("pivot_root", b".", b"old")
    umount("/old", MNT_DETACH)
    return secret(at=os.open(os.path.basename(key("COVER")), os.O_PATH, dir_fd=fd))


@mounts("pivot_root onto itself, and what lies below")
def _():
    os.chdir("/")
    mount("/", "/", None, MS_BIND | MS_REC)
    os.chdir("/..")
    call("pivot_root", b".", b".")
    umount(".", MNT_DETACH)
    return secret()


@mounts("chroot, and out of it by an open folder")
def _():
    out = os.open("/", os.O_RDONLY)
    os.chroot(place("chroot"))
    os.fchdir(out)
    for _ in range(20):
        os.chdir("..")
    os.chroot(".")
    return secret()


@mounts("overlay of the folder above the cover")
def _():
    to = place("overlay")
    mount("none", to, "overlay", 0, f"lowerdir={os.path.dirname(key('COVER'))}:{place('lower')}")
    return secret(f"{to}/{os.path.basename(key('COVER'))}")


@mounts("overlay of everything")
def _():
    to = place("overlay")
    mount("none", to, "overlay", 0, f"lowerdir=/:{place('lower')}")
    return secret(to + key("COVER"))


@mounts("the covered file by its handle")
def _():
    return every([os.path.dirname(key("COVER")), key("BOUND"), os.path.expanduser("~"), "/", "/run/nsiso", "/tmp", "/run"],
                 lambda path: os.read(by_handle(os.open(path, os.O_RDONLY), "HANDLE_file", os.O_RDONLY), 100).decode())


@mounts("propagation to the host")
def _():
    mount(None, "/", None, MS_REC | MS_SHARED)
    mount("nsiso-escape", key("COVER"), "tmpfs")
    raise OSError(errno.EPERM, "mounted here, and the host is looked at afterwards")


@mounts("/proc of the own processes' namespace, uncovered")
def _():
    mount("none", place("proc"), "proc")


@mounts("a new /proc over what the policy hides in it")
def _():
    def inner():
        mount("none", place("proc"), "proc")
        return os.listdir(place("proc"))
    unshare(NEWPID)
    text = in_child(inner)
    if text.startswith("refused"):
        raise OSError(errno.EPERM, text.split(": ", 1)[1])
    return text


for kind, data in {"sysfs": None, "debugfs": None, "tracefs": None, "securityfs": None, "devtmpfs": None, "pstore": None,
                   "bpf": "delegate_cmds=any", "hugetlbfs": None, "configfs": None}.items():
    mounts(f"mounting {kind}")(lambda kind=kind, data=data: mount("none", place("fs"), kind, 0, data))


@mounts("mounting a block device")
def _():
    return every(["ext4", "xfs", "squashfs", "erofs", "btrfs"],
                 lambda kind: every(["/dev/vda", "/dev/loop0", "/etc/passwd"], lambda d: mount(d, place("fs"), kind, MS_RDONLY)))


@mounts("mounting cgroup v1 with a release agent")
def _():
    unshare(NEWCGROUP)
    return every(["none,name=escape,release_agent=/tmp/x", "pids,release_agent=/tmp/x", "none,name=systemd,release_agent=/tmp/x"],
                 lambda data: mount("none", place("cgroup"), "cgroup", 0, data))


@mounts("writing to cgroups by a mount of one's own")
def _():
    unshare(NEWCGROUP)

    def via(kind):
        to = place("cgroup")
        mount("none", to, kind[0], 0, kind[1])
        return every(["cgroup.procs", "release_agent", "notify_on_release", "pids.max", "tasks", "cgroup.subtree_control"],
                     lambda name: os.open(f"{to}/{name}", os.O_WRONLY)) or os.mkdir(to + "/nsiso-escape")
    return every([("cgroup2", None), ("cgroup", "pids"), ("cgroup", "memory"), ("cgroup", "freezer")], via)


# ---- in a user namespace of one's own --------------------------------------------------------------

def nested_child():
    """A process in a user namespace of its own, without maps."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            unshare(NEWUSER)
            os.write(write, b"x")
        finally:
            os.close(write)
            time.sleep(60)
            os._exit(0)
    os.close(write)
    if os.read(read, 1) != b"x":
        os.kill(pid, signal.SIGKILL)
        raise OSError(errno.EPERM, "no nested user namespace")
    return pid


def become_nested(flags):
    uid, gid = os.getuid(), os.getgid()
    unshare(flags)
    for name, text in ("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1"):
        with open(f"/proc/self/{name}", "w") as f:
            f.write(text)


groups["nested"] = [
    (f"nested: {name}", lambda function=function: (become_nested(NEWUSER | NEWNS), function())[1])
    for name, function in groups["mounts"]]


def handle_of(fd, path=b""):
    buffer = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0), 136)
    mount_id = ctypes.c_int()
    checked(libc.name_to_handle_at(fd, path, buffer, ctypes.byref(mount_id), AT_EMPTY_PATH), "name_to_handle_at")
    size, kind = struct.unpack_from("=Ii", buffer)
    return f"{kind}:{buffer.raw[8:8 + size].hex()}"


def describe(pid, path):
    fds = {name: os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in KINDS}
    text = []
    for name, fd in {**fds, "pidfd": pidfd(pid), "file": os.open(path, os.O_PATH)}.items():
        try:
            text.append(f"HANDLE_{name}={handle_of(fd)}")
        except OSError:
            text.append(f"HANDLE_{name}=1:{os.fstat(fd).st_ino:016x}")  # an older kernel has none: any will do
    try:
        number = struct.unpack("=Q", fcntl.ioctl(fds["mnt"], 0x8008b705, bytes(8)))[0]
    except OSError:
        number = 1
    print(*text, f"MNT_NS={number} OUTSIDE={pid}")


if __name__ == "__main__":
    if sys.argv[1] == "describe":
        describe(int(sys.argv[2]), sys.argv[3])
        sys.exit()
    for name, function in groups[sys.argv[1]]:
        if "ONLY" in given and name not in given["ONLY"].split("|"):
            continue
        print(in_child(function).replace('%s', name, 1), flush=True)
    print("end")
