#!/usr/bin/env python3
"""A service manager's end of sd_notify: notify.py PATH (@NAME: abstract). Prints `PID VAR=VALUE|VAR=VALUE` a message."""
import array
import os
import socket
import struct
import sys

path = sys.argv[1]
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.bind('\0' + path[1:] if path.startswith('@') else path)
if not path.startswith('@'):
    os.chmod(path, 0o666)
end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
print('listening', flush=True)
while True:
    data, ancillary, _, _ = end.recvmsg(65536, 1024)
    pid = 0
    for _, kind, content in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack('iii', content[:12])[0]
        if kind == socket.SCM_RIGHTS:
            # A barrier: its sender waits until we close it.
            for fd in array.array('i', content):
                os.close(fd)
    text = data.decode(errors='replace').strip().replace('\n', '|')
    if text != 'BARRIER=1':
        print(pid, text, flush=True)
