"""What an idle WebSocket costs, of which there may be ten thousand: calls for a keep-alive, and bytes of our own objects.

TLS and the sockets are apart: `python -m bench.websockets` measures the whole.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from appproxy.service.tunnel.links.data_link import DataLink
from appproxy.tunnel.frames import HEADER, Flag, Kind, encode
from appproxy.tunnel.json_heads.handshake import encode_attach
from appproxy.tunnel.messages import encode_response
from tests.connector.rig import Rig, SignalPeer, request, send
from tests.connector.rig import Wire as ConnectorWire
from tests.cost.test_calls import check, ours
from tests.service.streams import SWITCH, UPGRADE, said
from tests.service.world import Signal, User, Wire, World, only_request
from tests.source import ROOT

_WANTS = int(Flag.WANT_BODY | Flag.WANT_RESPONSE)
#: That of the node of the tests.
EPOCH = b"\0\0\0\0n678"
PING, PONG = said(b"", first=0x89, mask=b"mask"), said(b"", first=0x8A)
#: Calls for a PING through the service to the connector and its PONG back, and for the same at the connector; three more.
MOST_OF_SERVICE, MOST_OF_CONNECTOR = 19, 18
#: Bytes that lines of ours keep of each of so many sockets, and some more.
SOCKETS = 200
MOST_BYTES_OF_SERVICE, MOST_BYTES_OF_CONNECTOR = 3000, 3150


class AtService:
    """One that stands, with nothing at its ends but bytes: the sessions of a test would be counted, too."""

    def __init__(self, world: World, signal: Signal) -> None:
        self.user: User = world.user()
        self.user.send(UPGRADE)
        number = only_request(signal)
        self.link, self.wire = DataLink(world.end_point, "c1"), Wire()
        self.link.makeConnection(self.wire)
        self.link.dataReceived(encode(Kind.ATTACH, number, encode_attach(EPOCH), b"", _WANTS))
        self.link.dataReceived(encode(Kind.HEAD, number, encode_response(101, SWITCH)))
        assert self.user.wire.take().startswith(b"HTTP/1.1 101 ")
        self.wire.take()
        self.ping, self.pong = (HEADER.pack(len(one), Kind.BODY, 0, 0, number) + one for one in (PING, PONG))

    def keep_alive(self) -> None:
        """There and back."""
        self.user.connection.dataReceived(PING)
        assert self.wire.take() == self.ping
        self.link.dataReceived(self.pong)
        assert self.user.wire.take() == PONG


class AtConnector:
    """The same between a service and an application."""

    def __init__(self, rig: Rig, signal: SignalPeer, number: int) -> None:
        send(signal, number, request(upgrade=b"websocket"))
        self.origin: ConnectorWire = rig.origin()
        self.origin.take()
        self.origin.deliver(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        attached = encode(Kind.ATTACHED, number)
        while True:  # a spare one may stand first, or the one that was dialled for it
            self.data = rig._next(b"appproxy-data/1")
            if self.data.take():
                break
        self.data.deliver(attached)
        self.ping, self.pong = (HEADER.pack(len(one), Kind.BODY, 0, 0, number) + one for one in (PING, PONG))

    def keep_alive(self) -> None:
        """There and back."""
        self.data.deliver(self.ping)
        assert self.origin.take() == PING
        self.origin.deliver(PONG)
        assert self.data.take() == self.pong


def at_service() -> Callable[[], AtService]:
    """Opens one after the other."""
    world = World(connectors=("c1",))
    signal = world.welcomed()
    return lambda: AtService(world, signal)


def at_connector() -> Callable[[], AtConnector]:
    """Opens one after the other."""
    rig = Rig(most_streams=10_000)
    signal = rig.online()
    numbers = iter(range(1, 10_000))
    return lambda: AtConnector(rig, signal, next(numbers))


def bytes_of(open_one: Callable[[], object]) -> float:
    """What lines of ours keep for each of `SOCKETS`."""
    kept = [open_one() for _ in range(8)]  # what is made only once
    ours_alone = [tracemalloc.Filter(True, str(ROOT / "*"))]
    tracemalloc.start()
    try:
        kept += [open_one() for _ in range(SOCKETS)]
        gc.collect()
        found = tracemalloc.take_snapshot().filter_traces(ours_alone).statistics("lineno")
    finally:
        tracemalloc.stop()
    for one in found[:30]:
        print(f"{one.size / SOCKETS:7.1f} {Path(one.traceback[0].filename).relative_to(ROOT)}:{one.traceback[0].lineno}")
    total = sum(one.size for one in found) / SOCKETS
    print(f"{total:7.1f}")
    return total


def test_a_keep_alive_at_the_service() -> None:
    """A PING and its PONG."""
    one = at_service()()
    check(ours(lambda number: one.keep_alive()), MOST_OF_SERVICE)


def test_a_keep_alive_at_the_connector() -> None:
    """A PING and its PONG."""
    one = at_connector()()
    check(ours(lambda number: one.keep_alive()), MOST_OF_CONNECTOR)


def test_what_the_service_keeps_of_an_idle_one() -> None:
    """What only its request needed has gone."""
    found = bytes_of(at_service())
    assert MOST_BYTES_OF_SERVICE // 2 < found <= MOST_BYTES_OF_SERVICE


def test_what_the_connector_keeps_of_an_idle_one() -> None:
    """The same."""
    found = bytes_of(at_connector())
    assert MOST_BYTES_OF_CONNECTOR // 2 < found <= MOST_BYTES_OF_CONNECTOR
