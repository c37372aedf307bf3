"""An internal application made of bare sockets: it does as a test tells it, and remembers all that it was sent.

It reads requests strictly, so that whatever a front lets through and two readers could understand in two ways is found
in `Origin.broken`. Each connection has a thread of this process, so a test looks straight at what was seen.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from appproxy.pki.issuing.authority import create_authority, issue_server
from tests.end_to_end.clock import usual_seconds

_HEAD_LIMIT = 256 * 1024
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (/[!-~]*|\*) HTTP/1\.1")
_FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t -~\x80-\xff]*)")
#: How long a connection of the origin lives at most: longer than any test, shorter than a night.
_LIFE = 120.0


class Malformed(Exception):
    """A request that can be understood in more than one way, or in none."""


class Gone(Exception):
    """The connector has closed or reset the connection."""


@dataclass(slots=True, eq=False)
class Seen:
    """One request as it arrived. `fields` has names as they were spelled."""

    connection: int
    port: int
    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    at: float = field(default_factory=time.monotonic)
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    whole: bool = False
    #: Set when the connector has closed or reset the connection; `left_at` says when.
    left: threading.Event = field(default_factory=threading.Event)
    left_at: float = 0.0

    def values(self, name: str) -> list[bytes]:
        """The values of all fields of this name, in any case."""
        return [value for found, value in self.fields if found.lower() == name.lower().encode()]

    @property
    def case(self) -> str:
        """What the test called this request."""
        return b",".join(self.values("x-case")).decode()

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def gone(self) -> None:
        """The connector does not want the answer."""
        if not self.left.is_set():
            self.left_at = usual_seconds()
            self.left.set()


class Connection:
    """The origin's end of one connection."""

    def __init__(self, number: int, plain: socket.socket) -> None:
        self.number = number
        self.socket = plain
        self.port: int = plain.getpeername()[1]
        self._rest = b""

    def read(self) -> bytes:
        """Some bytes. Raises Gone."""
        rest, self._rest = self._rest, b""
        if rest:
            return rest
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        return data

    def read_until(self, end: bytes) -> bytes:
        """All up to `end`. Raises Gone, Malformed."""
        data = b""
        while end not in data:
            if len(data) > _HEAD_LIMIT:
                raise Malformed("too large")
            data += self.read()
        found, _, self._rest = data.partition(end)
        return found

    def read_exactly(self, size: int) -> bytes:
        """So many bytes. Raises Gone."""
        pieces, left = [], size
        while left:
            data = self.read()
            pieces.append(data[:left])
            self._rest = data[left:]
            left -= len(pieces[-1])
        return b"".join(pieces)

    def send(self, data: bytes) -> None:
        """Write. Raises Gone."""
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Gone from error

    def reset(self) -> None:
        """End with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """End with FIN."""
        self.socket.close()


class Call:
    """One request under way: what a behaviour works with."""

    def __init__(self, origin: Origin, connection: Connection, seen: Seen) -> None:
        self.origin = origin
        self.connection = connection
        self.seen = seen
        self.send = connection.send

    def body(self) -> bytes:
        """Read the request's body to its end. Raises Gone, Malformed."""
        seen, connection = self.seen, self.connection
        if seen.whole:
            return seen.body
        lengths, codings = seen.values("content-length"), seen.values("transfer-encoding")
        if len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]):
            raise Malformed(f"lengths {lengths}, codings {codings}")
        if codings:
            self._read_chunks()
        elif lengths:
            if not lengths[0].isdigit():
                raise Malformed(f"length {lengths[0]!r}")
            seen.body = connection.read_exactly(int(lengths[0]))
        seen.whole = True
        return seen.body

    def _read_chunks(self) -> None:
        pieces: list[bytes] = []
        while True:
            size = self.connection.read_until(b"\r\n")
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
                raise Malformed(f"chunk of size {size!r}")
            if not int(size, 16):
                break
            pieces.append(self.connection.read_exactly(int(size, 16)))
            if self.connection.read_exactly(2) != b"\r\n":
                raise Malformed("a chunk without an end")
        while line := self.connection.read_until(b"\r\n"):
            self.seen.trailers.append(_field(line))
        self.seen.body = b"".join(pieces)

    def answer(self, body: bytes = b"", status: str = "200 OK", fields: str = "") -> None:
        """A whole answer, which bears the request's name and its place among all that this origin saw."""
        case = self.seen.case
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nX-Answers: {case}\r\n{fields}\r\n"
        self.send(head.encode("latin-1") + (b"" if self.seen.method == b"HEAD" else body))

    def wait_until_left(self, seconds: float = _LIFE) -> bool:
        """Read on until the connector closes; did it, in time?"""
        self.connection.socket.settimeout(seconds)
        try:
            while True:
                self.connection.read()
        except Gone as gone:
            if isinstance(gone.__cause__, TimeoutError):
                return False
            self.seen.gone()
            return True


