"""Tunnels through a proxy: what both ends of the connection to it see."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.test.test_endpoints import deterministicResolvingReactor
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from zope.interface.verify import verifyClass

from appproxy.config.outbound_proxy import OutboundProxy
from appproxy.net.through_proxy import ANSWER_SECONDS, ProxyError, ThroughProxy

assert verifyClass(IStreamClientEndpoint, ThroughProxy)


class Inner(Protocol):
    """What the tunnel is for."""

    def __init__(self) -> None:
        self.received = b""
        self.lost = False

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"first")

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


class Rig:
    """One attempt to reach connect.example.com:8443."""

    def __init__(self, credentials: str = "") -> None:
        self.clock = MemoryReactorClock()
        self.inner: list[Inner] = []
        self.results: list[Any] = []
        self.transport = StringTransport()
        self.wire: Any = self.transport
        proxy = OutboundProxy("192.0.2.9", 3128, credentials)
        reactor = deterministicResolvingReactor(self.clock, ["192.0.2.9"])
        self.attempt: Deferred[Any] = ThroughProxy(reactor, proxy, "connect.example.com", 8443, 10.0).connect(
            Factory.forProtocol(self._build))
        self.attempt.addBoth(self.results.append)
        self.clock.advance(0)

    def _build(self) -> Inner:
        self.inner.append(Inner())
        return self.inner[-1]

    def connected(self) -> Rig:
        """TCP to the proxy is there."""
        host, port, factory, *_ = self.clock.tcpClients[-1]
        assert (host, port) == ("192.0.2.9", 3128)
        self.wire.protocol = factory.buildProtocol(None)
        self.wire.protocol.makeConnection(self.transport)
        return self

    def says(self, data: bytes) -> Rig:
        """The proxy sends."""
        self.wire.protocol.dataReceived(data)
        return self

    @property
    def error(self) -> str:
        """What the attempt ended with."""
        (failure,) = self.results
        assert isinstance(failure, Failure) and failure.check(ProxyError), failure
        return str(failure.value)


def test_a_tunnel() -> None:
    """The protocol takes over at the very byte behind the answer, and hears the end of the connection."""
    rig = Rig("alice:secret").connected()
    assert rig.transport.value().startswith(b"CONNECT connect.example.com:8443 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n" in rig.transport.value()
    rig.transport.clear()
    rig.says(b"HTTP/1.1 200 ok\r").says(b"\n\r\nhello").says(b" again")
    assert (rig.results, rig.transport.value(), rig.inner[0].received) == ([rig.inner[0]], b"first", b"hello again")
    rig.clock.advance(ANSWER_SECONDS * 2)
    assert not rig.transport.disconnected
    rig.wire.protocol.connectionLost(Failure(ConnectionDone()))
    assert rig.inner[0].lost


@pytest.mark.parametrize(
    ("answer", "credentials", "expected"),
    [
        (b"407 x\r\nProxy-Authenticate: Basic realm=x", "", "wants a user and a password (407 x); set outbound_proxy_"),
        (b"407 x\r\nProxy-Authenticate: Basic realm=x", "a:secret", "does not take the user and password (407 x); correct"),
        (b"407 x\r\nProxy-Authenticate: NTLM", "a:secret", "a kind of sign-in that is not known here: ntlm; have it"),
        (b"401 Unauthorized", "a:secret", "does not take the user and password (401 Unauthorized); correct"),
        (b"403 Forbidden", "", "opens no way to connect.example.com:8443 (403 Forbidden); have it allow CONNECT to connect."),
        (b"302", "", "opens no way to connect.example.com:8443 (302);"),
        (b"503 x", "", "cannot reach connect.example.com:8443 (503 x); is the service up"),
    ],
)
def test_a_refusal(answer: bytes, credentials: str, expected: str) -> None:
    """It says whose doing it is, and the hint; it ends the connection, and nobody's password is in it."""
    rig = Rig(credentials).connected().says(b"HTTP/1.1 " + answer + b"\r\n\r\nbody")
    assert rig.error.startswith("the proxy 192.0.2.9:3128 ") and expected in rig.error
    assert "secret" not in rig.error and rig.transport.disconnected and not rig.inner


def test_rubbish() -> None:
    """A server that is no proxy."""
    rig = Rig().connected().says(b"SSH-2.0-x\r\n").says(b"more")
    assert "does not answer as an HTTP proxy does; correct outbound_proxy" in rig.error
    assert rig.transport.disconnected


def test_silence() -> None:
    """It is waited for so long, and no longer, however many bytes trickle."""
    rig = Rig().connected()
    for byte in b"HTTP/1.1 200":
        rig.clock.advance(1)
        rig.says(bytes([byte]))
    rig.clock.advance(ANSWER_SECONDS - 12.5)
    assert rig.results == []
    rig.clock.advance(1)
    assert "did not answer within 20 s" in rig.error and rig.transport.disconnected
    assert not rig.clock.getDelayedCalls()


def test_an_end() -> None:
    """Before the answer."""
    rig = Rig().connected()
    rig.wire.protocol.connectionLost(Failure(ConnectionDone()))
    assert "closed the connection without an answer" in rig.error
    assert not rig.clock.getDelayedCalls()


def test_no_proxy_there() -> None:
    """The error names the proxy, not the service."""
    rig = Rig()
    factory: Any = rig.clock.tcpClients[-1][2]
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
    rig.clock.advance(1)
    assert rig.error.startswith("the proxy 192.0.2.9:3128 cannot be reached: Connection was refused")


@pytest.mark.parametrize("when", ["before the connection", "before the answer", "after it"])
def test_nobody_wants_it_any_more(when: str) -> None:
    """A cancelled attempt leaves nothing; one that has succeeded cannot be cancelled."""
    rig = Rig()
    if when != "before the connection":
        rig.connected()
    if when == "after it":
        rig.says(b"HTTP/1.1 200\r\n\r\n")
    rig.attempt.cancel()
    rig.clock.advance(0)
    assert len(rig.results) == 1 and bool(rig.inner) is (when == "after it")
    assert rig.transport.disconnected is (when == "before the answer")
    rig.clock.advance(ANSWER_SECONDS + 1)
    assert len(rig.results) == 1 and not rig.clock.getDelayedCalls()
