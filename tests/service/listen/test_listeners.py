"""The open ports of a node: what lies before each, and the order in which they close."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock

from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.last_arrivals import HANDSHAKE_SECONDS
from appproxy.net.proxied import ProxiedFactory
from appproxy.net.secure.contexts import UserContext
from appproxy.net.secure.tls import tunnel_context
from appproxy.net.secure.tls_factory import HalfCloseTLSFactory
from appproxy.service.listen.listeners import BACKLOG, Listeners
from tests.pki.authorities import OURS, SERVICE

SETTINGS = ServiceSettings(
    domain="example.com", listen=Address("127.0.0.1", 8443), tunnel_listen=Address("127.0.0.2", 8444),
    metrics_listen=Address("127.0.0.3", 9100), acme_listen=Address("127.0.0.4", 8080),
)
PROXIED = replace(SETTINGS, trusted_proxies=(ip_network("10.0.0.0/8"),))
NAMES = {8443: "users", 8444: "tunnel", 9100: "metrics", 8080: "plain"}


@dataclass
class Port:
    """One that closes when the test lets it."""

    reactor: Reactor
    port: int
    factory: IProtocolFactory
    backlog: int
    interface: str

    def getHost(self) -> IAddress:
        return IPv4Address("TCP", self.interface, self.port + 1)

    def stopListening(self) -> Deferred[None] | None:
        self.reactor.closed.append(NAMES[self.port])
        if not self.reactor.slow:
            return None
        self.reactor.closing = Deferred()
        return self.reactor.closing


@dataclass(eq=False)
class Reactor(Clock):
    """Opens ports. `slow`: a port waits for `closing` to close."""

    ports: list[Port] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    slow: bool = False
    closing: Deferred[None] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def listenTCP(self, port: int, factory: IProtocolFactory, backlog: int, interface: str) -> Port:
        self.ports.append(Port(self, port, factory, backlog, interface))
        return self.ports[-1]


class ListenersRig:
    """All listeners of these settings, open."""

    def __init__(self, settings: ServiceSettings = SETTINGS) -> None:
        self.reactor = Reactor()
        self.users, self.tunnel, self.metrics, self.plain = (Factory() for _ in range(4))
        self.stray = Factory()
        listeners = self.listeners = Listeners(settings, self.reactor, 7)
        listeners.open_users(self.users, UserContext(SERVICE, http2=True), self.stray)
        listeners.open_tunnel(self.tunnel, tunnel_context(SERVICE, (OURS.certificate,)))
        listeners.open_metrics(self.metrics)
        listeners.open_plain(self.plain)

    def behind(self, name: str) -> IProtocolFactory:
        return next(port.factory for port in self.reactor.ports if NAMES[port.port] == name)


def test_each_listens_where_the_settings_say() -> None:
    """With room for a thousand connects at once."""
    ports = ListenersRig().reactor.ports
    assert [(port.interface, port.port) for port in ports] == [
        ("127.0.0.1", 8443), ("127.0.0.2", 8444), ("127.0.0.3", 9100), ("127.0.0.4", 8080)]
    assert {port.backlog for port in ports} == {BACKLOG}


def test_what_the_settings_do_not_have_is_not_opened() -> None:
    """Metrics and http-01 are wanted by few."""
    ports = ListenersRig(replace(SETTINGS, metrics_listen=None, acme_listen=None)).reactor.ports
    assert [NAMES[port.port] for port in ports] == ["users", "tunnel"]


def test_users_and_connectors_come_over_tls() -> None:
    """Each with its own context; metrics and http-01 are plain."""
    rig = ListenersRig(replace(SETTINGS, limits=replace(SETTINGS.limits, handshake_seconds=9.0)))
    for name, inner in (("users", rig.users), ("tunnel", rig.tunnel)):
        factory = rig.behind(name)
        assert isinstance(factory, HalfCloseTLSFactory)
        assert (factory.wrappedFactory, factory.handshake_seconds) == (inner, 9.0)
        assert factory.leaves_at_eof is (name == "users")  # what only the context of users asks for
    assert (rig.behind("metrics"), rig.behind("plain")) == (rig.metrics, rig.plain)


@pytest.mark.parametrize("name", ["users", "tunnel"])
def test_handshakes_under_way_are_few(name: str) -> None:
    """One more than the limit, and the oldest is cut off."""
    factory = ListenersRig().behind(name)
    cut: list[int] = []

    class Shaking:
        owner = ""

        def __init__(self, number: int) -> None:
            self.number = number

        def give_way(self) -> None:
            cut.append(self.number)

    assert isinstance(factory, HalfCloseTLSFactory)
    for number in range(8):
        factory.handshake_begun(Shaking(number))  # type: ignore[arg-type]
    assert cut == [0]


def test_a_load_balancer_may_stand_before_users_only() -> None:
    """Its header comes before TLS. Connectors are met by nobody else, and metrics stay in the house."""
    rig = ListenersRig(PROXIED)
    users, plain = rig.behind("users"), rig.behind("plain")
    assert isinstance(users, ProxiedFactory)
    assert isinstance(users.factory, HalfCloseTLSFactory)
    assert isinstance(plain, ProxiedFactory)
    assert plain.factory is rig.plain
    assert isinstance(rig.behind("tunnel"), HalfCloseTLSFactory)
    assert rig.behind("metrics") is rig.metrics


def test_a_proxy_that_speaks_in_fields_is_not_asked_for_a_header() -> None:
    """The front reads what it says."""
    rig = ListenersRig(replace(PROXIED, trusted_proxies_say="x-forwarded-for"))
    assert isinstance(rig.behind("users"), HalfCloseTLSFactory)
    assert rig.behind("plain") is rig.plain


def test_the_ports_that_were_given() -> None:
    """Where the settings say 0, the system chooses."""
    rig = ListenersRig()
    assert (rig.listeners.user_port, rig.listeners.tunnel_port) == (8444, 8445)
    empty = Listeners(SETTINGS, Reactor(), 7)
    assert (empty.user_port, empty.tunnel_port) == (0, 0)


def test_metrics_are_the_last_to_go() -> None:
    """Whoever watches the drain wants to see it; what is closed is not closed again."""
    rig = ListenersRig()
    Deferred.fromCoroutine(rig.listeners.close_entrances())
    assert rig.reactor.closed == ["users", "tunnel"]
    Deferred.fromCoroutine(rig.listeners.close())
    assert rig.reactor.closed == ["users", "tunnel", "metrics", "plain"]
    Deferred.fromCoroutine(rig.listeners.close())
    assert len(rig.reactor.closed) == 4


def test_closing_waits_for_each_port() -> None:
    """A node that starts again finds them free."""
    rig = ListenersRig()
    rig.reactor.slow = True
    done: list[None] = []
    Deferred.fromCoroutine(rig.listeners.close()).addCallback(done.append)
    for number in range(1, 5):
        assert (len(rig.reactor.closed), done) == (number, [])
        closing, rig.reactor.closing = rig.reactor.closing, None
        assert closing is not None
        closing.callback(None)
    assert done == [None]


def test_what_was_opened_is_closed_when_the_rest_could_not_be() -> None:
    """A start that failed leaves no port behind."""
    reactor = Reactor()
    listeners = Listeners(SETTINGS, reactor, 7)
    listeners.open_users(Factory(), UserContext(SERVICE, http2=True), Factory())
    Deferred.fromCoroutine(listeners.close())
    assert reactor.closed == ["users"]


class Handed:
    """Another process, which listens."""

    def __init__(self) -> None:
        self.open_: dict[str, IProtocolFactory] = {}
        self.reactor = Reactor()

    def open(self, setting: str, address: Address | None, factory: IProtocolFactory) -> Any:
        """Keep it."""
        assert address is not None
        self.open_[setting] = factory
        return Port(self.reactor, address.port, factory, 0, address.host)


def test_a_worker_opens_no_port() -> None:
    """It takes what is handed over for each listener; connectors of what it has under way reach it until the end."""
    handed, reactor = Handed(), Reactor()
    listeners = Listeners(SETTINGS, reactor, 7, Inherited(parent=handed))
    listeners.open_users(Factory(), UserContext(SERVICE, http2=True), Factory())
    listeners.open_tunnel(Factory(), tunnel_context(SERVICE, (OURS.certificate,)))
    listeners.open_metrics(Factory())
    listeners.open_plain(Factory())
    assert list(handed.open_) == ["listen", "tunnel_listen", "metrics_listen", "acme_listen"] and reactor.ports == []
    for end, closed in ((listeners.close_entrances, ["users"]), (listeners.close, ["users", "tunnel", "metrics", "plain"])):
        Deferred.fromCoroutine(end())
        assert handed.reactor.closed == closed


class OpenPort(Port):
    """One with a socket, which accepts as Twisted's do."""

    def __init__(self, reactor: Reactor) -> None:
        super().__init__(reactor, 8443, Factory(), 0, "127.0.0.1")
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.taken: list[socket.socket] = []

    def doRead(self) -> None:
        self.taken.append(self.socket.accept()[0])

    def stopListening(self) -> None:
        self.socket.close()


