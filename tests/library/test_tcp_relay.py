"""The example of a relay made of the tunnel's protocols alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.testing import MemoryNetwork

EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "tcp_relay.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tcp_relay", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@implementer(IHalfCloseableProtocol)
class End(Protocol):
    """A user, or the target: keeps what it gets."""

    def __init__(self) -> None:
        self.got = b""
        self.ended = False
        self.lost = False
        self.transport: Any

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def readConnectionLost(self) -> None:
        self.ended = True

    def writeConnectionLost(self) -> None: ...

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = True


class TcpRelayRig:
    """Both sides of the relay, a target, and a user who is connected to it."""

    def __init__(self, example: ModuleType) -> None:
        self.network = MemoryNetwork()
        self.targets: list[End] = []
        self.network.listenTCP(22, self.factory(self.targets))
        example.Near(self.network, 2222, 7000)
        example.Far(self.network, ("near", 7000), ("target", 22))
        self.network.pass_time(1)
        self.user = self.dial()

    def factory(self, made: list[End]) -> Factory:
        class Ends(Factory):
            def buildProtocol(self, addr: object) -> End:
                made.append(End())
                return made[-1]

        return Ends()

    def dial(self) -> End:
        made: list[End] = []
        self.network.run(HostnameEndpoint(self.network, "near", 2222).connect(self.factory(made)))
        self.network.pass_time(1)
        return made[0]


def test_bytes_go_both_ways(example: ModuleType) -> None:
    """What one end writes the other gets, however much it is."""
    rig = TcpRelayRig(example)
    (target,) = rig.targets
    rig.user.transport.write(b"a" * 300_000)
    target.transport.write(b"hello")
    rig.network.pass_time(1)
    assert target.got == b"a" * 300_000
    assert rig.user.got == b"hello"


def test_each_direction_closes_on_its_own(example: ModuleType) -> None:
    """The target may still answer after the user has said all."""
    rig = TcpRelayRig(example)
    (target,) = rig.targets
    rig.user.transport.write(b"question")
    rig.user.transport.loseWriteConnection()
    rig.network.pass_time(1)
    assert target.got == b"question" and target.ended and not target.lost
    target.transport.write(b"answer")
    target.transport.loseConnection()
    rig.network.pass_time(1)
    assert rig.user.got == b"answer"
    assert rig.user.ended


def test_a_reader_who_stops_stops_his_sender(example: ModuleType) -> None:
    """And nobody else; nothing is lost once they read again."""
    rig = TcpRelayRig(example)
    other = rig.dial()
    slow, quick = rig.targets
    slow.transport.pauseProducing()
    for _ in range(100):
        rig.user.transport.write(b"x" * 10_000)
        other.transport.write(b"y" * 10)
        rig.network.pass_time(0.01)
    assert slow.got == b""
    assert len(quick.got) == 1000
    held = sum(transport.waiting for transport in rig.network.transports)
    assert held > 0
    slow.transport.resumeProducing()
    rig.network.pass_time(1)
    assert len(slow.got) == 1_000_000


def test_an_end_that_goes_takes_the_other_with_it(example: ModuleType) -> None:
    """No half of a relayed connection is left behind."""
    rig = TcpRelayRig(example)
    (target,) = rig.targets
    target.transport.abortConnection()
    rig.network.pass_time(1)
    assert rig.user.ended
