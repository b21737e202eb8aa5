#!/usr/bin/env python3
"""A server that calls its client back at once, on a port that has only just been opened, as in active FTP:

    call-back.py serve                          waits on port 2000 for ports to call back
    call-back.py ask ADDRESS keep|close PORT...  opens each port, asks for the call, and keeps the port open
                                                 or closes it at once; ends when its input does
"""
import socket
import sys

CONTROL = 2000


def serve():
    listener = socket.create_server(('', CONTROL))
    print('listening', flush=True)
    control, (asker, _) = listener.accept()
    for port in control.makefile():
        with socket.create_connection((asker, int(port)), timeout=5) as call:
            call.sendall(b'data')
        control.sendall(b'called\n')


def ask(address, then, *ports):
    control = socket.create_connection((address, CONTROL))
    answers = control.makefile()
    kept = []
    for port in ports:
        listener = socket.create_server(('', int(port)))
        control.sendall(port.encode() + b'\n')
        call, _ = listener.accept()
        if then == 'close':
            listener.close()
        else:
            kept.append(listener)
        answers.readline()
        call.close()
    print(f'{len(ports)} calls', flush=True)
    sys.stdin.read()


{'serve': serve, 'ask': ask}[sys.argv[1]](*sys.argv[2:])
