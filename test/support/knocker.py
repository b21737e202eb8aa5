#!/usr/bin/env python3
"""Sends frames steadily, from the moment it is told to: knocker.py, then a line INTERFACE FRAME FRAME ... (hexadecimal).

It starts before it is needed, for a start of Python takes longer than what is measured with it. One frame in 5 ms,
each on a socket of its own: the interface may be a new one, or not be there yet.
"""
import socket
import sys
import time

print('ready', flush=True)
for line in sys.stdin:
    interface, *frames = line.split()
    for frame in frames:
        try:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
                link.bind((interface, 0))
                link.send(bytes.fromhex(frame))
        except OSError:
            pass
        time.sleep(0.005)
