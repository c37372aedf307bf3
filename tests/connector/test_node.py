"""A whole connector against a small service over real TLS, in memory: from its state directory to a drained stop."""

from __future__ import annotations

import json
import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol
from twisted.internet.test.test_endpoints import deterministicResolvingReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.config.connector import ConnectorSettings, PoolSettings, dump_connector
from appproxy.config.state import ConnectorPaths
from appproxy.connector import ConnectorNode, TurnedAway
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.connector.node import MOST_IN_FLIGHT, limits_of, pool_possible, streams_possible
from appproxy.connector.process import ProcessStart
from appproxy.connector.transport import Dialled
from appproxy.errors import Code
from appproxy.net.chance import TimeAndChance
from appproxy.net.secure.tls import negotiated, tunnel_context, wrap_server
from appproxy.pki import Credential, certificate_request, issue_server, load_chain, new_key
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.messages import Goodbye, Request, Welcome, encode_request, request_flags
from appproxy.tunnel.shares import Places
from tests.connector.authority import DAY, Authority
from tests.connector.rig import finals
from tests.net.wire import End

NAME = "connect.example.com"
#: OpenSSL judges certificates by the machine's clock, so these are made now.
NOW = datetime.now(UTC).timestamp()


@implementer(IHandshakeListener)
class Peer(Protocol):
    """The service's end of one connection, whichever protocol it speaks."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.alpn: bytes | None = None
        self.signal: SignalSession | None = None
        self.data: DataSession | None = None
        self.frames: list[Any] = []
        self.lost: Failure | None = None
        self.certificate = b""

    def handshakeCompleted(self) -> None:
        self.alpn = negotiated(self.transport)
        now = self.service.reactor.seconds()
        if self.alpn == b"appproxy-signal/1":
            self.signal = SignalSession(Role.SERVICE, now)
        elif self.alpn == b"appproxy-data/1":
            self.data = DataSession(Role.SERVICE, now)

    def dataReceived(self, data: bytes) -> None:
        if self.signal is not None:
            for frame in self.signal.receive(data, self.service.reactor.seconds()):
                self._take(frame)
        elif self.alpn == b"http/1.1":
            self.service.answer(self, data)

    def _take(self, frame: Any) -> None:
        assert self.signal is not None
        if frame[0] == Kind.HELLO and self.service.goodbye is not None:
            self.say(self.signal.goodbye(self.service.goodbye))
        elif frame[0] == Kind.HELLO:
            self.say(self.signal.welcome(Welcome("node", b"epoch--1", "", 8443, 15.0, 1, 180)))
        elif frame[0] == Kind.DRAIN:
            self.say(self.signal.drained())
        else:
            self.frames.append(frame)

    def say(self, data: bytes) -> None:
        """Write."""
        assert self.transport is not None
        self.transport.write(data)

    def connectionLost(self, reason: Failure = Failure(Exception())) -> None:  # noqa: B008
        self.lost = reason


class Service:
    """A service with connections over TLS in memory."""

    def __init__(self, folder: Path, **others: Any) -> None:
        self.reactor = MemoryReactorClock()
        self.authority = Authority(NOW)
        self.goodbye: Goodbye | None = None
        self.wall_clock = NOW
        self.peers: list[Peer] = []
        self.ends: list[End] = []
        self.renewed = 0
        leaf = issue_server(self.authority.credential, [NAME], NOW, 400, b"s" * 16)
        chain = leaf.certificate if self.authority.anchor in leaf.certificate else leaf.certificate + self.authority.anchor
        context = tunnel_context(Credential(chain, leaf.key), [self.authority.anchor])
        self._factory = wrap_server(context, Dialled(self._peer), self.reactor)
        settings = ConnectorSettings(address="127.0.0.1:8443", name=NAME, id="c1", **others)
        IdentityFiles(ConnectorPaths(folder)).create(self.identity(), dump_connector(settings))
        self.folder = folder
        self.node = ConnectorNode(
            settings, folder, deterministicResolvingReactor(self.reactor, ["127.0.0.1"]), ProcessStart({}),
            outside=TimeAndChance(lambda: self.wall_clock, random=lambda: 0.5), access_log=folder / "access.log")

    def identity(self) -> Identity:
        """A connector's identity."""
        return self.authority.identity(now=NOW)

    def _peer(self) -> Peer:
        self.peers.append(Peer(self))
        return self.peers[-1]

    def answer(self, peer: Peer, data: bytes) -> None:
        """The control end points."""
        if data.startswith(b"POST /renew"):
            self.renewed += 1
            csr = json.loads(data.partition(b"\r\n\r\n")[2])["csr"]
            body: dict[str, object] = {"certificate": self.authority.sign(csr, now=NOW), "trust": [self.authority.anchor]}
        else:
            body = {"version": 1, "trust": [self.authority.anchor],
                    "applications": {"wiki": {"internal": "http://wiki.corp/"}}}
        text = json.dumps(body).encode()
        peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(text) + text)

    def settle(self) -> None:
        """Let everything happen that happens by itself."""
        for _ in range(2000):
            self.reactor.advance(0)
            dialled = [client for client in self.reactor.tcpClients if client[1] == 8443]
            for client in dialled:
                self.reactor.tcpClients.remove(client)
                self._connect(client[2])
            if not any([end.move() for end in self.ends]) and not dialled:
                return
        raise AssertionError("no rest")

    def _connect(self, factory: Any) -> None:
        ends = End(self.reactor), End(self.reactor)
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        for end, protocol in zip(ends, (self._factory.buildProtocol(None), factory.buildProtocol(None)), strict=True):
            end.setTcpNoDelay = lambda enabled: None  # type: ignore[attr-defined]
            end.protocol = protocol
        self.ends += ends
        for end in ends:
            assert end.protocol is not None
            end.protocol.makeConnection(end)

    def signals(self) -> list[Peer]:
        """The signal connections that stand."""
        return [peer for peer in self.peers if peer.signal is not None and peer.lost is None]

    def request(self, peer: Peer, request_id: int) -> None:
        """A user's GET."""
        asked = Request("wiki", 1, b"GET", b"/", b"wiki.example.com", "192.0.2.1", "https", "0" * 32, 85.0, 0, None,
                        b"null", b"")
        peer.say(encode(Kind.REQ, request_id, encode_request(asked), flags=request_flags(asked)))


