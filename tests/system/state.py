#!/usr/bin/python3
"""What logins may leave behind, as lines; and whether there is more of it than there was.

state.py snapshot            prints the lines
state.py compare FILE SECS   waits until nothing is there that is not in FILE; else prints what is, exit 1

Environment: NSISO_CGROUPS (our folders), NSISO_UIDS (FIRST-LAST, the test users'), NSISO_TEST (state folder).
"""
import collections
import glob
import os
import sys
import time

CGROUPS = os.environ["NSISO_CGROUPS"].split()
FIRST, LAST = (int(n) for n in os.environ["NSISO_UIDS"].split("-"))
TEST = os.environ["NSISO_TEST"]
OURS = ("sshd", "nsshell", "nsshell-init", "login", "su", "runuser", "cron", "nsisoctl")
NAMESPACES = ("mnt", "pid", "pid_for_children", "ipc", "uts", "net", "user", "cgroup", "time", "time_for_children")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def uid_of(pid):
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[1])
    return -1


def members():
    pids = set()
    for top in CGROUPS:
        for folder, _, _ in os.walk(top):
            pids.update(read(folder + "/cgroup.procs").split())
    return pids


def processes():
    """Processes of test users anywhere; in our cgroups also those of logins and those in other namespaces."""
    own = {name: link(f"/proc/self/ns/{name}") for name in NAMESPACES}
    inside = members()
    for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        uid = uid_of(pid)
        if uid < 0:
            continue
        foreign = FIRST <= uid <= LAST
        spaces = []
        comm = read(f"/proc/{pid}/comm").strip()
        if pid in inside:
            spaces = [f"{pid}'s {name}" for name in NAMESPACES
                      if link(f"/proc/{pid}/ns/{name}") not in ("", own[name])]
            foreign = foreign or spaces or comm in OURS
        if foreign:
            state = read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1]
            yield f"process {pid} | {comm} uid={uid} state={''.join(state)}"
        for space in spaces:
            yield f"namespace {space}"


def mounts():
    for line in read("/proc/self/mountinfo").splitlines():
        fields = line.split()
        # By number: who renames a folder elsewhere on the machine changes paths here.
        yield f"mount {fields[0]} | {fields[4]} {fields[3]} {fields[fields.index('-') + 1]}"


def cgroups():
    for top in CGROUPS:
        for folder, _, _ in os.walk(top):
            yield f"cgroup {folder}"


def run_folder():
    for folder, folders, files in os.walk("/run/nsiso"):
        for name in folders + files:
            yield f"run {folder}/{name}"


def descriptors():
    """Of the daemons that the tests started."""
    for file in glob.glob(TEST + "/daemon.*.pid"):
        pid = read(file).strip()
        for fd in os.listdir(f"/proc/{pid}/fd") if os.path.isdir(f"/proc/{pid}/fd") else ():
            target = link(f"/proc/{pid}/fd/{fd}")
            if target:
                yield f"descriptor of {os.path.basename(file)[7:-4]}: {target}"


def ipc():
    columns = {"shm": ("shmid", "uid"), "msg": ("msqid", "uid"), "sem": ("semid", "uid")}
    for kind, (key, owner) in columns.items():
        lines = read(f"/proc/sysvipc/{kind}").splitlines()
        head = lines[0].split() if lines else []
        for line in lines[1:]:
            fields = line.split()
            if FIRST <= int(fields[head.index(owner)]) <= LAST:
                yield f"ipc {kind} {fields[head.index(key)]}"
    for name in os.listdir("/dev/mqueue"):
        yield f"ipc mqueue {name}"
    for name in os.listdir("/dev/shm"):
        yield f"ipc /dev/shm/{name}"


def snapshot():
    lines = []
    for part in (processes, mounts, cgroups, run_folder, descriptors, ipc):
        lines.extend(part())
    return lines


def key(line):
    """What is compared; the rest is for the reader."""
    return line.partition(" | ")[0]


def compare(file, seconds):
    first = collections.Counter(map(key, read(file).splitlines()))
    end = time.monotonic() + seconds
    while True:
        lines = snapshot()
        left = collections.Counter(map(key, lines)) - first
        if not left or time.monotonic() > end:
            break
        time.sleep(0.05)
    for line in lines:
        if left[key(line)] > 0:
            print(line)
    return 1 if left else 0


if sys.argv[1] == "snapshot":
    print("\n".join(snapshot()))
    sys.exit(0)
sys.exit(compare(sys.argv[2], float(sys.argv[3])))
