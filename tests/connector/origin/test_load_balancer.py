"""Applications at several addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twisted.internet.error import ConnectionRefusedError
from twisted.logger import capturedLogs

from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.load_balancer import FIRST_PAUSE, LONGEST_PAUSE, LoadBalancer
from appproxy.connector.requests.route import OriginRoute
from appproxy.errors import Code, RequestError
from appproxy.tunnel.frames import Kind
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
