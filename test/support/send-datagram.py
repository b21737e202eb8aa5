#!/usr/bin/env python3
"""Sends one UDP datagram out of an interface, to a host or a group: send-datagram.py INTERFACE ADDRESS PORT."""
import socket
import sys

interface, address, port = sys.argv[1:]
family, _, _, _, target = socket.getaddrinfo(address, int(port), type=socket.SOCK_DGRAM)[0]
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
sender.sendto(b'hello', target)
