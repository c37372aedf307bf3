"""Requests that came together begin share by share, so many in a turn."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from appproxy.connector.turns import BEGUN, USUAL, Turns
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.messages import encode_code, encode_request, request_flags
from tests.connector.rig import Rig, finals, request


class OneTurn(Clock):
    """As a reactor does it: what a call asks for with no delay is for the next turn."""

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call.called = 1
            call.func(*call.args, **call.kw)


class Desk:
    """Who asks whether they must wait."""

    def __init__(self) -> None:
        self.clock = OneTurn()
        self.begun: list[tuple[bytes, int]] = []
        self.turns: Turns[tuple[bytes, int]] = Turns(self.clock, self.begun.append)

    def come(self, share: bytes, number: int) -> None:
        if not (self.turns.counting and self.turns.must_wait(share, (share, number))):
            self.begun.append((share, number))


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=200))
def test_all_begin_each_share_in_its_order_and_so_many_in_a_turn(shares: list[bytes]) -> None:
    """Whoever came with many waits for themselves; another one's next request begins in the next turn."""
    desk = Desk()
    desk.turns.count()
    for number, share in enumerate(shares):
        desk.come(share, number)
    assert len(desk.begun) == min(BEGUN, len(shares))
    turns = 0
    while desk.turns.counting:
        before = len(desk.begun)
        desk.clock.turn()
        assert len(desk.begun) - before <= BEGUN
        turns += 1
    assert turns <= len(shares) // BEGUN + 1
    for share in (b"a", b"b", b"c"):
        assert [number for each, number in desk.begun if each == share] == [
            number for number, each in enumerate(shares) if each == share]
    assert desk.clock.getDelayedCalls() == []


def test_one_user_with_a_thousand_holds_up_nobody() -> None:
    """What comes behind them begins in the next turn."""
    desk = Desk()
    desk.turns.count()
    for number in range(1000):
        desk.come(b"ann", number)
    desk.come(b"bob", 0)
    desk.clock.turn()
    assert (b"bob", 0) in desk.begun and len(desk.begun) == 2 * BEGUN


def test_who_leaves_takes_no_turn() -> None:
    """Neither their own nor another one's."""
    desk = Desk()
    desk.turns.count()
    for number in range(100):
        desk.come(b"ann", number)
    for number in range(BEGUN, 99):
        desk.turns.leave(b"ann", (b"ann", number))
    desk.clock.turn()
    assert desk.begun[BEGUN:] == [(b"ann", 99)] and not desk.turns.counting


def asked(first: int, count: int, user: str) -> bytes:
    one = request(user=user, target=b"/" + user.encode())
    return b"".join(encode(Kind.REQ, id, encode_request(one), flags=request_flags(one, strict=False))
                    for id in range(first, first + count))


@pytest.mark.parametrize(("count", "begun"), [(USUAL, USUAL), (100, BEGUN)])
def test_a_read_with_many_requests(count: int, begun: int, rig: Rig) -> None:
    """No more than usual: all begin at once. Else some do in each turn, and that of another user who came last in the next."""
    signal = rig.online()
    signal.wire.deliver(asked(1, count, "ann"))
    assert len(rig.origins_dialled) == begun
    signal.wire.deliver(asked(1001, 1, "bob"))
    rig.clock.advance(0)
    written = [rig.origin().take() for _ in range(count + 1)]
    assert rig.origins_dialled == []
    (place,) = [number for number, each in enumerate(written) if each.startswith(b"GET /bob ")]
    assert begun <= place <= begun + 1


def test_what_is_cancelled_while_it_waits_never_begins(rig: Rig) -> None:
    """Asking and cancelling in a circle costs the application nothing; each request gets its last word."""
    signal = rig.online()
    signal.wire.deliver(asked(1, 100, "ann") + b"".join(
        encode(Kind.CANCEL, id, encode_code(Code.CANCELLED)) for id in range(1, 101)))
    assert len(rig.origins_dialled) == BEGUN
    assert Counter(what for _, _, what in finals(signal.read())) == {Code.CANCELLED: 100}
    rig.clock.advance(0)
    rig.clock.advance(0)
    assert len(rig.origins_dialled) == BEGUN and rig.uplink.requests.in_flight == 0
