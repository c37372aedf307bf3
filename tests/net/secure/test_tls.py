"""What a handshake has shown, and how TLS is put under a protocol."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from appproxy.errors import IdentityError
from appproxy.net.secure.sockets import through
from appproxy.net.secure.tls import (
    HandshakeTimeout,
    connector_context,
    negotiated,
    origin_context,
    peer_certificate,
    peer_chain,
    server_name,
    set_buffers,
    shown_chain,
    tunnel_context,
    user_context,
    wrap_client,
    wrap_server,
)
from appproxy.pki import check_first_contact, connector_id, fingerprint
from tests.net.wire import End, Talker, network
from tests.pki.authorities import CONNECT, CONNECTOR, NOW, OTHERS, OURS, SERVICE, connector, server

SERVER = tunnel_context(SERVICE, [OURS.certificate])
CLIENT = connector_context([OURS.certificate], CONNECT, CONNECTOR, [b"appproxy-data/1"])


class Service:
    """A client end point: a service in memory, or one that cannot be reached, or that says nothing."""

    def __init__(self, clock: Clock, context: object = SERVER, mute: bool = False, error: Exception | None = None) -> None:
        self.clock = clock
        self.ends = [End(clock), End(clock)]
        self.ends[0].peer, self.ends[1].peer = self.ends[1], self.ends[0]
        self.talker = Talker()
        self.context = context
        self.mute = mute
        self.error = error

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Called by who dials."""
        done: Deferred[IProtocol] = Deferred()
        if self.error is not None:
            done.errback(self.error)
            return done
        inner = Factory.forProtocol(lambda: self.talker)
        below = wrap_server(self.context, inner, self.clock).buildProtocol(None)  # type: ignore[arg-type]
        above = factory.buildProtocol(None)  # type: ignore[arg-type]
        assert below is not None and above is not None
        for end, protocol in zip(self.ends, (below, above), strict=True):
            end.protocol = protocol
            protocol.makeConnection(end)
        done.callback(above)
        return done

    def run(self) -> None:
        """Carry bytes until none are left."""
        for _ in range(100):
            self.clock.advance(0)
            if not self.mute:
                for end in self.ends:
                    end.move()


def look(service: Service) -> Deferred[list[str]]:
    """Look at the chain of a service."""
    found = Deferred.fromCoroutine(shown_chain(service, CONNECT, service.clock))  # type: ignore[arg-type]
    service.run()
    return found


class TestShownChain:
    """Looking before joining."""

    def test_the_chain_of_our_service(self) -> None:
        """A joining connector sees the chain, finds its anchor in it, and the service hears not one byte."""
        service = Service(Clock())
        seen: list[list[str]] = []
        look(service).addCallback(seen.append)
        anchor = check_first_contact(seen[0], fingerprint(OURS.certificate), CONNECT, NOW)
        assert fingerprint(anchor) == fingerprint(OURS.certificate)
        assert service.talker.got == b""
        assert len(service.talker.lost) == 1
        assert service.clock.getDelayedCalls() == []

    def test_a_stranger_is_seen_and_refused(self) -> None:
        """The chain of another service is seen as it is; the check then refuses it."""
        context = tunnel_context(server(OTHERS), [OTHERS.certificate])
        seen: list[list[str]] = []
        look(Service(Clock(), context)).addCallback(seen.append)
        with pytest.raises(IdentityError, match="another service"):
            check_first_contact(seen[0], fingerprint(OURS.certificate), CONNECT, NOW)

    def test_a_service_that_cannot_be_reached(self) -> None:
        """The end point's own error comes out."""
        failures: list[object] = []
        look(Service(Clock(), error=ConnectionRefusedError())).addErrback(lambda found: failures.append(found.value))
        assert isinstance(failures[0], ConnectionRefusedError)

    def test_a_service_that_says_nothing(self) -> None:
        """A service that never answers is given up after 30 s."""
        service = Service(Clock(), mute=True)
        failures: list[object] = []
        look(service).addErrback(lambda found: failures.append(found.value))
        assert failures == []
        service.clock.advance(31)
        service.clock.advance(0)
        assert isinstance(failures[0], HandshakeTimeout)

    def test_a_service_that_hangs_up(self) -> None:
        """A service that closes during the handshake is an error, not an empty chain."""
        service = Service(Clock(), mute=True)
        failures: list[object] = []
        look(service).addErrback(lambda found: failures.append(found.value))
        service.ends[0]._lost(ConnectionDone())
        service.clock.advance(0)
        assert len(failures) == 1


class TestWhatTheHandshakeShowed:
    """Certificate, chain and protocol of the peer."""

    def test_before_the_handshake_nobody_is_known(self) -> None:
        """Before the handshake there is no certificate and no protocol."""
        seen: list[object] = []

        class Hasty(Talker):
            def connectionMade(self) -> None:
                seen.extend([peer_certificate(self.transport), negotiated(self.transport), peer_chain(self.transport)])

        network(SERVER, CLIENT, Hasty)
        assert seen == [None, None, []] * 2

    def test_after_the_end_nobody_is_known(self) -> None:
        """Asking after the connection has gone is no error."""
        net = network(SERVER, CLIENT)
        tls = net.server.tls
        net.client.tls.abortConnection()
        net.flush()
        assert peer_certificate(tls) is None
        assert negotiated(tls) is None

    def test_without_tls_nobody_is_known(self) -> None:
        """A plain transport has neither."""
        transport = StringTransport()
        assert peer_certificate(transport) is None
        assert negotiated(transport) is None
        assert peer_chain(transport) == []

    def test_only_the_leaf_that_was_proved(self) -> None:
        """A connector that shows its own certificate, and another's beside it, is itself."""
        mine, others = connector(OURS, "mine"), connector(OURS, "others")
        both = replace(mine, certificate=mine.certificate + others.certificate)
        net = network(SERVER, connector_context([OURS.certificate], CONNECT, both, [b"appproxy-data/1"]))
        shown = peer_certificate(net.server.tls)
        assert shown is not None and connector_id(shown) == "mine"


