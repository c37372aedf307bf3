"""A cable between a connector and the service, which a test can pull out: it passes TCP connections on."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress


class Cable:
    """Listens on `port` (at the address and port `at`) and passes everything on to `to`, while it is plugged in: a port, such
    as the service's for connectors, of this machine or of `host`, or the path of a UNIX socket.
    """

    def __init__(self, to: int | str, at: tuple[str, int] = ("127.0.0.1", 0), host: str = "127.0.0.1") -> None:
        self._to = to
        self._host = host
        self._passing = 0
        self._listener = socket.create_server(at, backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._plugged = threading.Event()
        self._plugged.set()
        #: Set while bytes flow; cleared, connections stay open and silent.
        self._flowing = threading.Event()
        self._flowing.set()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def open(self) -> int:
        """How many connections have a direction that is not over."""
        return (self._passing + 1) // 2

    def pull(self) -> None:
        """Break all connections, and refuse new ones."""
        self._plugged.clear()
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)

    def plug(self) -> None:
        """Let connections through again."""
        self._plugged.set()

    def block(self) -> None:
        """Keep connections, but let no byte through."""
        self._flowing.clear()

    def unblock(self) -> None:
        """Let bytes flow again."""
        self._flowing.set()

    def stop(self) -> None:
        """For good."""
        self._listener.close()
        self.pull()
        self.unblock()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._plugged.is_set():
                _reset(near)
                continue
            try:
                far = self._dial()
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _dial(self) -> socket.socket:
        if isinstance(self._to, int):
            return socket.create_connection((self._host, self._to), 10)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._to)
        return far

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with self._lock:
            self._passing += 1
        self._pass(one, other)
        with self._lock:
            self._passing -= 1

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._flowing.wait()
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
            return
        _reset(other)


def _reset(end: socket.socket) -> None:
    """As a router does that knows the connection no more. Shutdown first: another thread may be waiting in recv."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()
