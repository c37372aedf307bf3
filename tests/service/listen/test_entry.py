"""Which version of HTTP a connection speaks, over real TLS in memory."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from ngh2 import Connection, Role
from ngh2 import events as h2
from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock

from appproxy.http.proxies.trusted_proxies import X_FORWARDED_FOR, TrustedProxies
from appproxy.net.secure.contexts import ClientContext, UserContext, new_context
from appproxy.net.secure.tls_factory import HalfCloseTLSFactory
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import NEWCOMER_SECONDS, Entry, Front, FrontSettings, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.front.h2.connection import H2Connection
from appproxy.service.listen.entry import UserEntry
from tests.net.wire import End
from tests.pki.authorities import SERVICE
from tests.service.world import refusal


class Client(Protocol):
    """Keeps what comes."""

    def __init__(self) -> None:
        self.got = b""

    def dataReceived(self, data: bytes) -> None:
        self.got += data


def answer(exchange: Exchange) -> None:
    made_for = exchange.server_name
    name = b"-" if made_for is None else made_for.asked.encode()
    exchange.answer(200, b"version: %d\nmade-for: %b\n" % (exchange.head.version, name), b"hello")


class Line:
    """A browser that offers these protocols at a front, and asks for this host."""

    def __init__(
        self, *alpn: bytes, http2: bool = True, draining: bool = False, turns: int = 20, host: str | None = None,
        entry: Entry = UserEntry, trusted: str = "10.0.0.0/8",
    ) -> None:
        self.clock = Clock()
        proxies = TrustedProxies((ip_network(trusted),), X_FORWARDED_FOR)
        self.front = Front(
            answer, self.clock, refusal, Stamps(lambda: "0" * 32), entry=entry, settings=FrontSettings(proxies=proxies))
        self.front.draining = draining
        raw = new_context(SSL.TLS1_3_VERSION)
        raw.set_verify(SSL.VERIFY_NONE)
        if alpn:
            raw.set_alpn_protos(list(alpn))
        self.client = Client()
        ours = HalfCloseTLSFactory(UserContext(SERVICE, http2=http2), False, self.front, self.clock)
        theirs = HalfCloseTLSFactory(ClientContext(raw, host), True, Factory.forProtocol(lambda: self.client), self.clock)
        self.here, self.there = End(self.clock), End(self.clock)
        self.here.peer, self.there.peer = self.there, self.here
        for end, factory in ((self.here, ours), (self.there, theirs)):
            end.protocol = factory.buildProtocol(IPv4Address("TCP", "192.0.2.7", 50_000))
        for end in (self.here, self.there):
            assert end.protocol is not None
            end.protocol.makeConnection(end)
        self.flush(turns)

    def flush(self, turns: int = 20) -> None:
        for _ in range(turns):
            self.clock.advance(0)
            self.here.move()
            self.there.move()

    def write(self, data: bytes) -> bytes:
        assert self.client.transport is not None
        self.client.got = b""
        self.client.transport.write(data)
        self.flush()
        return self.client.got


@pytest.mark.parametrize("alpn", [(), (b"http/1.1",), (b"spdy/3",)])
def test_http_1(alpn: tuple[bytes, ...]) -> None:
    """Who does not offer HTTP/2 is served as before."""
    line = Line(*alpn)
    assert line.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\nversion: 11\r\n")


def over_h2(line: Line) -> tuple[tuple[bytes, bytes], ...]:
    """The head of an answer over HTTP/2."""
    user = Connection(Role.CLIENT)
    user.initiate_connection()
    user.send_request([(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/")],
                      end_stream=True)
    user.receive_data(line.client.got + line.write(user.data_to_send()))
    answers = [event for event in user.events() if isinstance(event, h2.ResponseReceived)]
    return answers[0].headers


def test_http_2() -> None:
    """Who offers both is served HTTP/2."""
    line = Line(b"http/1.1", b"h2")
    assert (b"version", b"20") in over_h2(line)
    assert line.front.accepted == 1


@pytest.mark.parametrize(
    ("host", "trusted", "made_for"),
    [("Wiki.example.com", "10.0.0.0/8", b"wiki.example.com"), (None, "10.0.0.0/8", b"-"),
     ("wiki.example.com", "192.0.2.0/24", b"-")],
)
def test_what_the_connection_was_made_for(host: str | None, trusted: str, made_for: bytes) -> None:
    """The host that a user asked for, in each version. A trusted proxy has one connection for the requests of many hosts."""
    asked = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    for line in (Line(b"http/1.1", host=host, trusted=trusted),
                 Line(http2=False, host=host, trusted=trusted, entry=UserConnection)):
        assert b"\r\nmade-for: %b\r\n" % made_for in line.write(asked)
    assert (b"made-for", made_for) in over_h2(Line(b"h2", host=host, trusted=trusted))


def test_http_2_can_be_switched_off() -> None:
    """Then it is not offered, and nobody speaks it."""
    line = Line(b"http/1.1", b"h2", http2=False)
    assert line.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\nversion: 11\r\n")


@pytest.mark.parametrize("alpn", [b"http/1.1", b"h2"])
def test_a_connection_that_goes(alpn: bytes) -> None:
    """It is forgotten, whatever it spoke."""
    line = Line(alpn)
    assert len(line.front.connections) == 1
    line.there.abortConnection()
    line.flush()
    assert line.front.connections == set() and len(line.front.deadlines) == 0


@pytest.mark.parametrize("alpn", [b"http/1.1", b"h2"])
def test_a_user_who_says_goodbye(alpn: bytes) -> None:
    """TLS's close_notify ends the connection, whatever it spoke."""
    line = Line(alpn)
    assert line.client.transport is not None
    line.client.transport.loseConnection()
    line.flush()
    assert line.front.connections == set()


@pytest.mark.parametrize("alpn", [b"http/1.1", b"h2"])
def test_a_handshake_during_the_drain(alpn: bytes) -> None:
    """A connection that comes too late is asked to close."""
    line = Line(alpn, draining=True)
    for _ in range(80):
        line.clock.advance(0.25)
        line.flush()
    assert line.front.connections == set()


@pytest.mark.parametrize("draining", [False, True])
def test_a_connection_ahead_of_need(draining: bool) -> None:
    """One that has not even begun its handshake is closed when the service stops, whether it came before that or after."""
    line = Line(b"h2", turns=0, draining=draining)
    assert len(line.front.connections) == 1
    if not draining:
        line.front.drain()
    line.clock.advance(NEWCOMER_SECONDS - 0.1)
    assert not line.here.aborted
    line.clock.advance(0.35)
    line.flush()
    assert line.front.connections == set() and len(line.front.deadlines) == 0


@pytest.mark.parametrize("alpn", [b"http/1.1", b"h2"])
def test_a_handshake_that_a_drain_meets(alpn: bytes) -> None:
    """It comes to its end, and what is asked then is answered: the user came before the drain."""
    line = Line(alpn, turns=0)
    line.front.drain()
    line.flush()
    assert [type(one) for one in line.front.connections] == [H2Connection if alpn == b"h2" else UserConnection]
    assert not line.there.disconnecting
