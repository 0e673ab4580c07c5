#!/usr/bin/env python3
"""One TCP transfer of the demo.

usage: transfer.py receive ADDRESS BYTES | transfer.py send ADDRESS BYTES

The text is the same line over and over, numbered, so that it would be seen in a capture of the wire. The receiver
compares every byte and exits 1 when one differs or is missing.
"""
import socket
import sys
import time

PORT = 5001
LINE = 64


def text(size):
    lines = (f"{number:08d} espgate plaintext marker".ljust(LINE - 1) + "\n" for number in range(size // LINE + 1))
    return "".join(lines).encode()[:size]


def receive(address, size):
    with socket.create_server((address, PORT)) as server:
        server.settimeout(20)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            received = bytearray()
            while len(received) <= size:
                part = connection.recv(65536)
                if not part:
                    break
                received += part
            if received != text(size):
                sys.exit(f"transfer: {len(received)} of {size} bytes arrived, or bytes differ")
            connection.sendall(b"ok")


def send(address, size):
    deadline = time.monotonic() + 20
    while True:
        try:
            connection = socket.create_connection((address, PORT), timeout=20)
            break
        except ConnectionRefusedError:  # the receiver is not there yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    with connection:
        connection.sendall(text(size))
        connection.shutdown(socket.SHUT_WR)
        if connection.recv(2) != b"ok":
            sys.exit("transfer: the receiver did not confirm")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("receive", "send"):
        sys.exit(__doc__)
    try:
        {"receive": receive, "send": send}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    except OSError as error:
        sys.exit(f"transfer: {sys.argv[1]} {sys.argv[2]}: {error}")


if __name__ == "__main__":
    main()