#: Answers a request. True: the connection stays for the next one.
Behaviour = Callable[[Call], bool | None]


def echo(call: Call) -> bool:
    """Give the body back."""
    call.answer(call.body())
    return True


class Origin:
    """Listens on a free port of this machine until `stop`; what is told by `on` answers a path, all others are echoed.

    `context`: with TLS.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listener = socket.create_server((address, port), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.seen: list[Seen] = []
        self.broken: list[str] = []
        self._behaviours: dict[bytes, Behaviour] = {}
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopped = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """What the connector is told."""
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}/"

    @property
    def open(self) -> int:
        """How many connections are there."""
        with self._lock:
            return len(self._open)

    def on(self, path: str, behaviour: Behaviour) -> None:
        """Answer this path so from now on."""
        self._behaviours[path.encode()] = behaviour

    def about(self, case: str) -> list[Seen]:
        """The requests of this name."""
        return [seen for seen in list(self.seen) if seen.case == case]

    def refuse(self) -> None:
        """Nobody can connect any more; connections that are there stay."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """End everything.

        Each thread closes what it reads. If another one did, the descriptor's number would soon be another file's, and TLS,
        which knows its socket by the number, would go on to read that file and write its farewell into it.
        """
        with suppress(OSError):
            self.refuse()
        self._accepting.join()
        with self._lock:
            self._stopped = True
            for plain in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(plain, socket.SHUT_RDWR)  # SSLSocket's own would take TLS away from its reader

    def _accept(self) -> None:
        number = 0
        with self._listener:
            while True:
                try:
                    plain, _ = self._listener.accept()
                except OSError:
                    return
                number += 1
                threading.Thread(target=self._serve, args=(number, plain), daemon=True).start()

    def _serve(self, number: int, plain: socket.socket) -> None:
        plain.settimeout(_LIFE)
        if self._context is not None:
            try:
                plain = self._context.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                return
        with self._lock:
            if self._stopped:
                plain.close()
                return
            self._open.add(plain)
        seen: Seen | None = None
        try:
            connection = Connection(number, plain)
            while True:
                seen = None
                seen = _read_head(connection)
                self.seen.append(seen)
                call = Call(self, connection, seen)
                behaviour = self._behaviours.get(seen.target.partition(b"?")[0], echo)
                if not behaviour(call):
                    break
                call.body()
        except Malformed as error:
            self.broken.append(str(error))
        except OSError:
            pass
        except Gone:
            if seen is not None:
                seen.gone()
        finally:
            with self._lock:
                self._open.discard(plain)
            plain.close()


def server_context(directory: Path) -> ssl.SSLContext:
    """TLS for an application whose certificate nobody checks."""
    now = time.time()  # noqa: TID251 -- certificates are dated
    authority = create_authority("applications", now, serial=secrets.token_bytes(16))
    server = issue_server(authority, ["origin.internal"], now, 30, secrets.token_bytes(16))
    (directory / "pair.pem").write_text(server.certificate + server.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "pair.pem")
    return context


def _read_head(connection: Connection) -> Seen:
    line, *lines = connection.read_until(b"\r\n\r\n").split(b"\r\n")
    request = _REQUEST_LINE.fullmatch(line)
    if request is None:
        raise Malformed(f"request line {line!r}")
    return Seen(connection.number, connection.port, request[1], request[2], [_field(line) for line in lines])


def _field(line: bytes) -> tuple[bytes, bytes]:
    found = _FIELD_LINE.fullmatch(line)
    if found is None:
        raise Malformed(f"field line {line!r}")
    return found[1], found[2]
