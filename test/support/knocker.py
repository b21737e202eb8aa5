#!/usr/bin/env python3
"""Sends frames steadily, from the moment that a line INTERFACE FRAME FRAME ... (hexadecimal) comes until it is ended.

It is started ahead, because a start of Python takes longer than what is measured with it. It sends a frame each 5 ms and
begins again after the last, each on a socket of its own: the interface may be a new one, or not be there yet.
"""
import itertools
import socket
import sys
import time

print('ready', flush=True)
interface, *frames = sys.stdin.readline().split()
for frame in itertools.cycle(frames):
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
            link.bind((interface, 0))
            link.send(bytes.fromhex(frame))
    except OSError:
        pass
    time.sleep(0.005)
