#!/usr/bin/python3
"""Runs a command on a terminal of its own and talks to it.

terminal.py [-t SECONDS] [-s ROWSxCOLUMNS] [STEP]... -- COMMAND [ARGUMENT]...

Steps, in order: "expect:REGEX" waits until the output behind the last match has it; "send:TEXT" types
(\\n, \\x03 and the like are understood); "size:ROWSxCOLUMNS" resizes the window; "signal:NUMBER" signals
the command.  Then the command's end is awaited.  The terminal is dumb (no escapes).  All output goes to
stdout.  Exit: the command's status, 128 + signal; 99: waited in vain.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Terminal:
    def __init__(self, command, size, seconds):
        self.end = time.monotonic() + seconds * int(os.environ.get("NSISO_PATIENCE", 1))
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.resize(size, 0)
            os.environ["TERM"] = "dumb"
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)

    def resize(self, size, fd=None):
        rows, columns = (int(n) for n in size.split("x"))
        fcntl.ioctl(self.fd if fd is None else fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """False at the end of the output."""
        left = self.end - time.monotonic()
        if left <= 0 or not select.select([self.fd], [], [], left)[0]:
            self.give_up("time is up")
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return self.is_reopened()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self.seen += data
        return True

    def is_reopened(self):
        """False where the command is at its end: before, it may hang up its terminal and open it again (login)."""
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        time.sleep(0.01)
        return True

    def expect(self, regex):
        pattern = re.compile(regex.encode(), re.M)
        while not (match := pattern.search(self.seen)):
            if not self.read():
                self.give_up(f"no {regex!r} up to the end")
        self.seen = self.seen[match.end():]

    def send(self, text):
        data = codecs.escape_decode(text.encode())[0]
        while data:
            data = data[os.write(self.fd, data):]

    def signal(self, number):
        os.kill(self.pid, int(number))

    def status(self):
        while self.read():
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return code if code >= 0 else 128 - code

    def give_up(self, why):
        print(f"\nterminal.py: {why}", file=sys.stderr)
        os.kill(self.pid, signal.SIGKILL)
        sys.exit(99)


def main(arguments):
    size, seconds = "24x80", 20.0
    while arguments[0] in ("-t", "-s"):
        if arguments[0] == "-t":
            seconds = float(arguments[1])
        else:
            size = arguments[1]
        arguments = arguments[2:]
    split = arguments.index("--")
    terminal = Terminal(arguments[split + 1:], size, seconds)
    for step in arguments[:split]:
        verb, _, text = step.partition(":")
        {"expect": terminal.expect, "send": terminal.send, "size": terminal.resize,
         "signal": terminal.signal}[verb](text)
    return terminal.status()


sys.exit(main(sys.argv[1:]))
