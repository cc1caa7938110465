#!/usr/bin/python3
"""Many users at once who log in, hang up, are killed and get other policies; no order in it.

soak.py SECONDS SEED CLIENT_CONFIGURATION USER...

Each user has a worker of his own, which alone does things to him: so it knows what each of his logins must come to.
Prints every login that did not, with what the log has of it, and what was done how often; exit status 1 when there
was one.
"""
import collections
import glob
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

SECONDS, SEED, CLIENT = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
USERS = sys.argv[4:]
PATIENCE = 120 * int(os.environ.get("NSISO_PATIENCE", 1))  # s; only ends what hangs
HOLDS = 3  # sessions of a user at a time
SEE = "readlink /proc/self/ns/pid /proc/self/ns/mnt; echo in"
HOST = {os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "mnt")}
PLAIN = "[session]\nmode = enforce\n"
GOOD = (
    PLAIN,
    "[session]\nscope = session\n",
    "[session]\ngrace = 0\n",
    "[session]\nlinger = 2s\n",
    "[net]\nmode = none\n",
    "[user]\nmap = identity\n",
    "[user]\nmap = root\nsubid = none\n",
    "[mount]\nhome = all\ntmp = tmpfs:1M\n",
    "[mount]\nhome = private\npropagation = private\n",
    "[cgroup]\npids.max? = 200\nmemory.max? = 500M\n",
    "[pid]\nenable = no\n[mount]\nproc = private\n",
)
BROKEN = (
    "[session]\ngarce = 1s\n",
    "[mount]\nbind = /nowhere:/tmp/x\n",
    "[session\n",
    "[cgroup]\nmemory.max = lots\n",
)

done = collections.Counter()
n_wrong = 0
lock = threading.Lock()


def count(what):
    with lock:
        done[what] += 1


def log_of(user, what):
    """Why a login was refused is in the log alone; of any other the last that the log has of the user."""
    reference = re.search("reference ([0-9a-f]+)", what)
    name = re.compile(f"id={reference[1]}\\b" if reference else f"user={user}\\b")
    with open(os.environ["NSISO_TEST"] + "/log", encoding="utf-8", errors="replace") as file:
        return [line.rstrip() for line in file if name.search(line)][-6:]


def complain(user, what):
    global n_wrong  # pylint: disable=global-statement
    with lock:
        n_wrong += 1
        print(f"{time.strftime('%T')} {user}: {what}", *log_of(user, what), sep="\n    ", flush=True)


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Worker(threading.Thread):
    def __init__(self, user):
        super().__init__(name=user)
        self.user = user
        self.random = random.Random(f"{SEED} {user}")
        self.holds = []

    def ssh(self, *command):
        return ["ssh", "-F", CLIENT, f"{self.user}@nsiso", *command]

    def run_one(self, argv, text=""):
        """Status and output; a hang is one of None."""
        try:
            result = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return None, ""
        return result.returncode, result.stdout + result.stderr

    def policy(self, text):
        path = f"/etc/nsiso/users.d/{self.user}.conf"
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def records(self):
        """Supervisor and init of each instance."""
        found = []
        for path in glob.glob(f"/run/nsiso/{self.user}/*/record"):
            try:
                with open(path, encoding="ascii") as file:
                    keys = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
            except OSError:
                continue
            if "supervisor" in keys and "init" in keys:
                found.append([int(keys[key].split()[0]) for key in ("supervisor", "init")])
        return found

    def monitors(self):
        pids = filter(str.isdigit, os.listdir("/proc"))
        return [int(pid) for pid in pids if cmdline(pid).endswith(f": {self.user} [priv]")]

    # What can be done; each leaves a user whose next login works.

    def login(self):
        status, output = self.run_one(self.ssh(SEE))
        if status != 0 or not output.rstrip().endswith("in"):
            complain(self.user, f"login: status {status}: {output.strip()}")
        elif "mnt:" not in output or any(name in output.split() and name.startswith("mnt:") for name in HOST):
            complain(self.user, f"login outside: {output.strip()}")

    def sftp(self):
        status, output = self.run_one(["sftp", "-F", CLIENT, "-b", "-", f"{self.user}@nsiso"], "ls /tmp\n")
        if status != 0:
            complain(self.user, f"sftp: status {status}: {output.strip()}")

    def background(self):
        status, output = self.run_one(self.ssh("exec >/dev/null 2>&1 </dev/null; nohup setsid sleep 1000 & sleep 1000 &"))
        if status != 0:
            complain(self.user, f"background: status {status}: {output.strip()}")

    def hold(self):
        if len(self.holds) == HOLDS:
            self.release()
        session = subprocess.Popen(self.ssh("echo ready; exec cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        timer = threading.Timer(PATIENCE, session.kill)
        timer.start()
        line = session.stdout.readline()
        timer.cancel()
        self.holds.append(session)
        if line != b"ready\n":
            complain(self.user, f"hold: {line}")

    def end(self, session):
        try:
            session.stdin.close()
        except OSError:
            pass
        try:
            session.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            complain(self.user, "a session did not end")
            session.kill()
            session.wait()
        session.stdout.close()

    def release(self):
        if self.holds:
            self.end(self.holds.pop(self.random.randrange(len(self.holds))))

    def release_all(self):
        while self.holds:
            self.release()

    def drop(self):
        """The connection breaks."""
        if self.holds:
            session = self.holds.pop()
            session.kill()
            self.end(session)

    def kill_monitors(self):
        for pid in self.monitors():
            kill(pid, signal.SIGKILL)
        self.release_all()

    def kill_init(self):
        for _, init in self.records():
            kill(init, self.random.choice((signal.SIGKILL, signal.SIGTERM)))
        self.release_all()

    def kill_supervisor(self):
        for supervisor, _ in self.records():
            kill(supervisor, signal.SIGKILL)
        self.release_all()

    def edit(self):
        self.policy(self.random.choice(GOOD))

    def spoil(self):
        self.policy(self.random.choice(BROKEN))
        status, output = self.run_one(self.ssh(SEE))
        if status != 254 or "isolation failed, reference" not in output:
            complain(self.user, f"a broken policy: status {status}: {output.strip()}")
        self.edit()

    def run(self):
        actions = [self.login] * 6 + [self.hold] * 4 + [self.edit] * 2
        actions += [self.release, self.drop, self.background, self.sftp, self.spoil,
                    self.kill_monitors, self.kill_init, self.kill_supervisor]
        try:
            self.edit()
            while time.monotonic() < END:
                action = self.random.choice(actions)
                action()
                count(action.__name__)
            self.release_all()
            # What a killed supervisor has left goes at the next login, at the latest.
            self.policy(PLAIN)
            self.login()
        except Exception as error:  # pylint: disable=broad-except
            complain(self.user, f"the test itself: {error!r}")


END = time.monotonic() + SECONDS
workers = [Worker(user) for user in USERS]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(f"{sum(done.values())} actions of {len(USERS)} users, seed {SEED}:", *(f"{n} {what}," for what, n in sorted(done.items())))
sys.exit(1 if n_wrong else 0)