def fired(deferred: Deferred[None]) -> list[object]:
    """Fills when it fires."""
    results: list[object] = []
    deferred.addBoth(results.append)
    return results


def test_ready_at_the_first_welcome(tmp_path: Path) -> None:
    """Two signal connections, two data connections, and the applications."""
    service = Service(tmp_path)
    ready = fired(service.node.ready)
    service.node.startService()
    assert ready == []
    service.settle()
    assert ready == [None]
    assert sorted(peer.alpn or b"" for peer in service.peers if peer.lost is None) == [
        b"appproxy-data/1", b"appproxy-data/1", b"appproxy-signal/1", b"appproxy-signal/1"]
    assert set(service.node.applications.routes) == {"wiki"}


def test_a_request(tmp_path: Path) -> None:
    """Through the whole connector to the application and back, and into the log."""
    service = Service(tmp_path)
    service.node.startService()
    service.settle()
    peer = service.signals()[0]
    service.request(peer, 1)
    service.settle()
    host, port, factory, _, _ = service.reactor.tcpClients.pop()
    assert (host, port) == ("127.0.0.1", 80)
    end = End(service.reactor)
    end.setTcpNoDelay = lambda enabled: None  # type: ignore[attr-defined]
    protocol = factory.buildProtocol(None)
    assert protocol is not None
    end.protocol = protocol
    protocol.makeConnection(end)
    assert end.waiting == b"GET / HTTP/1.1\r\nhost: wiki.corp\r\n\r\n"
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    service.settle()
    assert list(finals(peer.frames)) == [(Kind.RSP, 1, (200, b"ok"))]
    service.reactor.advance(1.1)
    assert json.loads((tmp_path / "access.log").read_text())["status"] == 200


