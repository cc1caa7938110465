#!/usr/bin/python3
"""Compares what `nsisoctl list` says with the locks of the records, again and again while instances come and go.

list_check.py FILE DEAD_USER: until FILE exists.  What was alive before and after a list must stand in it and
not as dead; what it calls dead must be DEAD_USER's, whose instance must always be there, and dead.
"""
import fcntl
import json
import os
import subprocess
import sys

RUN = "/run/nsiso"


def alive():
    """The (user, id) whose record somebody holds locked."""
    found = set()
    for user in os.listdir(RUN):
        if user.startswith("."):
            continue
        try:
            ids = os.listdir(f"{RUN}/{user}")
        except OSError:
            continue
        for name in ids:
            try:
                fd = os.open(f"{RUN}/{user}/{name}/record", os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found.add((user, name))
            finally:
                os.close(fd)
    return found


def main():
    stop, dead_user = sys.argv[1:]
    rounds = seen = 0
    while not os.path.exists(stop):
        before = alive()
        done = subprocess.run(["/usr/sbin/nsisoctl", "list", "--json"], capture_output=True, text=True, check=False)
        after = alive()
        if done.returncode or done.stderr:
            sys.exit(f"list failed with {done.returncode}: {done.stderr}")
        listed = {(one["user"], one["id"]): one["state"] for one in json.loads(done.stdout)}
        for key in before & after:
            if listed.get(key) not in ("starting", "active", "closing"):
                sys.exit(f"{key} lives, and is listed as {listed.get(key)}")
        for key, state in listed.items():
            if (state == "dead") != (key[0] == dead_user):
                sys.exit(f"{key} is listed as {state}")
        if dead_user not in {user for user, _ in listed}:
            sys.exit(f"the dead instance of {dead_user} is not listed")
        rounds += 1
        seen += len(listed)
    print(f"{rounds} lists with {seen} instances")


main()
