"""Which connector a user's requests go to whose application wants them together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import cast

from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.preferred import preferred
from appproxy.service.relay.connectors.roster import Roster, RosterLimits, Whose
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.tunnel.messages import Load
from appproxy.tunnel.rendezvous import FEW
from tests.service.relay.connectors.test_roster import FakeLink, peer
from tests.service.world import GET, WIKI, World, requests

USERS: list[Whose] = [(b"user-%d" % number, "wiki") for number in range(200)]


def roster_of(*ids: str, limits: RosterLimits | None = None) -> Roster:
    """With these connectors."""
    roster = Roster(0.0, limits)
    for id in ids:
        peer(roster, id)
    return roster


def homes(roster: Roster, now: float = 0.0) -> dict[Whose, Peer | None]:
    """Where each user is."""
    return {whose: preferred(roster, "default", (), now, whose) for whose in USERS}


def load(one: Peer, count: int) -> None:
    """Give it so many requests."""
    one.in_flight = dict.fromkeys(range(count), cast(ProxiedRequest, object()))


def test_all_nodes_say_the_same() -> None:
    """In whatever order connectors have come, and after any start of them."""
    one, other = homes(roster_of("a", "b", "c")), homes(roster_of("c", "a", "b"))
    assert {whose: found and found.id for whose, found in one.items()} == {
        whose: found and found.id for whose, found in other.items()}
    assert len(set(one.values())) == 3


def test_workers_are_told_apart_by_what_all_nodes_know() -> None:
    """By their number, and not by the key, which is of the order in which they came."""
    def workers(*numbers: int) -> Roster:
        roster = Roster(0.0)
        for number in numbers:
            made = Peer("a", "default", b"i%d" % number, 0.0)
            made.links[0], made.worker, made.parent = FakeLink(), number, b"p"
            roster.add(made)
        return roster

    one, other = homes(workers(1, 2)), homes(workers(2, 1))
    assert [found and found.worker for found in one.values()] == [found and found.worker for found in other.values()]
    assert Counter(found.worker for found in one.values() if found).keys() == {1, 2}


def test_when_one_goes_only_its_users_move() -> None:
    """It drains, say."""
    roster = roster_of("a", "b", "c")
    before = homes(roster)
    cast(FakeLink, roster.peers["b"].links[0]).draining = True
    after = homes(roster)
    assert {before[whose].id for whose in USERS if before[whose] is not after[whose]} == {"b"}  # type: ignore[union-attr]


def test_one_that_is_not_well_is_left() -> None:
    """It is suspected, lags, or is suspended for time-outs; it is the users' again when that is over."""
    roster = roster_of("a", "b")
    before = homes(roster)
    one = roster.peers["a"]
    one.suspected = True
    assert set(homes(roster).values()) == {roster.peers["b"]}
    one.suspected = False
    one.load = Load(0, 0, 501)
    assert set(homes(roster).values()) == {roster.peers["b"]}
    one.load = None
    one.try_at = 5.0
    assert set(homes(roster).values()) == {roster.peers["b"]}
    assert homes(roster, 5.0) == before


def test_a_suspended_one_gets_a_try_now_and_then() -> None:
    """Of one of its own users: an answer to that is what brings it back."""
    roster = roster_of("a", "b", limits=RosterLimits(timeouts=1, try_seconds=10.0))
    whose = next(whose for whose, found in homes(roster).items() if found is roster.peers["a"])
    roster.timed_out(roster.peers["a"], 0.0)
    found = [preferred(roster, "default", (), now, whose) for now in (1.0, 10.0, 11.0, 20.0)]
    assert [one and one.id for one in found] == ["b", "a", "b", "a"]


def test_with_much_more_than_others_it_gets_no_more() -> None:
    """A quarter over the mean; before there is something to do at all nobody moves."""
    roster = roster_of("a", "b")
    whose = next(whose for whose, found in homes(roster).items() if found is roster.peers["a"])
    load(roster.peers["a"], FEW - 1)
    assert preferred(roster, "default", (), 0.0, whose) is roster.peers["a"]
    load(roster.peers["a"], FEW)
    assert preferred(roster, "default", (), 0.0, whose) is roster.peers["b"]
    load(roster.peers["b"], FEW)
    assert preferred(roster, "default", (), 0.0, whose) is roster.peers["a"]
    roster.peers["a"].streams = FEW  # WebSockets are no load
    load(roster.peers["b"], 0)
    assert preferred(roster, "default", (), 0.0, whose) is roster.peers["a"]


def test_nobody_is_well() -> None:
    """`Roster.pick` says who is still worth a try."""
    roster = roster_of("a")
    assert preferred(roster, "default", ("a",), 0.0, USERS[0]) is None
    assert preferred(roster, "other", (), 0.0, USERS[0]) is None
    roster.peers["a"].suspected = True
    assert preferred(roster, "default", (), 0.0, USERS[0]) is None
    assert roster.pick("default", (), 0.0) is roster.peers["a"]


def _asked(affinity: str) -> list[list[int]]:
    """For each of 24 addresses, how many of its four requests each of two connectors was given."""
    world = World(applications=(replace(WIKI, affinity=affinity),))
    signals = [world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)]
    found = []
    for number in range(24):
        counts = [0, 0]
        for _ in range(4):
            world.user(f"203.0.113.{number}").send(GET)
            for place, signal in enumerate(signals):
                for id, _ in requests(signal.frames()):
                    counts[place] += 1
                    signal.answer(id, 200, b"", b"ok")
        found.append(counts)
    return found


def test_requests_go_there() -> None:
    """All of an address go to one connector where the setting says so, over however many connections, and some to each."""
    found = _asked("user")
    assert {tuple(sorted(counts)) for counts in found} == {(0, 4)}
    assert len({tuple(counts) for counts in found}) == 2


def test_a_connector_that_is_lost_loses_no_request() -> None:
    """What it had goes to the other one, as ever."""
    world = World(applications=(replace(WIKI, affinity="user"),))
    signals = [world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)]
    user = world.user()
    user.send(GET)
    first, second = signals if world.relay.roster.peers["c1"].in_flight else reversed(signals)
    first.frames()
    first.lose()
    world.advance(6)
    ((id, _),) = requests(second.frames())
    second.answer(id, 200, b"", b"from the other")
    assert user.wire.take().endswith(b"from the other")
