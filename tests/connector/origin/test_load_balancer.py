"""Applications at several addresses."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import pytest
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.load_balancer import FIRST_PAUSE, LONGEST_PAUSE, LoadBalancer, StickyBalancer
from appproxy.errors import Code, RequestError
from appproxy.publish.settings.table import OriginSettings
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.rendezvous import FEW
from tests.connector.h2_application import H2Application
from tests.connector.rig import APPLICATION, HOME, Dialled, Rig, SignalPeer, code, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
HOSTS = ["a.corp", "b.corp", "c.corp"]


def spread_rig(home: OriginAddress = HOME, health_path: str = "") -> tuple[Rig, LoadBalancer]:
    """A connector whose application lives at three addresses."""
    addresses = [replace(home, host=host) for host in HOSTS]
    rig = Rig(home=addresses[0])
    target = Target(APPLICATION, addresses[0], b"wiki.corp", False, 10.0, 3600.0, frozenset(), None, frozenset(),
                    tuple(addresses[1:]), health_path, 10.0)
    balancer = rig.origins.source(target)
    assert isinstance(balancer, LoadBalancer)
    rig.routes[APPLICATION] = OriginRoute(target, balancer)
    return rig, balancer


def dialled(rig: Rig) -> list[str]:
    """The hosts that are being dialled."""
    return [each.where.host for each in rig.origins_dialled]  # type: ignore[attr-defined]


def refuse(dialled: Dialled) -> None:
    """Nobody listens there."""
    dialled.fail(ConnectionRefusedError())


def test_each_in_turn() -> None:
    """The first three requests go to three addresses, the next three use the same connections."""
    rig, _ = spread_rig()
    signal = rig.online()
    for id in (1, 2, 3):
        send(signal, id)
    assert dialled(rig) == HOSTS
    wires = [rig.origin() for _ in range(3)]
    for wire in wires:
        assert b"host: wiki.corp" in wire.take()
        wire.deliver(OK)
    rig.settle()
    for id in (4, 5, 6):
        send(signal, id)
    assert rig.origins_dialled == []
    assert all(wire.take() for wire in wires)


@pytest.mark.parametrize("protocol", ["http1", "h2"])
def test_the_least_busy(protocol: str) -> None:
    """One that is slow gets no more requests than it can answer; whoever is done first gets the next."""
    rig, balancer = spread_rig(replace(HOME, protocol=protocol))
    signal = rig.online()
    for id in (1, 2, 3):
        send(signal, id)
    assert dialled(rig) == HOSTS
    assert [upstream.origin.busy for upstream in balancer.upstreams] == [1, 1, 1]
    wires = [rig.origin() for _ in range(3)]
    assert [upstream.origin.busy for upstream in balancer.upstreams] == [1, 1, 1]
    if protocol == "h2":
        applications = [H2Application(rig, wire) for wire in wires]
        for application in applications:
            application.read()
        applications[2].answer(1)
    else:
        for wire in wires:
            wire.take()
        wires[2].deliver(OK)
    assert [upstream.origin.busy for upstream in balancer.upstreams] == [1, 1, 0]
    for id in (4, 5, 6, 7):
        send(signal, id)
    assert [upstream.origin.busy for upstream in balancer.upstreams] == [2, 2, 2]


def test_one_that_is_not_there() -> None:
    """Its request goes to the next, whatever the method, and others do not try it for a while."""
    rig, _ = spread_rig()
    signal = rig.online()
    send(signal, 1, request(b"POST", length=0))
    refuse(rig.origins_dialled.pop())
    assert dialled(rig) == ["b.corp"]
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    seen = []
    for id in range(2, 6):
        send(signal, id, request(b"POST", length=0))
        seen += dialled(rig)
        if rig.origins_dialled:
            rig.origin()
    assert "a.corp" not in seen


def test_it_comes_back() -> None:
    """After a pause it is tried again, and a success ends the matter; each failure doubles the pause."""
    rig, balancer = spread_rig()
    signal = rig.online()
    send(signal, 1)
    with capturedLogs() as events:
        refuse(rig.origins_dialled.pop())
    assert any(event["upstream"] == "http://a.corp:80" for event in events if "upstream" in event)
    first = balancer.upstreams[0]
    assert first.until == rig.clock.seconds() + FIRST_PAUSE
    rig.clock.advance(FIRST_PAUSE)
    balancer._next = 0
    send(signal, 2)
    assert dialled(rig)[-1] == "a.corp"
    refuse(rig.origins_dialled.pop())
    assert first.until == rig.clock.seconds() + 2 * FIRST_PAUSE
    for _ in range(10):
        balancer.failed(first, _refused())
    assert first.until == rig.clock.seconds() + LONGEST_PAUSE
    balancer.reached(first)
    assert (first.failures, first.until) == (0, 0.0)


def test_none_is_there() -> None:
    """Each is tried once, then the request fails; the next request tries again at once."""
    rig, _ = spread_rig()
    signal = rig.online()
    send(signal, 1)
    seen = []
    for _ in HOSTS:
        seen += dialled(rig)
        refuse(rig.origins_dialled.pop())
    assert sorted(seen) == HOSTS
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_REFUSED)]
    send(signal, 2)
    assert len(rig.origins_dialled) == 1


def test_a_user_who_leaves() -> None:
    """Ends the search."""
    rig, _ = spread_rig()
    signal = rig.online()
    send(signal, 1)
    signal.send(Kind.CANCEL, 1, code())
    refuse(rig.origins_dialled.pop())
    assert rig.origins_dialled == []


def test_a_limit_is_no_fault_of_the_application() -> None:
    """An address without a free connection keeps its turn."""
    rig, balancer = spread_rig()
    balancer.failed(balancer.upstreams[0], _refused(Code.ORIGIN_BUSY))
    assert balancer.upstreams[0].until == 0.0


def test_http2_too() -> None:
    """A stream that one refuses unread goes to another."""
    rig, _ = spread_rig(replace(HOME, protocol="h2"))
    signal = rig.online()
    send(signal, 1, request(b"POST", length=0))
    one = H2Application(rig, rig.origin())
    one.read()
    one.session.reset_stream(1, 7)
    one.say()
    assert dialled(rig) == ["b.corp"]
    two = H2Application(rig, rig.origin())
    two.read()
    two.answer(1)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


class TestHealth:
    """With a health path."""

    def test_only_the_well_get_requests(self) -> None:
        """One that answers 503 gets none until it answers well."""
        rig, balancer = spread_rig(health_path="/ok")
        rig.clock.advance(0.25)
        wires = dict(zip(dialled(rig), [rig.origin() for _ in HOSTS], strict=True))
        for host, wire in wires.items():
            assert wire.take().startswith(b"GET /ok HTTP/1.1\r\nhost: wiki.corp\r\n")
            wire.deliver(OK if host != "b.corp" else OK.replace(b"200", b"503"))
        assert [upstream.healthy for upstream in balancer.upstreams] == [True, False, True]
        signal = rig.online()
        for id in range(1, 5):
            send(signal, id)
        assert wires["b.corp"].take() == b""
        pulse(rig, signal, 10.5)
        assert wires["b.corp"].take().startswith(b"GET /ok")
        wires["b.corp"].deliver(OK)
        assert balancer.upstreams[1].healthy

    def test_none_is_well(self) -> None:
        """Then all are tried all the same: the check may be what is wrong."""
        rig, balancer = spread_rig(health_path="/ok")
        for upstream in balancer.upstreams:
            balancer.judge(upstream, "status 500")
        signal = rig.online()
        send(signal, 1)
        assert rig.origins_dialled

    @pytest.mark.parametrize("reason", ["", "status 500"])
    def test_a_good_answer_ends_a_pause(self, reason: str) -> None:
        """The connection that it came on shows that there is one."""
        rig, balancer = spread_rig(health_path="/ok")
        balancer.failed(balancer.upstreams[0], _refused())
        balancer.judge(balancer.upstreams[0], reason)
        assert (balancer.upstreams[0].until == 0.0) is not bool(reason)


def _refused(why: Code = Code.ORIGIN_REFUSED) -> RequestError:
    return RequestError(why)


def pulse(rig: Rig, signal: SignalPeer, seconds: float) -> None:
    """Let time pass without losing the service."""
    rig.clock.advance(seconds)
    signal.keep_alive()
    rig.second.keep_alive()


USERS = [f"u{number}" for number in range(40)]


def sticky_rig(affinity: str, most: int = 0) -> tuple[Rig, SignalPeer, LoadBalancer]:
    """As `spread_rig`, with this affinity, and at most so many connections to each address."""
    rig, _ = spread_rig(replace(HOME, max_connections=most))
    target = replace(rig.routes[APPLICATION].target, settings=OriginSettings(affinity=affinity))
    balancer = rig.origins.source(target)
    assert isinstance(balancer, StickyBalancer)
    rig.routes[APPLICATION] = OriginRoute(target, balancer)
    return rig, rig.online(), balancer


def ask(rig: Rig, signal: SignalPeer, id: int, user: str) -> str:
    """Send a request of this user, and answer it; which address it went to."""
    send(signal, id, request(user=user))
    (host,) = dialled(rig)
    wire = rig.origin()
    wire.take()
    wire.deliver(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    rig.settle()
    return host


def homes(rig: Rig, signal: SignalPeer, start: int) -> dict[str, str]:
    """The address of each user."""
    return {user: ask(rig, signal, start + place, user) for place, user in enumerate(USERS)}


@pytest.mark.parametrize("affinity", ["user", "user-bounded"])
def test_a_user_stays_at_one_address(affinity: str) -> None:
    """Each time; when one is down only its users go elsewhere, and they are back when it is."""
    rig, signal, balancer = sticky_rig(affinity)
    before = homes(rig, signal, 1)
    assert set(before.values()) == set(HOSTS)
    assert homes(rig, signal, 101) == before
    balancer.judge(balancer.upstreams[1], "it says 503")
    during = homes(rig, signal, 201)
    assert {before[user] for user in USERS if during[user] != before[user]} == {"b.corp"}
    assert set(during.values()) == {"a.corp", "c.corp"}
    balancer.judge(balancer.upstreams[1], "")
    assert homes(rig, signal, 301) == before


def test_its_address_cannot_be_reached() -> None:
    """The request goes to the next one at once, and the user's further ones, too, until it is tried again."""
    rig, signal, _ = sticky_rig("user")
    user = USERS[0]
    home = ask(rig, signal, 1, user)
    send(signal, 2, request(b"POST", length=0, user=user))
    assert dialled(rig) == [home]
    refuse(rig.origins_dialled.pop())
    (second,) = dialled(rig)
    assert second != home
    rig.origin().deliver(OK.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"))
    rig.settle()
    assert ask(rig, signal, 3, user) == second
    rig.clock.advance(FIRST_PAUSE)
    assert ask(rig, signal, 4, user) == home


def test_requests_of_nobody_go_to_the_least_busy() -> None:
    """A service that names nobody leaves nothing to go by."""
    rig, signal, _ = sticky_rig("user")
    for id in (1, 2, 3):
        send(signal, id, request())
    assert sorted(dialled(rig)) == HOSTS


@pytest.mark.parametrize(("affinity", "elsewhere"), [("user", 0), ("user-bounded", FEW)])
def test_one_user_with_very_much(affinity: str, elsewhere: int) -> None:
    """Stays at one address, or, with a bound, goes to others with what is over."""
    rig, signal, _ = sticky_rig(affinity)
    for id in range(1, 2 * FEW + 1):
        send(signal, id, request(user=USERS[0]))
    counts = sorted(dialled(rig).count(host) for host in HOSTS)
    assert counts == [0, elsewhere, 2 * FEW - elsewhere]


def test_who_stays_waits_for_a_connection() -> None:
    """An address that has no free connection is not down: the request fails, rather than come where nobody knows the user."""
    rig, signal, _ = sticky_rig("user", most=1)
    for id in (1, 2):
        send(signal, id, replace(request(user=USERS[0]), timeout=10.0))
    assert len(dialled(rig)) == 1
    rig.origin()
    rig.clock.pump([0.25] * 40)
    assert (Kind.FAIL, 2, Code.ORIGIN_BUSY) in finals(signal.read())
    assert dialled(rig) == []


@pytest.mark.parametrize(("user", "key"), [("u1", b"u1______________"), ("@u1", b"@u1______________")])
def test_the_address_is_the_one_that_the_specification_says(user: str, key: bytes) -> None:
    """Section 10, worked out once more: connectors of other makes and releases must come to the same."""
    weights = {host: blake2b(f"http://{host}:80".encode(), digest_size=8, key=key).digest() for host in HOSTS}
    rig, signal, _ = sticky_rig("user")
    assert ask(rig, signal, 1, user) == max(HOSTS, key=lambda host: int.from_bytes(weights[host], "big"))
