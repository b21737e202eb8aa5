#!/usr/bin/env python3
"""A syslog daemon for one host: prints each datagram that is sent to /dev/log as a line."""
import os
import socket

PATH = '/dev/log'
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(PATH)
os.chmod(PATH, 0o666)
print('listening', flush=True)
while True:
    print(log.recv(65536).decode(errors='replace'), flush=True)
