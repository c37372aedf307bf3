"""What the listeners of a node have in common, and in what they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from appproxy.config import ServiceSettings
from appproxy.net.chance import TimeAndChance
from appproxy.net.descriptors.open_files import Shares
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.front import Front
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.listen.entry import UserEntry
from appproxy.service.listen.fronts import Fronts, user_connections
from tests.service.world import User, Wire, refusal

SETTINGS = ServiceSettings(domain="example.com", trusted_proxies=(ip_network("10.0.0.0/8"),), http2=False)
FIELDS = replace(SETTINGS, trusted_proxies_say="x-forwarded-for")
FILES = Shares(users=300, few=75)
ADDRESS = IPv4Address("TCP", "10.0.0.1", 4000)
REQUEST = b"GET / HTTP/1.1\r\nhost: wiki.example.com\r\nx-forwarded-for: 203.0.113.9\r\n\r\n"


def hooks_of(log: Callable[[Exchange], None]) -> Hooks:
    """Hooks with a log."""
    hooks = Hooks()
    hooks.add("ended", log)
    return hooks


#: Makes one of the four: (fronts, handler, log).
Make = Callable[[Fronts, Callable[[Exchange], None], Callable[[Exchange], None]], Front]
MAKES: dict[str, Make] = {
    "users": lambda fronts, handler, log: fronts.users(handler, hooks_of(log)),
    "control": lambda fronts, handler, log: fronts.control(handler, log),
    "metrics": lambda fronts, handler, log: fronts.metrics(handler),
    "plain": lambda fronts, handler, log: fronts.plain(handler, log),
    "stray": lambda fronts, handler, log: fronts.stray(handler, refusal, log),
}


def token(size: int) -> bytes:
    return bytes(range(1, size + 1))


class FrontRig:
    """One front, asked once."""

    def __init__(self, which: str, settings: ServiceSettings = SETTINGS, fronts: Fronts | None = None) -> None:
        self.clock = Clock()
        self.logged: list[Exchange] = []
        self.exchanges: list[Exchange] = []
        fronts = fronts or Fronts(settings, self.clock, refusal, FILES, TimeAndChance(lambda: 784_111_777.0, token))
        self.front = MAKES[which](fronts, self.handle, self.logged.append)

    def handle(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        exchange.answer(200, b"", b"hello")

    def ask(self, request: bytes = REQUEST) -> Exchange:
        """What the handler got."""
        self.user().send(request)
        return self.exchanges[-1]

    def user(self, address: IPv4Address = ADDRESS) -> User:
        connection = self.front.buildProtocol(address)
        assert isinstance(connection, UserConnection)
        user = User(connection, Wire())
        connection.makeConnection(user.wire)
        return user


@pytest.mark.parametrize(
    ("which", "scheme", "client", "logged"),
    [("users", "https", "203.0.113.9", 1), ("control", "https", "10.0.0.1", 1), ("metrics", "http", "10.0.0.1", 0),
     ("plain", "http", "203.0.113.9", 1), ("stray", "http", "203.0.113.9", 1)],
)
def test_what_each_front_is(which: str, scheme: str, client: str, logged: int) -> None:
    """A proxy is believed where users come, and what watches the node is in no log."""
    rig = FrontRig(which, FIELDS)
    exchange = rig.ask()
    assert (exchange.scheme, exchange.client, len(rig.logged)) == (scheme, client, logged)


@pytest.mark.parametrize("which", ["users", "plain"])
@pytest.mark.parametrize("settings", [SETTINGS, replace(FIELDS, trusted_proxies=())])
def test_fields_are_believed_only_where_they_are_the_way(which: str, settings: ServiceSettings) -> None:
    """With the PROXY protocol the connection says who it is, and without proxies nobody is asked to look."""
    rig = FrontRig(which, settings)
    assert rig.ask(REQUEST.replace(b"x-forwarded-for", settings.trusted_proxies_say.encode())).client == "10.0.0.1"
    assert rig.front.proxies is None


@pytest.mark.parametrize("which", list(MAKES))
def test_only_users_speak_http2(which: str) -> None:
    """Where the settings have it."""
    with_http2 = FrontRig(which, replace(SETTINGS, http2=True)).front.buildProtocol(ADDRESS)
    assert type(with_http2) is (UserEntry if which == "users" else UserConnection)
    assert type(FrontRig(which).front.buildProtocol(ADDRESS)) is UserConnection


@pytest.mark.parametrize(("which", "most"), [("users", 300), ("control", 75), ("metrics", 75), ("plain", 75), ("stray", 18)])
def test_each_has_its_share_of_the_open_files(which: str, most: int) -> None:
    """One more is closed at once."""
    rig = FrontRig(which)
    for number in range(most):
        rig.user(IPv4Address("TCP", f"10.1.{number // 100}.{number % 100}", 4000))
    assert rig.front.buildProtocol(ADDRESS) is None


def test_the_settings_count_before_the_share() -> None:
    """For users; others have no setting."""
    settings = replace(SETTINGS, limits=replace(SETTINGS.limits, user_connections=2))
    assert (user_connections(settings, FILES), user_connections(SETTINGS, FILES)) == (2, 300)
    users, control = FrontRig("users", settings), FrontRig("control", settings)
    for rig in (users, control):
        rig.user(IPv4Address("TCP", "10.1.0.1", 4000))
        rig.user(IPv4Address("TCP", "10.1.0.2", 4000))
    assert users.front.buildProtocol(ADDRESS) is None
    assert control.front.buildProtocol(ADDRESS) is not None


@pytest.mark.parametrize("which", list(MAKES))
def test_the_limits_of_the_settings_are_those_of_each_front(which: str) -> None:
    """How long a head may be and how slow its user, not a default of the code's."""
    limits = replace(SETTINGS.limits, head_bytes=5_000, head_fields=41, target_bytes=900, handshake_seconds=11.0,
                     head_seconds=12.0, body_rate=13, stall_seconds=14.0, keep_alive_seconds=15.0)
    front = FrontRig(which, replace(SETTINGS, limits=limits)).front
    assert (front.limits.head, front.limits.fields, front.limits.target) == (5_000, 41, 900)
    times = front.timeouts
    assert (times.handshake, times.head, times.body_rate, times.write_stall, times.keep_alive) == (11, 12, 13, 14, 15)


def test_request_ids_are_one_row_for_all_fronts() -> None:
    """Two requests of one node never have the same, wherever they came in; 32 hex digits."""
    fronts = Fronts(SETTINGS, Clock(), refusal, FILES, TimeAndChance(lambda: 784_111_777.0, token))
    ids = [FrontRig(which, fronts=fronts).ask().id for which in MAKES]
    assert ids == [f"010203040506070800000000{0x01020304 + number:08x}" for number in range(1, 6)]


@pytest.mark.parametrize("which", list(MAKES))
def test_every_answer_has_a_date(which: str) -> None:
    """Also one to a request that is malformed (RFC 9110 section 6.6.1)."""
    for request in (REQUEST, b"GET / HTTP/1.1\r\n\r\n"):
        assert b"\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" in FrontRig(which).user().send(request)
