"""Which connector gets a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from appproxy.errors import Code
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster, RosterLimits, Whose
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.tunnel.messages import Load


class FakeLink:
    """A signal connection."""

    def __init__(self) -> None:
        self.congested = False
        self.draining = False

    def write(self, data: bytes) -> None:
        raise AssertionError("the roster writes nothing")


def peer(roster: Roster, id: str, load: int = 0, group: str = "default") -> Peer:
    made = Peer(id, group, b"i", 0.0)
    made.links[0] = FakeLink()
    made.in_flight = dict.fromkeys(range(load), request())
    roster.add(made)
    return made


def request() -> ProxiedRequest:
    return cast(ProxiedRequest, object())


def test_the_least_loaded_connector_gets_it() -> None:
    """Among all that are healthy."""
    roster = Roster(0.0)
    peer(roster, "a", 3)
    light = peer(roster, "b", 1)
    peer(roster, "c", 2)
    assert roster.pick("default", (), 0.0) is light


def test_streams_take_no_place_from_requests() -> None:
    """A connector full of idle WebSockets still gets requests; streams only tip the scales where all else is equal."""
    roster = Roster(0.0, RosterLimits(in_flight=2))
    many = peer(roster, "many", 101)
    many.streams = 100
    assert roster.pick("default", (), 0.0) is many
    few = peer(roster, "few", 51)
    few.streams = 50
    assert roster.pick("default", (), 0.0) is few
    few.in_flight[1000] = request()
    assert roster.pick("default", (), 0.0) is many


def test_a_connector_gets_as_much_as_it_has_workers() -> None:
    """Each of its processes counts for itself: one on four cores gets four times what one on one core gets."""
    roster = Roster(0.0)
    peers = [peer(roster, "four") for _ in range(4)] + [peer(roster, "one")]
    for number in range(100):
        found = roster.pick("default", (), 0.0)
        assert found is not None
        found.in_flight[number] = request()
    assert [len(one.in_flight) for one in peers] == [20] * 5
    assert sum(len(one.in_flight) for one in roster.workers("four")) == 80


def test_a_slow_connector_gets_less() -> None:
    """One that answers in a quarter of the time has four times as many answered: capacity shows in what is under way."""
    roster = Roster(0.0)
    quick, slow = peer(roster, "quick"), peer(roster, "slow")
    ends: dict[int, tuple[Peer, int]] = {}
    answered = {quick: 0, slow: 0}
    for now in range(2000):
        for number in [number for number, (_, end) in ends.items() if end <= now]:
            found, _ = ends.pop(number)
            del found.in_flight[number]
            answered[found] += 1
        while len(ends) < 10:
            chosen = roster.pick("default", (), 0.0)
            assert chosen is not None
            number = max(ends, default=now * 100) + 1
            chosen.in_flight[number] = request()
            ends[number] = chosen, now + (10 if chosen is quick else 40)
    assert 3.5 < answered[quick] / answered[slow] < 4.5


def test_other_groups_are_not_asked() -> None:
    """A connector serves its own group."""
    roster = Roster(0.0)
    peer(roster, "a", group="other")
    assert roster.pick("default", (), 0.0) is None


def test_full_congested_draining_and_tried_ones_are_passed_over() -> None:
    """Nobody is given more than they can take."""
    roster = Roster(0.0, RosterLimits(in_flight=2))
    peer(roster, "full", 2)
    cast(FakeLink, peer(roster, "congested").links[0]).congested = True
    cast(FakeLink, peer(roster, "draining").links[0]).draining = True
    peer(roster, "tried")
    assert roster.pick("default", ("tried",), 0.0) is None


def test_timeouts_in_a_row_take_a_connector_out_until_it_answers() -> None:
    """But for a try every ten seconds; and it is still asked when nobody else is there."""
    roster = Roster(0.0)
    bad, good = peer(roster, "bad"), peer(roster, "good", 50)
    for _ in range(5):
        assert roster.pick("default", (), 0.0) is bad
        roster.timed_out(bad, 0.0)
    assert roster.pick("default", (), 1.0) is good
    assert [roster.pick("default", (), now) for now in (11.0, 11.0, 20.0, 21.0)] == [bad, good, good, bad]
    roster.remove(good, 21.0)
    assert roster.pick("default", (), 21.0) is bad
    roster.add(good)
    bad.answered()
    assert roster.pick("default", (), 21.0) is bad


def test_one_that_lags_comes_last() -> None:
    """Its own word in PONG counts, until it says otherwise."""
    roster = Roster(0.0)
    slow = peer(roster, "slow")
    quick = peer(roster, "quick", 5)
    slow.load = Load(0, 2, 501)
    assert roster.pick("default", (), 0.0) is quick
    slow.load = Load(0, 2, 20)
    assert roster.pick("default", (), 0.0) is slow


def test_waiting_has_a_limit_and_an_order() -> None:
    """First come, first served; the one too many hears so."""
    roster = Roster(0.0, RosterLimits(queue=2))
    first, second = cast(ProxiedRequest, (1,)), cast(ProxiedRequest, (2,))
    assert roster.park(first, "default", 0.0) is None
    assert roster.park(second, "default", 0.0) is None
    assert roster.park(request(), "default", 0.0) is Code.QUEUE_FULL
    one = peer(roster, "a")
    assert roster.next_waiting("default", 0.0) == (first, one)
    roster.unpark(second, "default")
    assert roster.next_waiting("default", 0.0) is None
    assert roster.waiting == 0


ANN, BOB = (b"ann", "wiki"), (b"bob", "wiki")


def busy(roster: Roster, made: Peer, whose: Whose, count: int) -> None:
    """So many requests of this user are under way there."""
    for _ in range(count):
        made.in_flight[len(made.in_flight)] = request()
        roster.taken(whose)


def test_one_user_leaves_the_reserve_to_others() -> None:
    """However many requests a user has, another one's finds a place at once; their own wait, and do not hold up others."""
    roster = Roster(0.0, RosterLimits(in_flight=80))
    one = peer(roster, "a")
    while roster.pick("default", (), 0.0, ANN) is not None:
        busy(roster, one, ANN, 1)
    assert len(one.in_flight) == 70
    assert roster.pick("default", (), 0.0, BOB) is one
    first, other = cast(ProxiedRequest, (1,)), cast(ProxiedRequest, (2,))
    assert roster.park(first, "default", 0.0, ANN) is None
    assert roster.next_waiting("default", 0.0) is None
    assert roster.park(other, "default", 0.0, BOB) is None
    assert roster.next_waiting("default", 0.0) == (other, one)
    busy(roster, one, BOB, 10)
    assert roster.pick("default", (), 0.0, (b"cyd", "wiki")) is None
    assert (roster.is_over("default", ANN), roster.is_over("default", BOB)) == (True, False)


