#!/usr/bin/env python3
"""Logs in by telnet and stays: telnet.py SOURCE SERVER USER. It refuses each option of the server (RFC 854).

With a single argument, PORT, it serves telnet as an inetd does: telnetd gets the connection as its standard input.
"""
import socket
import subprocess
import sys

IAC, SB, SE = 255, 250, 240
WILL, WONT, DO, DONT = 251, 252, 253, 254


def serve(port):
    listener = socket.create_server(('', port))
    print('listening', flush=True)
    while True:
        connection, _ = listener.accept()
        subprocess.Popen(['/usr/sbin/telnetd', '-h'], stdin=connection, stdout=connection, stderr=connection)
        connection.close()


def log_in(source, server, user):
    link = socket.create_connection((server, 23), source_address=(source, 0))
    # login(1) throws away what comes before its prompt.
    answers = [(b'login:', user), (b'$', 'echo logged in as $LOGNAME')]
    text = b''
    while octets := link.recv(4096):
        rest, refusals = without_options(octets)
        link.sendall(refusals)
        text += rest
        if answers and text.rstrip().endswith(answers[0][0]):
            link.sendall(answers.pop(0)[1].encode() + b'\r\n')
        sys.stdout.write(rest.decode('latin1').replace('\r', ''))
        sys.stdout.flush()


def without_options(octets):
    """The text, and the refusals of what the server offers or asks for."""
    text, answer, at = bytearray(), bytearray(), 0
    while at < len(octets):
        if octets[at] != IAC:
            text.append(octets[at])
            at += 1
        elif octets[at + 1] == SB:
            at = octets.index(bytes([IAC, SE]), at) + 2
        else:
            refusal = {WILL: DONT, DO: WONT}.get(octets[at + 1])
            if refusal is not None:
                answer += bytes([IAC, refusal, octets[at + 2]])
            at += 3 if octets[at + 1] in (WILL, WONT, DO, DONT) else 2
    return bytes(text), bytes(answer)


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
else:
    log_in(*sys.argv[1:4])
