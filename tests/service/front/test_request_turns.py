"""How much of what HTTP/2 users send is heard in a turn, network by network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.service.front.request_turns import DOUBT, TURN, Owner, RequestTurns
from tests.service.h2_rig import H2Rig, request
from tests.service.recording_responder import RecordingResponder

ATTACKER, OTHER = "198.51.100.66", "192.0.2.1"
CANCEL = 8
_PING = bytes.fromhex("000008060000000000")


class Busy:
    """A connection with so many requests of half a millisecond each, that have come in one read."""

    def __init__(self, turns: RequestTurns, owner: Owner, number: int) -> None:
        self.turns, self.owner, self.left, self.begun = turns, owner, number, 0
        self.go_on()

    def go_on(self) -> None:
        part = max(0, self.turns.left(self.owner, self.turns.doubt(self.owner)))
        now = min(self.left, -(-part // 500))
        self.left -= now
        self.begun += now
        self.turns.spent(self.owner, now * 500)
        if self.left:
            self.turns.wait(self.owner, self)


def one_turn(clock: Clock) -> None:
    """Call what was to be called in the next turn of the reactor, and nothing that this brings about."""
    for call in list(clock.getDelayedCalls()):
        func: Callable[[], None] = call.func  # type: ignore[attr-defined]
        call.cancel()
        func()


def test_a_network_has_one_part_of_a_turn_however_many_its_connections() -> None:
    """The second connection has to wait; another network does not."""
    clock = Clock()
    turns = RequestTurns(clock)
    first, second, other = Busy(turns, ATTACKER, 20), Busy(turns, ATTACKER, 20), Busy(turns, OTHER, 6)
    assert (first.begun, second.begun, other.begun) == (8, 0, 6)
    one_turn(clock)
    assert (first.begun, second.begun) == (16, 0)
    one_turn(clock)
    assert (first.begun, second.begun) == (16, 8)  # each in its turn
    for _ in range(4):
        one_turn(clock)
    assert (first.left, second.left) == (0, 0) and turns.left(ATTACKER, 0.0) <= TURN
    one_turn(clock)
    assert not clock.getDelayedCalls()


def test_all_that_waits_has_a_bounded_part_of_a_turn() -> None:
    """A hundred networks, each with more than fits: three of them have their turn, and then the next."""
    clock = Clock()
    turns = RequestTurns(clock)
    all_ = [Busy(turns, f"192.0.2.{number}", 24) for number in range(100)]
    before = sum(one.begun for one in all_)
    one_turn(clock)
    assert sum(one.begun for one in all_) - before == 24
    for _ in range(80):
        one_turn(clock)
    assert {one.left for one in all_} == {0}


def test_one_that_has_gone_waits_no_longer() -> None:
    """It is not called, and its network is not in the row."""
    clock = Clock()
    turns = RequestTurns(clock)
    one = Busy(turns, ATTACKER, 20)
    turns.leave(ATTACKER, one)
    one_turn(clock)
    assert one.begun == 8


def test_a_fault_in_one_costs_no_other_its_turn() -> None:
    """It is reported where faults are, and the next turn comes."""
    clock = Clock()
    turns = RequestTurns(clock)

    class Faulty(Busy):
        def go_on(self) -> None:
            if self.begun:
                raise RuntimeError
            super().go_on()

    Faulty(turns, ATTACKER, 20)
    other = Busy(turns, OTHER, 20)
    with pytest.raises(RuntimeError):
        clock.advance(0)
    clock.advance(0)
    assert other.left == 0


def test_who_cancels_too_much_is_in_doubt_for_a_second() -> None:
    """Nobody else is, and a connection of nobody's share never is. The log names them, once in a while."""
    clock = Clock()
    with capturedLogs() as events:
        _cancel_too_much(clock)
    said = [event["network"] for event in events if "network" in event]
    assert said == [ATTACKER]