class TestServerName:
    """What a user's connection was made for."""

    USERS = user_context([server(OURS, "example.com", "*.example.com"), server(OURS, "shop.example.org")])

    @pytest.mark.parametrize(
        ("asked", "host", "covered"),
        [
            ("wiki.example.com", "mail.example.com", True),
            ("WIKI.Example.com", "example.com", True),
            ("wiki.example.com", "shop.example.org", False),
            ("wiki.example.com", "deep.wiki.example.com", False),
            ("shop.example.org", "shop.example.org", True),
            ("shop.example.org", "wiki.example.com", False),
            ("nobody.example.net", "nobody.example.net", False),
            ("nobody.example.net", "wiki.example.com", True),
        ],
    )
    def test_the_host_and_its_certificate(self, asked: str, host: str, covered: bool) -> None:
        """The name that was asked for, and which hosts the certificate is for that it was answered with."""
        found = server_name(network(self.USERS, origin_context(asked, "", "", False)).server.tls)
        assert found is not None and found.asked == asked.lower()
        assert found.covers(host) is covered

    def test_a_user_who_says_nothing_of_it(self) -> None:
        """As one who dials an address."""
        assert server_name(network(self.USERS, origin_context("192.0.2.1", "", "", False)).server.tls) is None

    def test_without_tls(self) -> None:
        """There is none."""
        assert server_name(StringTransport()) is None


class TestBuffers:
    """What the kernel may hold."""

    def test_also_under_tls(self) -> None:
        """The socket under the TLS layer is found and bounded."""
        net = network(SERVER, CLIENT)
        here, there = socket.socketpair()
        with here, there:
            net.server.tls.transport.socket = here
            set_buffers(net.server.tls, 131_072)
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                # Linux doubles the number, for its own books.
                assert here.getsockopt(socket.SOL_SOCKET, option) == 262_144

    def test_in_memory_there_is_nothing_to_bound(self) -> None:
        """Without a socket nothing happens."""
        set_buffers(StringTransport())


def test_a_client_factory_gives_the_layer() -> None:
    """`connect` gives the TLS layer, whose `wrappedProtocol` is the caller's."""
    talker = Talker()
    tls = wrap_client(CLIENT, Factory.forProtocol(lambda: talker), Clock()).buildProtocol(None)
    assert tls is not None and tls.wrappedProtocol is talker


class TestHTTPWithoutTLS:
    """What begins with a letter is HTTP, and gets what answers HTTP."""

    def wrapped(self, plain: bool = True) -> tuple[End, Talker, Talker]:
        """A connection, the protocol within TLS and that without."""
        clock = Clock()
        ends = [End(clock), End(clock)]
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        inner, outer = Talker(), Talker()
        factory = wrap_server(user_context([SERVICE]), Factory.forProtocol(lambda: inner), clock,
                              plain=Factory.forProtocol(lambda: outer) if plain else None)  # fmt: skip
        below = factory.buildProtocol(None)
        assert below is not None
        ends[0].protocol = below
        below.makeConnection(ends[0])
        return ends[0], inner, outer

    def test_it_gets_the_other_protocol(self) -> None:
        """From the first byte on; the one under TLS is told that it is over."""
        end, inner, outer = self.wrapped()
        assert end.protocol is not None
        end.protocol.dataReceived(b"GET / HTTP")
        assert end.protocol is outer
        end.protocol.dataReceived(b"/1.1\r\n")
        assert outer.got == b"GET / HTTP/1.1\r\n" and inner.got == b""
        assert len(inner.lost) == 1 and end.connected and not end.disconnecting

    @pytest.mark.parametrize("first", [b"\x16\x03\x01", b"\x80\x2e\x01", b"\0", b"\x15\x03", b"\r\nGET "])
    def test_everything_else_is_for_tls(self, first: bytes) -> None:
        """Whatever it makes of it."""
        end, _, outer = self.wrapped()
        assert end.protocol is not None
        end.protocol.dataReceived(first)
        end.protocol.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
        assert outer.transport is None

    def test_where_nothing_else_is_spoken(self) -> None:
        """As on the connectors' listener: TLS says that it is no TLS."""
        end, _, _ = self.wrapped(plain=False)
        assert end.protocol is not None
        end.protocol.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
        assert end.disconnecting or end.aborted


def test_what_is_written_through_leaves_without_a_turn() -> None:
    """And after what was written before; a transport that knows no turns just writes."""
    clock = Clock()
    service = Service(clock)
    Deferred.fromCoroutine(_connected(service))
    service.run()
    talker, end = service.talker, service.ends[0]
    end.sent.clear()
    talker.transport.write(b"one ")  # type: ignore[union-attr]
    assert end.sent == []
    through(talker.transport)(b"two")
    assert len(end.sent) == 1
    plain = StringTransport()
    through(plain)(b"x")
    assert plain.value() == b"x"


async def _connected(service: Service) -> None:
    await service.connect(wrap_client(CLIENT, Factory.forProtocol(Talker), service.clock))
