"""Which connector gets a request."""

from __future__ import annotations

from typing import cast

from appproxy.errors import Code
from appproxy.service.relayed import Relayed
from appproxy.service.roster import Peer, Roster, RosterLimits


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


def request() -> Relayed:
    return cast(Relayed, object())


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


def test_other_groups_are_not_asked() -> None:
    """A connector serves its own group."""
    roster = Roster(0.0)
    peer(roster, "a", group="other")
    assert roster.pick("default", (), 0.0) is None


def test_full_congested_draining_and_tried_ones_are_passed_over() -> None:
    """Nobody is given more than he can take."""
    roster = Roster(0.0, RosterLimits(in_flight=2))
    peer(roster, "full", 2)
    cast(FakeLink, peer(roster, "congested").links[0]).congested = True
    cast(FakeLink, peer(roster, "draining").links[0]).draining = True
    peer(roster, "tried")
    assert roster.pick("default", ("tried",), 0.0) is None


def test_the_second_signal_connection_takes_over() -> None:
    """When the first is congested."""
    roster = Roster(0.0)
    one = peer(roster, "a")
    one.links[1] = FakeLink()
    cast(FakeLink, one.links[0]).congested = True
    assert one.link() is one.links[1]


def test_timeouts_in_a_row_take_a_connector_out_for_a_while() -> None:
    """It returns by itself, and is still asked when nobody else is there."""
    roster = Roster(0.0)
    bad, good = peer(roster, "bad"), peer(roster, "good", 50)
    for _ in range(5):
        assert roster.pick("default", (), 0.0) is bad
        roster.timed_out(bad, 0.0)
    assert roster.pick("default", (), 1.0) is good
    roster.remove(good, 1.0)
    assert roster.pick("default", (), 1.0) is bad
    roster.add(good)
    assert roster.pick("default", (), 11.0) is bad


def test_waiting_has_a_limit_and_an_order() -> None:
    """First come, first served; the one too many hears so."""
    roster = Roster(0.0, RosterLimits(queue=2))
    first, second = request(), cast(Relayed, [1])
    assert roster.park(first, "default", 0.0) is None
    assert roster.park(second, "default", 0.0) is None
    assert roster.park(request(), "default", 0.0) is Code.QUEUE_FULL
    assert roster.next_waiting("default") is first
    roster.unpark(second, "default")
    assert roster.next_waiting("default") is None
    assert roster.waiting == 0


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
