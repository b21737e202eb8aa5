# detach-filter.py PID: takes each packet socket of the process and tries to detach its filter, as code in it could.
# Prints the number of sockets and then what each attempt ended with.
import ctypes
import errno
import os
import socket
import sys

SYS_PIDFD_GETFD = 438  # the same on every architecture
SO_DETACH_FILTER = 27

libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
pidfd = os.pidfd_open(pid)
with open(f"/proc/{pid}/net/packet") as table:
    inodes = {line.split()[-1] for line in list(table)[1:]}
links = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
names = [name for name, link in links.items() if link[8:-1] in inodes and link.startswith("socket:[")]
print(len(names))
for name in names:
    fd = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(name), 0)
    if fd < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    try:
        socket.socket(fileno=fd).setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        print("detached")
    except OSError as error:
        print(errno.errorcode[error.errno])
