"""Connections to applications: kept, used again, and never trusted further than they deserve."""

from __future__ import annotations

from dataclasses import replace
from socket import SHUT_WR

import pytest
from twisted.internet.error import ConnectionRefusedError

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.address_watch import LOOK_SECONDS
from appproxy.connector.origin.h1.kept import IDLE_SECONDS, RECENT_SECONDS
from appproxy.connector.origin.origins import MOST_IDLE, UNRULY_SECONDS
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.numbered_rig import OK, idle
from tests.connector.rig import HOME, Rig, SignalPeer, Wire, code, finals, request, send

POISON = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison"
NO_BODY = b"HTTP/1.1 304 Not Modified\r\n\r\n"


def test_idle_connections_are_closed(rig: Rig) -> None:
    """After 50 s without a request."""
    _, origin = idle(rig)
    rig.clock.advance(IDLE_SECONDS - 1)
    assert origin.end == ""
    rig.clock.advance(1.5)
    assert origin.end == "aborted"


def test_the_one_used_last_is_used_first(rig: Rig, signal: SignalPeer) -> None:
    """So that a burst's other connections grow old and go."""
    send(signal, 1)
    send(signal, 2)
    first, second = rig.origin(), rig.origin()
    second.deliver(OK)
    first.deliver(OK)
    first.take()
    rig.settle()
    send(signal, 3)
    assert first.take()


def test_a_burst_leaves_no_crowd(rig: Rig, signal: SignalPeer) -> None:
    """Only so many idle connections are kept to one application."""
    wires = []
    for id in range(1, MOST_IDLE + 3):
        send(signal, id)
        wires.append(rig.origin())
    for wire in wires:
        wire.deliver(OK)
    assert [wire.end for wire in wires].count("aborted") == 2
    assert len(rig.origins.of(HOME)) == MOST_IDLE


def test_what_must_not_be_repeated_takes_no_chance(rig: Rig) -> None:
    """A POST on a connection that was idle for a while could meet its close: it gets a fresh one."""
    signal, origin = idle(rig)
    rig.clock.advance(RECENT_SECONDS + 0.5)
    send(signal, 2, request(b"POST", length=0))
    assert origin.take() == b""
    assert len(rig.origins_dialled) == 1
    send(signal, 3)
    assert origin.take()


def test_an_idle_connection_that_closes_is_forgotten(rig: Rig) -> None:
    """The next request dials."""
    signal, origin = idle(rig)
    origin.half_close()
    assert origin.end == "lost"
    send(signal, 2)
    assert len(rig.origins_dialled) == 1


def test_a_connection_of_a_cancelled_request_is_not_kept(rig: Rig, signal: SignalPeer) -> None:
    """Its answer may still come."""
    send(signal, 1)
    origin = rig.origin()
    signal.send(Kind.CANCEL, 1, b"12")
    assert origin.end == "aborted"
    assert len(rig.origins.of(HOME)) == 0


def test_a_handshake_that_hangs() -> None:
    """TCP is connected but TLS never does: the connect timeout counts for both."""
    rig = Rig(home=OriginAddress("https", "wiki.corp", 443))
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    rig.clock.advance(10.5)
    assert origin.end == "aborted"
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CONNECT_TIMEOUT)]


def test_a_handshake_that_fails() -> None:
    """A connection that ends before its handshake does is a TLS fault."""
    rig = Rig(home=OriginAddress("https", "wiki.corp", 443))
    signal = rig.online()
    send(signal, 1)
    rig.origin().lose()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_TLS)]


def test_forgotten_addresses_are_closed(rig: Rig) -> None:
    """An application that is no longer configured keeps no connection."""
    _, origin = idle(rig)
    rig.origins.retain(set())
    assert origin.end == "aborted"


LIMITED = replace(HOME, max_connections=1)


class TestLimits:
    """`max_connections`: who finds none free waits for one."""

    def busy(self) -> tuple[Rig, SignalPeer, Wire]:
        """One request has the only connection, another waits for it."""
        rig = Rig(home=LIMITED)
        signal = rig.online()
        send(signal, 1, request(b"POST", length=0))
        origin = rig.origin()
        origin.take()
        send(signal, 2, request(b"POST", length=0))
        assert rig.origins_dialled == []
        return rig, signal, origin

    def test_the_next_one_gets_it(self) -> None:
        """As soon as the answer before is complete."""
        _, signal, origin = self.busy()
        origin.deliver(OK)
        assert origin.take().startswith(b"POST /page")
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello")), (Kind.RSP, 2, (200, b"hello"))]

    def test_one_that_closes_makes_room(self) -> None:
        """Then another is dialled."""
        rig, signal, origin = self.busy()
        origin.lose()
        rig.clock.advance(0)
        rig.origin().deliver(OK)
        assert (Kind.RSP, 2, (200, b"hello")) in list(finals(signal.read()))

    def test_waiting_ends_before_the_back_end_timeout(self) -> None:
        """With a word that says why."""
        rig, signal, origin = self.busy()
        for _ in range(8):
            rig.clock.advance(0.9 * 85.0 / 8 + 0.1)
            signal.keep_alive()
            rig.second.keep_alive()
        assert (Kind.FAIL, 2, Code.ORIGIN_BUSY) in list(finals(signal.read()))

    def test_who_leaves_waits_no_longer(self) -> None:
        """And takes no connection from others."""
        rig, signal, origin = self.busy()
        send(signal, 3, request(b"POST", length=0))
        signal.send(Kind.CANCEL, 2, code())
        origin.deliver(OK)
        origin.take()
        origin.deliver(OK)
        assert (Kind.RSP, 3, (200, b"hello")) in list(finals(signal.read()))

    def test_a_dial_that_fails_makes_room(self) -> None:
        """Who waits then tries for itself."""
        rig = Rig(home=LIMITED)
        signal = rig.online()
        send(signal, 1)
        send(signal, 2)
        rig.origins_dialled.pop().fail(ConnectionRefusedError())
        rig.clock.advance(0)
        rig.origin().deliver(OK)
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_REFUSED), (Kind.RSP, 2, (200, b"hello"))]

    def test_leaving_while_it_is_dialled(self) -> None:
        """Gives the turn to the next."""
        rig, signal, origin = self.busy()
        send(signal, 3, request(b"POST", length=0))
        origin.lose()
        rig.clock.advance(0)
        assert len(rig.origins_dialled) == 1
        signal.send(Kind.CANCEL, 2, code())
        rig.clock.advance(0)
        assert len(rig.origins_dialled) == 2


