#!/usr/bin/env python3
"""Opens connections and sends nothing on them: hold.py ADDRESS PORT COUNT. Prints `held N`, and keeps them open."""
import resource
import socket
import sys

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
family = socket.AF_INET6 if ':' in address else socket.AF_INET
held = []
for _ in range(count):
    held.append(socket.create_connection((address, port), timeout=5))
print(f'held {len(held)}', flush=True)
sys.stdin.read()
