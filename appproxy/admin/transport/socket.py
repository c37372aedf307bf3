"""The admin API on a UNIX socket of the running service: HTTP with JSON, for root and the service's own user alone."""

# mypy: disable-error-code="no-untyped-call"
# twisted.web has hardly any annotations.
from __future__ import annotations

import json
import os
import socket as sockets
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.task import Cooperator
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from appproxy.admin.base.dry_run import dry
from appproxy.admin.base.principal import Principal
from appproxy.admin.base.problem import NotJson, NotSaidToBeJson, Stranger, TooLarge, Unreadable, problem
from appproxy.admin.operations import ROUTES, Query
from appproxy.admin.transport.api import AdminApi, dried
from appproxy.admin.transport.client import ALIVE, FAILED_RELOADS, RELOADS, WHY
from appproxy.errors import AppProxyError, ConfigError
from appproxy.json_input import read_json

#: The largest body, in bytes: room for the whole configuration, of some 20,000 applications.
BODY_LIMIT = 16 << 20
#: Rows of a listing that are written in one turn of the reactor, in which users wait: some two milliseconds.
_ROWS = 500
#: `struct ucred` of Linux: process, user, group.
_CREDENTIALS = struct.Struct("3i")
#: Bytes that the path of a UNIX socket can have on Linux (unix(7)), its end included.
_LONGEST_PATH = 108


def peer_uid(transport: Any) -> int:
    """The user id of the process at the other end, as the kernel knows it."""
    found = transport.socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])


class _BoundedRequest(Request):
    """A request whose body is dropped beyond the limit, instead of held in memory or on disk."""

    too_large = False
    _taken = 0

    def handleContentChunk(self, data: bytes) -> None:
        """Called by twisted.web with each piece of the body."""
        self._taken += len(data)
        if self._taken > BODY_LIMIT:
            self.too_large = True
        else:
            super().handleContentChunk(data)


class AdminResource(Resource):
    """Takes every path, checks who calls and what, and answers with JSON."""

    isLeaf = True
    log = Logger()

    def __init__(
        self, api: AdminApi, allowed: frozenset[int], uid_of: Callable[[Any], int] = peer_uid,
        cooperator: Cooperator | None = None,
    ) -> None:
        """`cooperator`: has long listings written turn by turn; None: they are written at once."""
        super().__init__()
        #: What a client hears that asks whether the service is alive.
        self.alive: dict[str, object] = {"process": os.getpid(), RELOADS: 0, FAILED_RELOADS: 0, WHY: ""}
        self._api = api
        self._cooperator = cooperator
        self._allowed = allowed
        self._uid_of = uid_of

    def render(self, request: Request) -> int:
        """Called by twisted.web."""
        performed: Deferred[object] = maybeDeferred(self._perform, request)
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)

        def answer(status: int, data: object) -> None:
            if not gone:
                _write(request, status, data)

        def failed(failure: Failure) -> None:
            if not isinstance(failure.value, AppProxyError):
                self.log.failure("an operation of the admin API failed", failure)
            answer(*problem(failure.value))

        def found(data: object) -> None:
            if gone:
                return
            etag = _etag(request, data)
            if self._cooperator is not None and not etag and isinstance(data, list) and len(data) > _ROWS:
                self._cooperator.cooperate(_pieces(request, data, gone))
            else:
                _write_found(request, data, etag)

        performed.addCallback(found).addErrback(failed)
        return NOT_DONE_YET

    def _perform(self, request: Request) -> Deferred[object]:
        channel: Any = request.channel
        uid = self._uid_of(channel.transport)
        if uid not in self._allowed:
            raise Stranger("only root and the user of the service may do this")
        method, path = request.method.decode("ascii"), request.path.decode("latin-1")
        if path == ALIVE:
            return succeed(self.alive)
        args = request.args or {}
        if method == "GET":
            body, dry_run = _asked(args) if args else _body(request), False
        else:
            body, dry_run = _body(request), _is_dry(args)
        caller, if_match = Principal.full(f"local:{uid}"), _tag(request.getHeader(b"if-match"))
        if dry_run:
            return self._api.call(method, path, body, caller, if_match, dry).addErrback(dried)
        return self._api.call(method, path, body, caller, if_match)


def _is_dry(args: Mapping[bytes, Sequence[bytes]]) -> bool:
    """Is a change to be checked and answered, and not made? Raises Unreadable for any other query."""
    if args and (set(args) != {b"dry_run"} or args[b"dry_run"][-1] not in (b"true", b"false")):
        raise Unreadable("a change takes no query but dry_run=true or dry_run=false", hint="send its fields as JSON")
    return bool(args) and args[b"dry_run"][-1] == b"true"