@pytest.mark.parametrize("most", range(1, 40))
def test_one_user_leaves_a_place_of_however_few(most: int) -> None:
    """From four places on, another one's request finds one at once; of fewer, whoever has all hears early that they have."""
    roster = Roster(0.0, RosterLimits(in_flight=most))
    one = peer(roster, "a")
    while roster.pick("default", (), 0.0, ANN) is not None:
        busy(roster, one, ANN, 1)
    kept = max(1, most // 8) if most >= 4 else 0
    assert len(one.in_flight) == most - kept
    assert roster.pick("default", (), 0.0, BOB) is (one if kept else None)
    assert roster.is_over("default", ANN) == (most > 1)
    busy(roster, one, BOB, kept)
    assert roster.pick("default", (), 0.0, BOB) is None


def test_one_application_leaves_half_of_the_reserve_to_others() -> None:
    """Many users of one that hangs cannot keep those of another one out."""
    roster = Roster(0.0, RosterLimits(in_flight=160))
    one = peer(roster, "a")
    for number in range(200):
        if roster.pick("default", (), 0.0, (b"%d" % number, "hangs")) is not None:
            busy(roster, one, (b"%d" % number, "hangs"), 1)
    assert len(one.in_flight) == 150
    assert roster.pick("default", (), 0.0, (b"new", "other")) is one


@pytest.mark.parametrize(("whose", "most"), [("@{}", 145), ("{}", 150)])
def test_addresses_leave_a_part_of_the_reserve_to_users(whose: str, most: int) -> None:
    """Of an application that has many they get a quarter of it, of another one three quarters; users half, and all."""
    roster = Roster(0.0, RosterLimits(in_flight=160))
    one = peer(roster, "a")
    for number in range(200):
        key = whose.format(number).encode(), "hangs"
        if roster.pick("default", (), 0.0, key) is not None:
            busy(roster, one, key, 1)
    assert len(one.in_flight) == most
    assert roster.pick("default", (), 0.0, (b"ann", "hangs")) is (one if most < 150 else None)
    for number in range(20):
        if roster.pick("default", (), 0.0, (b"@other %d" % number, "other")) is not None:
            busy(roster, one, (b"@other %d" % number, "other"), 1)
    assert len(one.in_flight) == 155
    assert roster.pick("default", (), 0.0, (b"ann", "other")) is one


def test_a_connector_gets_no_more_than_its_hello_says() -> None:
    """Whatever the service would give it."""
    roster = Roster(0.0, RosterLimits(in_flight=100))
    one = Peer("a", "default", b"i", 0.0, most=16)
    one.links[0] = FakeLink()
    roster.add(one)
    busy(roster, one, ANN, 14)
    assert roster.pick("default", (), 0.0, ANN) is None
    busy(roster, one, BOB, 2)
    assert roster.pick("default", (), 0.0, (b"cyd", "wiki")) is None


def test_a_stream_counts_no_more() -> None:
    """What was taken is given back; nothing is left of users who have gone."""
    roster = Roster(0.0)
    roster.taken(ANN)
    roster.taken(ANN)
    roster.given(ANN)
    assert (roster.shares, roster.applications) == ({b"ann": 1}, {"wiki": 1})
    roster.given(ANN)
    assert (roster.shares, roster.applications) == ({}, {})


@dataclass(eq=False)
class Waits:
    """A request that is told when it has to go."""

    gone: bool = False

    def crowded_out(self) -> None:
        self.gone = True


def test_who_has_most_in_the_queue_makes_room() -> None:
    """One user cannot fill it: their latest goes for a newcomer; their next is refused."""
    roster = Roster(0.0, RosterLimits(queue=4))
    many = [Waits() for _ in range(4)]
    for one in many:
        assert roster.park(cast(ProxiedRequest, one), "default", 0.0, ANN) is None
    assert roster.park(cast(ProxiedRequest, Waits()), "default", 0.0, BOB) is None
    assert [one.gone for one in many] == [False, False, False, True]
    assert roster.park(cast(ProxiedRequest, Waits()), "default", 0.0, ANN) is Code.SHARE_EXCEEDED
    assert roster.waiting == 4


def test_nobody_waits_for_those_who_left_long_ago() -> None:
    """A minute after the last connector went, requests fail at once."""
    roster = Roster(0.0)
    one = peer(roster, "a")
    roster.remove(one, 100.0)
    assert roster.park(request(), "default", 150.0) is None
    assert roster.park(request(), "default", 161.0) is Code.NO_CONNECTOR


def test_moving_changes_the_group_at_once() -> None:
    """No restart of the connector is needed."""
    roster = Roster(0.0)
    one = peer(roster, "a")
    roster.move(one, "other", 5.0)
    assert roster.pick("default", (), 5.0) is None
    assert roster.pick("other", (), 5.0) is one
    assert roster.online("other") == 1 and roster.online("default") == 0


def test_a_newcomer_gets_no_more_than_the_others_have() -> None:
    """One that answers nothing yet gets as many as each of them has under way; then they get what comes."""
    roster = Roster(0.0)
    others = [peer(roster, "a", 20), peer(roster, "b", 20)]
    newcomer = peer(roster, "c")
    given = {"a": 0, "b": 0, "c": 0}
    for number in range(1000, 1100):
        found = roster.pick("default", (), 0.0)
        assert found is not None
        given[found.id] += 1
        if found is newcomer:
            found.in_flight[number] = request()
    assert [len(one.in_flight) for one in others] == [20, 20]  # what they are given they answer at once
    assert given == {"a": 80, "b": 0, "c": 20}