def _cancel_too_much(clock: Clock) -> None:
    turns = RequestTurns(clock)
    alone = Busy(turns, OTHER, 0)
    for _ in range(300):
        turns.cancelled(ATTACKER)
        turns.cancelled(alone)
    assert turns.doubt(ATTACKER) == 0.0
    for _ in range(10_000):
        turns.cancelled(ATTACKER)
        turns.cancelled(alone)
    assert (turns.doubt(ATTACKER), turns.doubt(OTHER), turns.doubt(alone)) == (DOUBT, 0.0, 0.0)
    assert turns.left(ATTACKER, DOUBT) < turns.left(OTHER, 0.0)
    clock.advance(1.1)
    assert turns.doubt(ATTACKER) == 0.0


def test_requests_of_one_network_share_a_turn() -> None:
    """Those of four connections that come together begin as if they had come on one."""
    places = [H2Rig(RecordingResponder()) for _ in range(4)]
    for one in places[1:]:
        one.connection.front = places[0].front
    for one in places:
        for _ in range(12):
            one.user.send_request(request(), end_stream=True)
        one.connection.dataReceived(one.user.data_to_send())

    def begun() -> int:
        return sum(len(one.responder.exchanges) for one in places)

    assert begun() == 8
    for turn in range(6):
        assert begun() <= 8 * (turn + 1)
        one_turn(places[0].clock)
    assert begun() == 48


def doubted(rig: H2Rig) -> None:
    """The user's network has cancelled too much, on other connections."""
    for _ in range(1_000):
        rig.front.turns.cancelled("203.0.113.7")


def test_what_is_cancelled_soon_never_begins() -> None:
    """In the next read, for whom that has happened too often; the others are answered a moment later, in their order."""
    rig = H2Rig(RecordingResponder())
    doubted(rig)
    streams = [rig.user.send_request(request(), end_stream=True) for _ in range(4)]
    rig.turn()
    for stream in streams[1:3]:
        rig.user.reset_stream(stream, CANCEL)
    rig.turn()
    assert rig.responder.exchanges == []
    rig.clock.advance(DOUBT)
    assert [each.stream for each in rig.responder.exchanges] == [streams[0], streams[3]]  # type: ignore[attr-defined]
    assert not rig.wire.disconnecting


def test_doubt_holds_up_no_body_that_is_on_its_way() -> None:
    """Only requests wait, and what follows one."""
    rig = H2Rig(RecordingResponder())
    stream = rig.ask(request(b"POST"), None)
    doubted(rig)
    rig.responder.exchanges[0].read_body(rig.responder)
    rig.user.send_data(stream, b"body")
    rig.turn()
    assert rig.responder.body == b"body"
    later = rig.user.send_request(request(), end_stream=True)
    rig.user.send_data(stream, b" more", end_stream=True)
    rig.turn()
    assert rig.responder.body == b"body" and len(rig.responder.exchanges) == 1
    rig.clock.advance(DOUBT)
    assert rig.responder.body == b"body more"
    assert [each.stream for each in rig.responder.exchanges] == [stream, later]  # type: ignore[attr-defined]


def test_a_user_who_leaves_meanwhile_begins_nothing() -> None:
    """Nobody is asked for what nobody reads."""
    rig = H2Rig(RecordingResponder())
    doubted(rig)
    rig.user.send_request(request(), end_stream=True)
    rig.turn()
    rig.connection.connectionLost()
    rig.clock.advance(1)
    assert rig.responder.exchanges == []


def test_a_flood_does_not_wait() -> None:
    """PINGs behind a request that may not begin yet: no more of them are kept than are heard."""
    rig = H2Rig(RecordingResponder())
    doubted(rig)
    rig.user.send_request(request(), end_stream=True)
    rig.turn()
    for _ in range(40):
        rig.raw(_PING + b"12345678")
    assert not rig.wire.disconnecting
    for _ in range(2_000):
        if rig.wire.disconnecting:
            break
        rig.raw(_PING + b"12345678")
        rig.clock.advance(0)
    assert rig.wire.disconnecting
