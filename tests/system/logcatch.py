#!/usr/bin/python3
"""logcatch.py SOCKET FILE: the messages sent to a syslog socket, one line each, without priority and date."""
import os
import re
import socket
import sys

catcher = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
catcher.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
with open(sys.argv[2], "ab", buffering=0) as log:
    while True:
        message = catcher.recv(65536)
        message = re.sub(rb"^<\d+>(\w{3} [ \d]\d \d\d:\d\d:\d\d )?", b"", message)
        log.write(message.rstrip(b"\n\0").replace(b"\n", b"\\n") + b"\n")
