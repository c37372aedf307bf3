"""A user's program that speaks HTTP/2, with a hand on each stream: what no browser does can be done here."""

from __future__ import annotations

import socket
import ssl
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from ngh2 import Configuration, Connection, Role
from ngh2 import events as h2

_TIMEOUT = 60.0
Headers = list[tuple[bytes, bytes]]


class H2User:
    """One connection to the service on this machine's `port`. `manual`: windows open only by `take`."""

    def __init__(self, port: int, anchor: Path, host: str, *, manual: bool = False) -> None:
        context = ssl.create_default_context(cafile=str(anchor))
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), _TIMEOUT)
        self._begin(context.wrap_socket(plain, server_hostname=host), f"{host}:{port}", manual)

    @classmethod
    def over(cls, connection: ssl.SSLSocket, authority: str) -> H2User:
        """One on a connection that is there."""
        user = cls.__new__(cls)
        user._begin(connection, authority, False)
        return user

    def _begin(self, connection: ssl.SSLSocket, authority: str, manual: bool) -> None:
        self.socket = connection
        assert self.socket.selected_alpn_protocol() == "h2"
        self.authority = authority.encode()
        self.session = Connection(Role.CLIENT, Configuration(auto_window_update=not manual))
        self.session.initiate_connection()
        self.heads: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytearray] = defaultdict(bytearray)
        self.trailers: dict[int, Headers] = {}
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.goaways: list[int] = []
        self.closed = False
        self.flush()

    def ask(self, path: str, method: str = "GET", *fields: tuple[bytes, bytes], body: bytes | None = b"",
            protocol: bytes | None = None) -> int:
        """Send a request; `body` None: it stays open. Gives the stream's number."""
        start: Headers = [(b":method", method.encode())]
        if protocol is not None:
            start.append((b":protocol", protocol))
        head = [*start, (b":scheme", b"https"), (b":authority", self.authority), (b":path", path.encode()), *fields]
        stream = self.session.send_request(head, end_stream=body == b"")
        if body:
            self.session.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """More of a request's body."""
        self.session.send_data(stream, data, end_stream=end)
        self.flush()

    def flush(self) -> None:
        """Write what is to be written."""
        if data := self.session.data_to_send():
            self.socket.sendall(data)

    def until(self, found: Callable[[], bool], seconds: float = _TIMEOUT) -> None:
        """Read until this is so."""
        self.socket.settimeout(seconds)
        while not found():
            assert not self.closed, "the service closed the connection"
            self._read()

    def idle(self, seconds: float) -> None:
        """Read as long as something comes within so many seconds."""
        self.socket.settimeout(seconds)
        try:
            while not self.closed:
                self._read()
        except TimeoutError:
            pass

    def _read(self) -> None:
        try:
            data = self.socket.recv(65_536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.closed = True
            return
        if not self.session.want_read:
            return  # after GOAWAY and the last answer a user listens no more
        self.session.receive_data(data)
        for event in self.session.events():
            self._hear(event)
        self.flush()

    def _hear(self, event: h2.Event) -> None:
        match event:
            case h2.ResponseReceived(stream, headers, ended):
                self.heads[stream] = dict(headers)
                self._end(stream, ended)
            case h2.DataReceived(stream, data, ended):
                self.bodies[stream] += data
                self._end(stream, ended)
            case h2.TrailersReceived(stream, headers):
                self.trailers[stream] = list(headers)
                self._end(stream, True)
            case h2.StreamReset(stream, code):
                self.resets[stream] = code
            case h2.GoAwayReceived(last, _, _):
                self.goaways.append(last)

    def _end(self, stream: int, ended: bool) -> None:
        if ended:
            self.ended.add(stream)

    def answer(self, stream: int) -> tuple[int, bytes]:
        """Status and body, once they are whole."""
        self.until(lambda: stream in self.ended)
        return int(self.heads[stream][b":status"]), bytes(self.bodies[stream])

    def close(self) -> None:
        """Leave."""
        self.socket.close()
