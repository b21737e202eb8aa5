#!/usr/bin/env python3
"""Sends Ethernet frames unchanged: send-frames.py INTERFACE < one frame a line in hexadecimal."""
import socket
import sys

link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind((sys.argv[1], 0))
for line in sys.stdin:
    link.send(bytes.fromhex(line))