def _body(request: Request) -> object:
    """The JSON of the body; None when there is none."""
    if getattr(request, "too_large", False):
        raise TooLarge(f"the body may have {BODY_LIMIT} bytes")
    data = request.content.read() if request.content is not None else b""
    if not data:
        return None
    kind = (request.getHeader(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise NotSaidToBeJson("the Content-Type must be application/json")
    try:
        return read_json(data)
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from error


def _asked(args: Mapping[bytes, Sequence[bytes]]) -> dict[str, object]:
    """The fields of a query's body, as its URL says them; numbers are numbers."""
    texts = {name.decode("utf-8", "replace"): values[-1].decode("utf-8", "replace") for name, values in args.items()}
    return {name: int(text) if name in ("limit", "before") and text.isascii() and text.isdigit() and len(text) < 10 else text
            for name, text in texts.items()}


def _tag(value: bytes | None) -> str:
    """The ETag of a precondition, without its quotes; "" for none, and for what any state meets.

    A list, or a weak one, is no strong ETag of ours, and so meets nothing (RFC 9110 section 13.1.1).
    """
    text = (value or b"").decode("latin-1").strip()
    return "" if text == "*" else text.strip('"') or text


def _etag(request: Request, data: object) -> str:
    """That of an answer; "" where it has none."""
    method, path = request.method.decode("ascii"), request.path.decode("latin-1")
    operation = ROUTES.find(method, path)[0] if method == "GET" and path != ALIVE else None
    return operation.etag(data) if isinstance(operation, Query) else ""


def _write_found(request: Request, data: object, etag: str) -> None:
    """What an operation answers; of a query whose answer the caller has already, only that it is the same."""
    if etag:
        request.setHeader(b"etag", b'"%b"' % etag.encode("ascii"))
        if f'"{etag}"' in (request.getHeader(b"if-none-match") or b"").decode("latin-1"):
            request.setResponseCode(304)
            request.finish()
            return
    _write(request, 200, data)


def _write(request: Request, status: int, data: object) -> None:
    _begin(request, status)
    request.write(json.dumps(data).encode() + b"\n")
    request.finish()


def _begin(request: Request, status: int) -> None:
    kind = b"application/json" if status == 200 else b"application/problem+json"
    request.setResponseCode(status)
    request.setHeader(b"content-type", kind)
    request.setHeader(b"cache-control", b"no-store")


def _pieces(request: Request, rows: Sequence[object], gone: Sequence[object]) -> Iterator[None]:
    """Write a long listing, some rows in a turn of the reactor, as long as somebody takes them."""
    _begin(request, 200)
    for start in range(0, len(rows), _ROWS):
        if gone:
            return
        text = json.dumps(rows[start:start + _ROWS])[1:-1]
        request.write((", " if start else "[").encode() + text.encode())
        yield
    request.write(b"]\n")
    request.finish()


class _Site(Site):
    """One whose calls are in the audit if they change anything, and else in no log."""

    def log(self, request: object) -> None:
        """Called by twisted.web for each answer."""


class AdminSocket(Service):
    """Serves the admin API at `path` while the service runs. Take the `ServiceLock` of the directory before."""

    log = Logger()

    def __init__(self, reactor: Any, api: AdminApi, path: Path) -> None:
        self._reactor = reactor
        self._path = path
        cooperator = Cooperator(scheduler=lambda step: reactor.callLater(0, step))
        self._resource = AdminResource(api, frozenset({0, os.getuid()}), cooperator=cooperator)
        self._site = _Site(self._resource, requestFactory=_BoundedRequest, reactor=reactor)
        self._port: IListeningPort | None = None

    @property
    def descriptor(self) -> int:
        """The listening socket, for a successor."""
        port: Any = self._port
        return int(port.fileno())

    def leave(self) -> None:
        """A successor has the same socket: take no more commands, and leave it where it is."""
        port: Any = self._port
        self._port = None
        port.stopReading()

    def adopt(self, descriptor: int) -> None:
        """Take a predecessor's socket; in place of `startService`. Commands are taken from `enter` on, when it takes no more:
        in between, one process or the other would answer.
        """
        self._port = port = self._reactor.adoptStreamPort(descriptor, sockets.AF_UNIX, self._site)
        port.stopReading()
        os.close(descriptor)  # the port has one of its own
        self._path.chmod(0o600)  # Twisted has made it everybody's, in a directory that is ours alone
        super().startService()

    def enter(self) -> None:
        """The predecessor takes no more commands."""
        port: Any = self._port
        if port is not None:
            port.startReading()

    def no_successor(self, reason: str) -> None:
        """A process that was to go on in this one's place could not."""
        alive = self._resource.alive
        self._resource.alive = {**alive, FAILED_RELOADS: int(str(alive[FAILED_RELOADS])) + 1, WHY: reason}

    def serve_handed(self, open_: Callable[[IProtocolFactory], IListeningPort], process: int, reloads: int) -> None:
        """Answer what another process hands over, which listens and is reloaded; in place of `startService`."""
        self._resource.alive = {**self._resource.alive, "process": process, RELOADS: reloads}
        self._port = open_(self._site)
        super().startService()

    def startService(self) -> None:
        """Listen. Raises ConfigError when the directory is open to others, or the path too long for a socket."""
        check_path(self._path)
        # Who holds the lock knows that a socket which is there has lost its service.
        self._path.unlink(missing_ok=True)
        self._port = self._reactor.listenUNIX(str(self._path), self._site, mode=0o600)
        super().startService()

    def stopService(self) -> Deferred[None] | None:
        """Listen no longer; the socket goes."""
        super().stopService()
        port, self._port = self._port, None
        return port.stopListening() if port is not None else None


def check_path(path: Path) -> None:
    """Raises ConfigError when a socket for commands cannot be there."""
    check_directory(path.parent)
    if len(os.fsencode(path)) >= _LONGEST_PATH:
        raise ConfigError(f"{path}: too long for a UNIX socket", hint="use a state directory with a shorter path")


def check_directory(directory: Path) -> None:
    """Raises ConfigError unless `directory` is ours, and closed to everybody else."""
    found = directory.stat()
    if found.st_uid not in (0, os.getuid()) or found.st_mode & 0o077:
        raise ConfigError(f"{directory}: only its owner may enter the state directory", hint=f"run: chmod 700 {directory}")
