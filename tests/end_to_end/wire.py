"""A user's TLS connection on which a test writes what it likes, and reads answers as a strict browser would."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, field

from tests.end_to_end.system import System
from tests.end_to_end.visitor import Visitor

_SECONDS = 60.0
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [\t -~\x80-\xff]*")
_BODYLESS = (204, 304)


class Cut(Exception):
    """The connection ended, or broke, where an answer was still owed; `reply` is what of it came."""

    def __init__(self, reply: Reply | None) -> None:
        super().__init__(f"cut inside {reply}" if reply else "no answer")
        self.reply = reply


@dataclass(slots=True)
class Reply:
    """One answer."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """The values of all fields of this name."""
        return [value for found, value in self.fields if found == name]

    @property
    def answers(self) -> str | None:
        """The name of the request that the origin has answered with this; None: the answer is the service's own."""
        return next(iter(self.values("x-answers")), None)


class Wire:
    """One connection to the service, as if to `host`; `visitor` lends cookies to all its requests."""

    def __init__(self, system: System, name: str, *, buffer: int = 0, visitor: Visitor | None = None) -> None:
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.settimeout(_SECONDS)
        plain.connect(("127.0.0.1", system.port))
        self.host = system.host(name)
        context = system.context()
        # Else an end without close_notify, as of a process that is killed, looks like a proper one.
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        self.socket: ssl.SSLSocket = context.wrap_socket(
            plain, server_hostname=self.host.partition(":")[0], suppress_ragged_eofs=False
        )
        self._rest = b""
        self._visitor = visitor
        #: The service has said that it closes behind its answer.
        self.is_last = False

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave at once."""
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Write bytes."""
        self.socket.sendall(data)

    def request(
        self, method: str, target: str, case: str, body: bytes | None = None, fields: dict[str, str] | None = None,
        visitor: Visitor | None = None,
    ) -> None:  # fmt: skip
        """Write a proper request, called `case`; `visitor` lends cookies."""
        more = {"X-Case": case, **(fields or {})}
        visitor = visitor or self._visitor
        if visitor is not None:
            more |= visitor.cookie_field(self.host.partition(":")[0])
        if body is not None:
            more["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        self.send(f"{method} {target} HTTP/1.1\r\nHost: {self.host}\r\n{lines}\r\n".encode("latin-1") + (body or b""))

    def reply(self, method: str = "GET") -> Reply:
        """Read the next answer; interim ones are skipped. Raises Cut."""
        while (reply := self.head()).status < 200 and reply.status != 101:
            pass
        if method == "HEAD" or reply.status in _BODYLESS or reply.status == 101:
            return reply
        if reply.values("transfer-encoding"):
            self._read_chunks(reply)
        elif lengths := reply.values("content-length"):
            self.fill(reply, int(lengths[0]))
        else:
            self._read_to_end(reply)
        return reply

    def head(self) -> Reply:
        """Read one head; its body, if any, is not read. Raises Cut."""
        line, *lines = self._line_block(None).split(b"\r\n")
        found = _STATUS_LINE.fullmatch(line)
        assert found is not None, f"no status line: {line!r}"
        fields = [_pair(line) for line in lines]
        self.is_last = ("connection", "close") in fields
        return Reply(int(found[1]), fields)

    def read(self) -> bytes:
        """Some bytes, b"" after a proper end. Raises Cut when there is none."""
        rest, self._rest = self._rest, b""
        if rest:
            return rest
        try:
            return self.socket.recv(65536)
        except TimeoutError as error:
            raise AssertionError(f"nothing came for {_SECONDS:g} s") from error
        except OSError as error:
            raise Cut(None) from error

    def broken(self) -> None:
        """Wait until the service breaks the connection; a proper end of what has none is a fault."""
        came = b""
        try:
            while data := self.read():
                came = data
        except Cut:
            return
        raise AssertionError(f"a proper end of something that has none, behind {came[-300:]!r}")

    def asked_to_come_back(self) -> None:
        """On a WebSocket that was silent comes Close with 1012 (service restart), and a proper end."""
        came = b""
        while data := self.read():
            came += data
        assert came == b"\x88\x02\x03\xf4", f"{came[-300:]!r} in place of Close"

    def replies(self) -> list[Reply]:
        """All answers until the service closes. Raises Cut when it does so within one."""
        found: list[Reply] = []
        while True:
            try:
                data = self.read()
            except Cut:  # reset after its last answer: it had no more to say
                return found
            if not data:
                return found
            self._rest = data
            found.append(self.reply())

    def _line_block(self, reply: Reply | None) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(reply)
        block, _, self._rest = data.partition(b"\r\n\r\n")
        return block

    def _more(self, reply: Reply | None) -> bytes:
        try:
            data = self.read()
        except Cut as cut:
            raise Cut(reply) from cut
        if not data:
            raise Cut(reply)
        return data

    def fill(self, reply: Reply, size: int) -> None:
        """Read so many more bytes of its body. Raises Cut."""
        pieces, left = [reply.body], size
        while left:
            try:
                data = self._more(reply)
            except Cut:
                reply.body = b"".join(pieces)
                raise
            pieces.append(data[:left])
            self._rest = data[left:]
            left -= len(pieces[-1])
        reply.body = b"".join(pieces)

    def _read_chunks(self, reply: Reply) -> None:
        while True:
            line = b""
            while b"\r\n" not in line:
                line += self._more(reply)
            number, _, self._rest = line.partition(b"\r\n")
            size = int(number, 16)
            if not size:
                break
            self.fill(reply, size)
            self.fill(end := Reply(0, []), 2)
            assert end.body == b"\r\n"
        if not self._rest:
            self._rest = self._more(reply)
        while len(self._rest) < 2:
            self._rest += self.socket.recv(2)
        if self._rest.startswith(b"\r\n"):
            self._rest = self._rest[2:]
        else:
            reply.trailers = [_pair(line) for line in self._line_block(reply).split(b"\r\n")]

    def _read_to_end(self, reply: Reply) -> None:
        pieces: list[bytes] = []
        while True:
            try:
                data = self.read()
            except Cut as cut:
                reply.body = b"".join(pieces)
                raise Cut(reply) from cut
            if not data:
                break
            pieces.append(data)
        reply.body = b"".join(pieces)


def _pair(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.lower(), value.strip()


def ask(
    system: System, application: str = "raw", target: str = "/", case: str = "simple", method: str = "GET",
    body: bytes | None = None,
) -> Reply:  # fmt: skip
    """One request on a connection of its own."""
    with Wire(system, application) as wire:
        wire.request(method, target, case, body)
        return wire.reply(method)
