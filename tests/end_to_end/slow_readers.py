"""Many addresses that ask for long downloads and hardly read them, a process of its own.

    python -m tests.end_to_end.slow_readers PORT HOST PATH ADDRESSES EACH TRICKLE

Each of so many addresses (127.1.0.1 and on) asks `EACH` times for the path, on connections of their own. Every two seconds
`TRICKLE` bytes of each answer are taken, and whoever was cut asks again.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import sys
import time

#: Seconds between two looks, and how many ask again at each: the machine is the others', too.
_PAUSE = 2.0
_AGAIN = 20


class Reader:
    """One connection, which is opened as often as it is cut."""

    def __init__(self, port: int, host: str, path: str, source: str) -> None:
        self._port = port
        self._host = host
        self._path = path
        self._source = source
        self.opened = 0
        self.wire: socket.socket | None = None

    def open(self) -> None:
        """Ask, with hardly room for an answer."""
        self.close()
        plain = socket.socket()
        try:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.settimeout(20)
            plain.bind((self._source, 0))
            plain.connect(("127.0.0.1", self._port))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with context.wrap_socket(plain, server_hostname=self._host) as secure:
                secure.sendall(f"GET {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())
                # What comes is read below TLS: that would take 16 KiB at a time.
                self.wire = socket.socket(fileno=os.dup(secure.fileno()))
                secure.detach()
        except OSError:
            plain.close()
            return
        self.opened += 1
        self.wire.setblocking(False)

    def take(self, size: int) -> None:
        """Read so much, at most."""
        if size and self.wire is not None:
            try:
                if not self.wire.recv(size):
                    self.close()
            except BlockingIOError:
                pass
            except OSError:
                self.close()

    def close(self) -> None:
        """Leave."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.close()


def main(port: int, host: str, path: str, addresses: int, each: int, trickle: int) -> None:
    """Until killed."""
    readers = [Reader(port, host, path, f"127.1.{number // 250}.{number % 250 + 1}")
               for number in range(addresses) for _ in range(each)]
    for reader in readers:
        reader.open()
    print(f"ready: {sum(reader.wire is not None for reader in readers)} connections", flush=True)
    while True:
        time.sleep(_PAUSE)
        poll = select.poll()
        watched = {}
        for reader in readers:
            reader.take(trickle)
            if reader.wire is not None:
                watched[reader.wire.fileno()] = reader
                poll.register(reader.wire, select.POLLRDHUP)
        for number, _ in poll.poll(0):
            watched[number].close()
        cut = [reader for reader in readers if reader.wire is None]
        for reader in cut[:_AGAIN]:
            reader.open()
        print(f"{len(cut)} were cut", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6]))