@pytest.mark.parametrize("of_systemd", [False, True])
def test_who_has_connected_before_a_port_closes_is_taken(of_systemd: bool) -> None:
    """The kernel let them in, and would reset them. At a socket of systemd they wait for the next start."""
    reactor = Reactor()
    port = OpenPort(reactor)
    address = Address(*port.socket.getsockname())
    listeners = Listeners(SETTINGS, reactor, 7, Inherited(stay_open=frozenset({str(address)} if of_systemd else ())))
    listeners._users = port  # type: ignore[assignment]
    with ExitStack() as stack:
        def come() -> socket.socket:
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((address.host, address.port))
            return one

        users = [come() for _ in range(3)]
        done: list[None] = []
        keeps = stack.enter_context(socket.socket(fileno=os.dup(port.socket.fileno())))  # as systemd does
        Deferred.fromCoroutine(listeners.close_entrances()).addCallback(done.append)
        if not of_systemd:
            assert (port.taken, done) == ([], [])
            come()  # is not let in, for nobody would take it
            reactor.advance(HANDSHAKE_SECONDS)
        assert done == [None] and port.socket.fileno() == -1
        assert len(port.taken) == (0 if of_systemd else len(users))
        if of_systemd:
            for user in users:
                assert keeps.accept()[0].getpeername() == user.getsockname()
        for one in port.taken:
            one.close()


def test_connections_that_wait_for_a_header_are_known() -> None:
    """Of all listeners that a proxy may stand before."""
    rig = ListenersRig(PROXIED)
    assert rig.listeners.waiting == 0
    for name, number in (("users", 2), ("plain", 3)):
        proxied = rig.behind(name)
        assert isinstance(proxied, ProxiedFactory)
        proxied.waiting = number
    assert rig.listeners.waiting == 5
