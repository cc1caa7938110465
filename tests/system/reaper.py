#!/usr/bin/python3
"""reaper.py COMMAND [ARGUMENT]...: runs it and reaps at once whatever its descendants orphan.

An instance ends when its dead processes have been reaped outside; PID 1 of a host does that at once, that
of a container or a test machine may take its time.
"""
import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
command = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
while True:
    pid, status = os.wait()
    if pid == command:
        code = os.waitstatus_to_exitcode(status)
        sys.exit(code if code >= 0 else 128 - code)
