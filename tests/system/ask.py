#!/usr/bin/python3
"""ask.py FOLDER COMMAND [ARGUMENT]: talks to the supervisor of the instance in FOLDER as other releases would.

state           prints what WIRE_STATE says, one KEY=VALUE a line, then "session PID SERVICE TTY RHOST" lines
end MS          WIRE_END with that grace (-1: the policy's), and waits until the connection closes
apply MS        WIRE_APPLY_AT in so many milliseconds from now (0: not any more)
unknown         a message that no release has; prints the answer
foreign         a head of another version; prints the answer
first           what a module of the first release does: registers, joins the books with a WIRE_COMMIT that is
                empty, prints "ready", leaves at the end of its input
old             stands between module and supervisor as the first release's supervisor would behave, until its
                input ends: says that it knows nothing new, and drops who tells it more than it expects
future          answers all who connect with a head of another version, until its input ends
"""
import os
import select
import socket
import struct
import sys
import time

HEAD = struct.Struct("=IHHiIQ")
MAGIC, VERSION = 0x6E736973, 1
PIDFD, ERROR, COMMIT, LEAVE, REGISTER = 3, 5, 6, 7, 8
CLOSING, STATUS, STATE, END, APPLY_AT = 9, 11, 12, 13, 14
READY = 4
STATE_HEAD = struct.Struct("=IIII24sQQQQQ")
SESSION = struct.Struct("=iIQ32s32s64s")
NAMES = {READY: "ready", ERROR: "error", CLOSING: "closing", PIDFD: "pidfd", STATE: "state"}

folder = sys.argv[1]


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(20 * int(os.environ.get("NSISO_PATIENCE", 1)))
    sock.connect(path)
    return sock


def head(kind, value=0, version=VERSION, revision=1):
    return HEAD.pack(MAGIC, version, kind, 0, revision, value)


def receive(sock):
    data, fds, _, _ = socket.recv_fds(sock, 200000, 16)
    for fd in fds:
        os.close(fd)
    if not data:
        return None, None, b""
    _, version, kind, code, _, value = HEAD.unpack_from(data)
    return kind, (code, value, version), data[HEAD.size:]


def text(raw):
    return raw.split(b"\0")[0].decode() or "-"


def show(sock):
    kind, rest, body = receive(sock)
    if kind == ERROR:
        print("error", rest[0], "version", rest[2], body.decode(), flush=True)
    else:
        print(NAMES.get(kind, "closed" if kind is None else kind), flush=True)
    return kind


def state(sock):
    sock.send(head(STATUS))
    kind, _, body = receive(sock)
    assert kind == STATE, kind
    size, each, n, flags, name, created, boot, left, idle, apply_at = STATE_HEAD.unpack_from(body)
    assert (size, each) == (STATE_HEAD.size, SESSION.size), (size, each)
    print(f"id={text(name)}\nsessions={n}\nclosing={flags & 1}\nlingering={flags >> 1 & 1}")
    print(f"age={int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) - boot}\nwall={int(time.time()) - created}")
    print(f"linger_left={left}\nidle={idle}\napply={int(apply_at != 0)}")
    for at in range(size, len(body), each):
        pid, _, since, service, tty, rhost = SESSION.unpack_from(body, at)
        assert abs(time.time() - since) < 3600
        print("session", pid, text(service), text(tty), text(rhost))


def first(sock):
    socket.send_fds(sock, [head(REGISTER, revision=0)], [os.pidfd_open(os.getpid())])
    kind, _, _ = receive(sock)
    assert kind == PIDFD, kind
    sock.send(head(COMMIT, revision=0))
    print("ready", flush=True)
    sys.stdin.read()
    sock.send(head(LEAVE, revision=0))


def listener():
    """In the place of the supervisor's socket, which it returns the new name of."""
    os.rename(folder + "/ctl", folder + "/ctl.real")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind(folder + "/ctl")
    sock.listen()
    print("ready", flush=True)
    return sock


def old(listening):
    pairs = {}
    while True:
        ready, _, _ = select.select([0, listening, *pairs], [], [])
        if 0 in ready:
            return
        if listening in ready:
            near, _ = listening.accept()
            far = connect(folder + "/ctl.real")
            pairs[near], pairs[far] = (far, True), (near, False)
            continue
        for sock in ready:
            if sock not in pairs:
                continue
            peer, from_module = pairs[sock]
            data, fds, _, _ = socket.recv_fds(sock, 200000, 16)
            kind = HEAD.unpack_from(data)[2] if data else None
            known = kind in (PIDFD, COMMIT, LEAVE, REGISTER, CLOSING)
            if kind is None or from_module and (not known or len(data) > HEAD.size):
                print("dropped", kind, flush=True)
                for one in (sock, peer):
                    del pairs[one]
                    one.close()
                continue
            socket.send_fds(peer, [data[:HEAD.size - 12] + bytes(4) + data[HEAD.size - 8:]], fds)
            for fd in fds:
                os.close(fd)


def future(listening):
    while True:
        ready, _, _ = select.select([0, listening], [], [])
        if 0 in ready:
            return
        sock, _ = listening.accept()
        sock.send(head(ERROR, version=VERSION + 1) + b"other words")
        time.sleep(0.2)
        sock.close()


def stand_between(serve):
    listening = listener()
    try:
        serve(listening)
    finally:
        os.rename(folder + "/ctl.real", folder + "/ctl")


command = sys.argv[2]
argument = int(sys.argv[3]) if len(sys.argv) > 3 else 0
if command in ("old", "future"):
    stand_between(old if command == "old" else future)
    sys.exit(0)
ctl = connect(folder + "/ctl")
if command == "state":
    state(ctl)
elif command == "first":
    first(ctl)
elif command == "end":
    ctl.send(head(END, argument if argument >= 0 else 2**64 - 1))
    while show(ctl) is not None:
        pass
elif command == "apply":
    ctl.send(head(APPLY_AT, argument and int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) + argument))
    show(ctl)
elif command == "unknown":
    ctl.send(head(999))
    show(ctl)
    state(ctl)
elif command == "foreign":
    ctl.send(head(STATUS, version=VERSION + 1))
    show(ctl)
else:
    sys.exit("no such command")