class TestNames:
    """The application's name may move."""

    def test_connections_to_an_old_address_are_not_used_again(self, rig: Rig, signal: SignalPeer) -> None:
        """Idle ones are closed, busy ones finish first."""
        send(signal, 1)
        send(signal, 2)
        idle, busy = rig.origin(), rig.origin()
        idle.deliver(OK)
        rig.clock.advance(20)
        send(signal, 3)
        idle.deliver(OK)
        rig.addresses = frozenset({"192.0.2.8"})
        pulse(rig, signal, LOOK_SECONDS - 20 + 0.5)
        assert idle.end == "aborted"
        assert busy.end == ""
        busy.deliver(OK)
        assert busy.end == "aborted"
        send(signal, 4)
        assert len(rig.origins_dialled) == 1

    @pytest.mark.parametrize("addresses", [frozenset(), frozenset({"192.0.2.7", "192.0.2.8"})])
    def test_connections_that_are_right_stay(self, addresses: frozenset[str]) -> None:
        """Also when nobody can say."""
        rig = Rig(addresses=addresses)
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        pulse(rig, signal, LOOK_SECONDS + 0.5)
        origin.deliver(OK)
        assert origin.end == ""


def pulse(rig: Rig, signal: SignalPeer, seconds: float) -> None:
    """Let time pass without losing the service."""
    while seconds > 0:
        step = min(seconds, 10.0)
        rig.clock.advance(step)
        seconds -= step
        signal.keep_alive()
        rig.second.keep_alive()


@pytest.mark.parametrize("what", ["end", "reset", "bytes"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_what_the_kernel_knows_counts(what: str, method: bytes, rig: Rig) -> None:
    """The connector was stopped: the application's end waits unread while a new request is dispatched first."""
    signal, origin = idle(rig)
    with origin.kernel() as far:
        if what == "bytes":
            far.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        elif what == "end":
            far.shutdown(SHUT_WR)
        else:
            far.close()
        send(signal, 2, request(method))
        assert origin.take() == b""
        rig.origin().deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


def test_a_quiet_one_is_taken_before_one_that_has_ended(rig: Rig, signal: SignalPeer) -> None:
    """The request need not dial because the connection that was used last has gone."""
    send(signal, 1)
    send(signal, 2)
    first, second = rig.origin(), rig.origin()
    first.deliver(OK)
    second.deliver(OK)
    first.take()
    second.take()
    with second.kernel() as far:
        far.close()
        rig.settle()
        send(signal, 3)
    assert second.take() == b""
    assert first.take()
    assert not rig.origins_dialled


def test_who_sends_late_gets_no_second_request(rig: Rig, signal: SignalPeer) -> None:
    """Once an application was seen to send more than it announces, each of its connections serves one request."""
    send(signal, 1)
    send(signal, 2)
    first, second = rig.origin(), rig.origin()
    second.deliver(OK)
    first.deliver(OK)
    first.deliver(POISON)
    assert (first.end, second.end) == ("aborted", "aborted")
    rig.settle()
    send(signal, 3)
    third = rig.origin()
    third.deliver(OK)
    assert third.end
    for _ in range(int(UNRULY_SECONDS / 10)):
        rig.clock.advance(10)
        signal.keep_alive()
        rig.second.keep_alive()
    send(signal, 4)
    fourth = rig.origin()
    fourth.deliver(OK)
    assert not fourth.end


def test_a_farewell_is_no_late_answer(rig: Rig) -> None:
    """A 408 on a connection that was idle for a while closes that connection alone."""
    signal, origin = idle(rig)
    rig.clock.advance(5)
    origin.deliver(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    send(signal, 2)
    fresh = rig.origin()
    fresh.deliver(OK)
    assert not fresh.end


def test_with_few_connections_a_fresh_one_is_sooner() -> None:
    """With `max_connections` nobody waits for one to settle: it closes, and the next is dialled."""
    rig = Rig(home=LIMITED)
    rig.routes["wiki"] = replace(rig.routes["wiki"], target=replace(rig.routes["wiki"].target, address=LIMITED))
    signal = rig.online()
    send(signal, 1)
    first = rig.origin()
    send(signal, 2)
    first.deliver(NO_BODY)
    assert first.end
    second = rig.origin()
    second.deliver(NO_BODY)
    send(signal, 3)
    assert second.end
    rig.origin().deliver(OK)
    assert len(list(finals(signal.read()))) == 3
