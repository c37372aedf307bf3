"""Data connections for the process that this one succeeds.

While a process drains, its successor accepts all connections, those too that a connector dials for a request of the former.
The first ATTACH says whose it is, by the epoch: then the bytes that TLS has given are passed on, over a UNIX socket in the
state directory that bears the epoch's name. What connectors notice of it is nothing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from appproxy.errors import ProtocolError
from appproxy.service.tunnel.links.data_link import DataEndPoint, DataLink
from appproxy.tunnel.frames import HEADER, HEADER_SIZE, Kind
from appproxy.tunnel.messages import decode_attach

_NAME = re.compile(r"[0-9a-f]{16}\.sock")


def epoch_of(data: bytes) -> bytes | None:
    """The epoch of the ATTACH that a data connection begins with; b"" for anything else; None: more is needed to tell."""
    if len(data) < HEADER_SIZE:
        return None
    length, kind, flags, head, _ = HEADER.unpack_from(data)
    if kind != Kind.ATTACH or not head <= length <= 64:
        return b""
    if len(data) < HEADER_SIZE + head:
        return None
    try:
        return decode_attach(data[HEADER_SIZE : HEADER_SIZE + head], flags).epoch
    except ProtocolError:
        return b""


class FormerProcesses:
    """Those of one state directory that drain. `any` is False once there is none left."""

    def __init__(self, directory: Path, reactor: Any) -> None:
        self._directory = directory
        self._reactor = reactor

    @property
    def any(self) -> bool:
        """Is there one?"""
        return any(_NAME.fullmatch(name) for name in os.listdir(self._directory))

    def clear(self) -> None:
        """Remove what processes that were killed have left. Only for who has locked the directory again."""
        for name in os.listdir(self._directory):
            if _NAME.fullmatch(name):
                (self._directory / name).unlink(missing_ok=True)

    def undecided(self, end_point: DataEndPoint, connector_id: str) -> UndecidedLink:
        """A data connection that may be for one of them."""
        return UndecidedLink(self, end_point, connector_id)

    def has(self, epoch: bytes) -> bool:
        """Does the process of this epoch drain?"""
        return bool(epoch) and self._path(epoch).exists()

    def pass_on(self, epoch: bytes, connector_id: str, transport: Any) -> ToFormer:
        """Give a connector's connection to the process of the epoch."""
        inner = ToFormer(connector_id, transport)
        way = UNIXClientEndpoint(self._reactor, os.fspath(self._path(epoch)))
        way.connect(Factory.forProtocol(lambda: inner)).addErrback(lambda failure: transport.abortConnection())  # just ended
        return inner

    def listen(self, end_point: DataEndPoint) -> IListeningPort:
        """Take what a successor passes on, at the epoch's name. Raises CannotListenError."""
        factory = Factory.forProtocol(lambda: PassedOn(end_point))
        factory.noisy = False
        port: IListeningPort = self._reactor.listenUNIX(os.fspath(self._path(end_point.epoch)), factory, mode=0o600)
        return port

    def _path(self, epoch: bytes) -> Path:
        return self._directory / f"{epoch.hex()}.sock"


class UndecidedLink(Protocol):
    """A data connection until its first ATTACH; then it only passes on."""

    def __init__(self, former: FormerProcesses, end_point: DataEndPoint, connector_id: str) -> None:
        self.connector_id = connector_id
        self._former = former
        self._end_point = end_point
        self._data = b""
        self._inner: DataLink | ToFormer | None = None
        # As long as any other that carries no request.
        self.deadline = end_point.clock.seconds() + 2 * end_point.limits.kept_most

    def connectionMade(self) -> None:
        self._end_point.deadlines.add(self)
        self._end_point.arrivals.unused(self)

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        self._data += data
        epoch = epoch_of(self._data)
        if epoch is None:
            return
        self._decided()
        data, self._data = self._data, b""
        if epoch != self._end_point.epoch and self._former.has(epoch):
            self._inner = self._former.pass_on(epoch, self.connector_id, self.transport)
        else:
            self._inner = DataLink(self._end_point, self.connector_id)
            self._inner.makeConnection(self.transport)
        self._inner.dataReceived(data)

    def _decided(self) -> None:
        self._end_point.deadlines.discard(self)
        self._end_point.arrivals.used(self)

    def deadline_passed(self, now: float) -> None:
        self.close()

    def close(self) -> None:
        """Close at once."""
        self.transport.abortConnection()  # type: ignore[union-attr]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._decided()
        if self._inner is not None:
            self._inner.connectionLost(reason)


class ToFormer(Protocol):
    """The way to a former process. Who reads slowly there holds the connector back, and the other way round."""

    def __init__(self, connector_id: str, outer: Any) -> None:
        self._outer = outer
        #: What is to be sent once the way is open. The connector is not read until then.
        self._first = connector_id.encode() + b"\n"
        self._from_former = _FromFormer(outer)
        self._way: Any = None
        self._is_left = False
        outer.pauseProducing()

    def makeConnection(self, transport: Any) -> None:
        """Called by Twisted: it is open."""
        self._way = transport
        if self._is_left:
            transport.abortConnection()
            return
        outer = self._outer
        transport.protocol = self._from_former
        transport.write(self._first)
        transport.registerProducer(outer, True)
        outer.registerProducer(transport, True)
        outer.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """From the connector."""
        if self._way is None:
            self._first += data
        else:
            self._way.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connector has left."""
        self._is_left = True
        if self._way is not None:
            self._way.abortConnection()


class _FromFormer(Protocol):
    """What comes from there."""

    def __init__(self, outer: Any) -> None:
        self._outer = outer

    def dataReceived(self, data: bytes) -> None:
        self._outer.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._outer.unregisterProducer()
        self._outer.loseConnection()


class PassedOn(Protocol):
    """At the former process: a line that says whose connection it is, then its bytes."""

    def __init__(self, end_point: DataEndPoint) -> None:
        self._end_point = end_point
        self._data = b""
        self._link: DataLink | None = None

    def dataReceived(self, data: bytes) -> None:
        if self._link is None:
            self._data += data
            id, end, data = self._data.partition(b"\n")
            if not end:
                return
            self._link = DataLink(self._end_point, id.decode("ascii"))
            self._link.makeConnection(self.transport)
        if data:
            self._link.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._link is not None:
            self._link.connectionLost(reason)