def test_a_stop_drains(tmp_path: Path) -> None:
    """What is under way may end; then all connections close cleanly, and no timer is left."""
    service = Service(tmp_path)
    service.node.startService()
    service.settle()
    peer = service.signals()[0]
    service.request(peer, 1)
    service.settle()
    stopped = fired(service.node.stopService())
    service.settle()
    assert stopped == []
    peer.say(encode(Kind.CANCEL, 1, b"12"))
    service.settle()
    service.reactor.advance(0)
    service.settle()
    assert stopped == [None]
    assert list(finals(peer.frames)) == [(Kind.FAIL, 1, Code.CANCELLED)]
    assert all(peer.lost is not None for peer in service.peers)
    assert service.reactor.getDelayedCalls() == []


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    """After the drain time what is left is cut."""
    service = Service(tmp_path, drain_seconds=5.0)
    service.node.startService()
    service.settle()
    service.request(service.signals()[0], 1)
    service.settle()
    stopped = fired(service.node.stopService())
    service.settle()
    service.reactor.advance(4)
    assert stopped == []
    service.reactor.advance(1.1)
    service.settle()
    service.reactor.advance(5)
    assert stopped == [None]
    assert service.node.in_flight == 0


def test_a_revoked_connector(tmp_path: Path) -> None:
    """`ready` fails with the reason, and nothing is dialled again."""
    service = Service(tmp_path)
    service.goodbye = Goodbye(Code.REVOKED, None, True, "this connector is revoked")
    ready = fired(service.node.ready)
    service.node.startService()
    service.settle()
    assert isinstance(ready[0], Failure)
    assert ready[0].check(TurnedAway)
    assert "revoked" in ready[0].getErrorMessage()
    before = len(service.peers)
    service.reactor.advance(100)
    service.settle()
    assert len([peer for peer in service.peers[before:] if peer.signal is not None]) == 0


def test_a_renewal(tmp_path: Path) -> None:
    """An old certificate is renewed, kept, and shown on new signal connections; the old ones go."""
    service = Service(tmp_path)
    old = IdentityFiles(ConnectorPaths(tmp_path)).load()
    service.wall_clock = NOW + 200 * DAY
    service.node.startService()
    service.settle()
    service.settle()
    assert service.renewed == 1
    new = IdentityFiles(ConnectorPaths(tmp_path)).load()
    assert new.credential.certificate != old.credential.certificate
    shown = {
        peer.transport.getPeerCertificate().get_serial_number()  # type: ignore[union-attr]
        for peer in service.signals()
    }
    assert shown == {load_chain(new.credential.certificate)[0].serial_number}
    assert len(service.signals()) == 2


def test_a_renewal_that_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old certificate stays in use, on new connections, too: the new one is nowhere but in memory, and once the service
    has seen it, it takes the old one no more.
    """
    service = Service(tmp_path)
    old = IdentityFiles(ConnectorPaths(tmp_path)).load()
    service.wall_clock = NOW + 200 * DAY

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IdentityFiles, "renew", full)
    with capturedLogs() as events:
        service.node.startService()
        service.settle()
    assert service.renewed == 1 and any("cannot be renewed" in str(formatEvent(event)) for event in events)
    for peer in service.signals():
        peer.transport.loseConnection()  # type: ignore[union-attr]
    service.settle()
    service.reactor.advance(30)
    service.settle()
    shown = {
        peer.transport.getPeerCertificate().get_serial_number()  # type: ignore[union-attr]
        for peer in service.signals()
    }
    assert shown == {load_chain(old.credential.certificate)[0].serial_number}


def test_limits() -> None:
    """The settings count, as far as HELLO can tell of so many requests."""
    settings = ConnectorSettings(address="a:1", name=NAME, id="c1", in_flight=100_000, pool=PoolSettings(least=1, most=5))
    limits = limits_of(settings)
    assert (limits.in_flight, limits.pool_least, limits.pool_most) == (MOST_IN_FLIGHT, 1, 5)


@pytest.mark.parametrize("wanted", range(40))
def test_one_user_may_have_as_many_streams_as_the_setting_says(wanted: int) -> None:
    """However few; what is kept for others comes on top."""
    places = Places(streams_possible(wanted))
    assert places.most - places.reserve >= wanted and bool(places.most) == bool(wanted)


def test_streams_need_descriptors() -> None:
    """Each takes two; some are kept for the rest."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert streams_possible(10) <= 11  # one of them is for others
    assert pool_possible(0) >= 256 and pool_possible(7) == 7
    assert streams_possible(10**9) <= max(0, (hard - 1000) // 2)


def test_a_key_can_be_made() -> None:
    """The request for a certificate names nobody."""
    assert "CERTIFICATE REQUEST" in certificate_request(new_key())
