"""The admin API on a UNIX socket of the running service: HTTP with JSON, for root and the service's own user alone."""

# mypy: disable-error-code="no-untyped-call"
# twisted.web has hardly any annotations.
from __future__ import annotations

import json
import os
import socket as sockets
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from appproxy.admin.client import ALIVE
from appproxy.admin.operations import ROUTES, AdminContext, Query
from appproxy.admin.problem import problem
from appproxy.config.service import ServiceSettings
from appproxy.errors import AppProxyError, ConfigError
from appproxy.json_input import read_json
from appproxy.store.database.live import LiveStore

#: The largest body, in bytes: room for any bundle of certificates.
BODY_LIMIT = 1 << 20
#: `struct ucred` of Linux: process, user, group.
_CREDENTIALS = struct.Struct("3i")
#: Bytes that the path of a UNIX socket can have on Linux (unix(7)), its end included.
_LONGEST_PATH = 108


def peer_uid(transport: Any) -> int:
    """The user id of the process at the other end, as the kernel knows it."""
    found = transport.socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])


class AdminApi:
    """The table of operations over the store of a running node."""

    def __init__(
        self,
        store: LiveStore,
        settings: ServiceSettings,
        hash_password: Callable[[str, str], str],
        live: Callable[[], Mapping[str, object]],
        limits_met: Callable[[], Sequence[Mapping[str, object]]] = tuple,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
        given_certificate: Callable[[], str | None] = lambda: None,
        symptoms: Callable[[], Sequence[tuple[str, str, int]]] = tuple,
        probe: Callable[[], Deferred[Mapping[str, Any]]] = lambda: succeed({}),
    ) -> None:
        self._probe = probe
        self._given_certificate = given_certificate
        self._store = store
        self._symptoms = symptoms
        self._settings = settings
        self._hash_password = hash_password
        self._live = live
        self._limits_met = limits_met
        self._wall_clock = wall_clock

    def call(self, method: str, path: str, body: object, actor: str) -> Deferred[object]:
        """Perform one operation as `actor`; the answer is what JSON can say. Fails with an AppProxyError."""
        operation, _ = ROUTES.find(method, path)
        if isinstance(operation, Query) and operation.probes:
            return self._probe().addCallback(lambda probes: self._perform(method, path, body, actor, probes))
        return self._perform(method, path, body, actor, {})

    def _perform(self, method: str, path: str, body: object, actor: str, probes: Mapping[str, Any]) -> Deferred[object]:
        # What is online belongs to the reactor's thread; operations run in the database's.
        live = {id_: dict(one) if isinstance(one, Mapping) else one for id_, one in self._live().items()}
        given = self._given_certificate()
        context = AdminContext(
            actor, self._wall_clock(), self._settings, self._hash_password, lambda: live, tuple(self._limits_met()),
            running=True,
            given_certificate=lambda: given, symptoms=self._symptoms(), probes=probes,
        )  # fmt: skip
        operation, call = ROUTES.prepare(method, path, body, context)
        if isinstance(operation, Query):
            return self._store.read(operation.perform, call)
        return self._store.write(operation.perform, call)


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
        self, api: AdminApi, allowed: frozenset[int], uid_of: Callable[[Any], int] = peer_uid
    ) -> None:
        super().__init__()
        self._api = api
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
                answer(*problem(AppProxyError()))
            elif isinstance(failure.value, _Refused):
                answer(failure.value.status, failure.value.body)
            else:
                answer(*problem(failure.value))

        performed.addCallback(lambda data: answer(200, data)).addErrback(failed)
        return NOT_DONE_YET

    def _perform(self, request: Request) -> Deferred[object]:
        channel: Any = request.channel
        uid = self._uid_of(channel.transport)
        if uid not in self._allowed:
            raise _Refused(403, "Refused", "only root and the user of the service may do this")
        method, path = request.method.decode("ascii"), request.path.decode("latin-1")
        if path == ALIVE:
            return succeed({"process": os.getpid()})
        return self._api.call(method, path, _body(request), f"local:{uid}")


class _Refused(AppProxyError):
    """Refused before an operation was found."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail}


def _body(request: Request) -> object:
    """The JSON of the body; None when there is none."""
    if getattr(request, "too_large", False):
        raise _Refused(413, "Too large", f"the body may have {BODY_LIMIT} bytes")
    data = request.content.read() if request.content is not None else b""
    if not data:
        return None
    kind = (request.getHeader(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise _Refused(415, "Not JSON", "the Content-Type must be application/json")
    try:
        return read_json(data)
    except ValueError as error:
        raise _Refused(400, "Not JSON", f"the body is not JSON: {error}") from error


def _write(request: Request, status: int, data: object) -> None:
    kind = b"application/json" if status == 200 else b"application/problem+json"
    request.setResponseCode(status)
    request.setHeader(b"content-type", kind)
    request.setHeader(b"cache-control", b"no-store")
    request.write(json.dumps(data).encode() + b"\n")
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
        self._site = _Site(
            AdminResource(api, frozenset({0, os.getuid()})), requestFactory=_BoundedRequest, reactor=reactor
        )
        self._port: IListeningPort | None = None

    def startService(self) -> None:
        """Listen. Raises ConfigError when the directory is open to others, or the path too long for a socket."""
        check_directory(self._path.parent)
        if len(os.fsencode(self._path)) >= _LONGEST_PATH:
            raise ConfigError(f"{self._path}: too long for a UNIX socket; use a state directory with a shorter path")
        # Who holds the lock knows that a socket which is there has lost its service.
        self._path.unlink(missing_ok=True)
        self._port = self._reactor.listenUNIX(str(self._path), self._site, mode=0o600)
        super().startService()

    def stopService(self) -> Deferred[None] | None:
        """Listen no longer; the socket goes."""
        super().stopService()
        port, self._port = self._port, None
        return port.stopListening() if port is not None else None


def check_directory(directory: Path) -> None:
    """Raises ConfigError unless `directory` is ours, and closed to everybody else."""
    found = directory.stat()
    if found.st_uid not in (0, os.getuid()) or found.st_mode & 0o077:
        raise ConfigError(f"{directory}: only its owner may enter the state directory; run: chmod 700 {directory}")
