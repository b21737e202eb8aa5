#!/usr/bin/env python3
"""A long cable: slow-cable.py INTERFACE INTERFACE MS. Passes each frame on to the other interface, MS milliseconds later."""
import collections
import select
import socket
import sys
import time

SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_IGNORE_OUTGOING = 23

delay = float(sys.argv[3]) / 1000
ends = []
for name in sys.argv[1:3]:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    # With this header, frames that the kernel has not cut or summed yet stay so.
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.bind((name, 0))
    ends.append(end)
waiting = collections.deque()
print('listening', flush=True)
while True:
    pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for end in select.select(ends, [], [], pause)[0]:
        waiting.append((time.monotonic() + delay, ends[1 - ends.index(end)], end.recv(1 << 17)))
    while waiting and waiting[0][0] <= time.monotonic():
        _, end, frame = waiting.popleft()
        end.send(frame)
