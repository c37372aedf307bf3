"""One user's requests at the service: others find a place, and whoever exceeds their part hears so, and early."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.service.relay.connectors.roster import RosterLimits
from appproxy.tunnel.frames import Kind
from tests.service.world import GET, User, World, only_request, requests

ATTACKER = "198.51.100.66"
EVENTS = b"content-type: text/event-stream\n"


def busy(world: World, count: int) -> list[User]:
    """So many requests of one address."""
    users = [world.user(ATTACKER) for _ in range(count)]
    for user in users:
        assert user.send(GET) == b""
    return users


def test_a_user_with_all_places_keeps_nobody_out() -> None:
    """Their next request waits, another one's is sent at once."""
    world = World(connectors=("c1",), limits=RosterLimits(in_flight=80))
    signal = world.welcomed()
    busy(world, 71)
    assert len(requests(signal.frames())) == 70
    assert world.relay.roster.waiting == 1
    world.user().send(GET)
    assert len(requests(signal.frames())) == 1


def test_he_hears_early_that_it_is_his_own_doing() -> None:
    """503 with Retry-After after three seconds; the log names the failure."""
    world = World(connectors=("c1",), limits=RosterLimits(in_flight=80))
    world.welcomed()
    users = busy(world, 71)
    world.advance(2.5)
    assert users[-1].wire.take() == b""
    world.advance(1)
    answer = users[-1].wire.take()
    assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 10\r\n" in answer
    assert [exchange.failure for exchange in world.log] == [Code.SHARE_EXCEEDED]
    assert [one["who"] for one in world.relay.shortages.recent(60)] == [ATTACKER]


def test_a_full_queue_makes_room_for_others() -> None:
    """The latest of whoever has most in it goes; the newcomer waits."""
    world = World(connectors=("c1",), limits=RosterLimits(queue=3))
    signal = world.welcomed()
    signal.lose()
    waiting = busy(world, 3)
    other = world.user()
    assert other.send(GET) == b""
    assert [user.wire.take()[:13] for user in waiting] == [b"", b"", b"HTTP/1.1 503 "]
    assert world.log[0].failure is Code.SHARE_EXCEEDED
    world.welcomed()
    assert world.relay.roster.waiting == 0


def test_waiting_requests_are_sent_user_by_user() -> None:
    """Not all of the one who came first."""
    world = World(connectors=("c1",))
    world.welcomed().lose()
    busy(world, 3)
    world.user().send(GET.replace(b"/page", b"/other"))
    assert [target for _, target in requests(world.welcomed().frames())] == [b"/page", b"/other", b"/page", b"/page"]


def test_an_event_stream_takes_no_place_from_requests() -> None:
    """From its head on, as an upgraded stream does; when it ends, everything is as before."""
    world = World(connectors=("c1",), limits=RosterLimits(in_flight=1))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    world.user().send(GET)
    assert requests(signal.frames()) == []
    data.say(data.session.head(200, EVENTS))
    assert len(requests(signal.frames())) == 1
    (peer,) = world.relay.roster.peers.values()
    assert peer.streams == 1 and sum(world.relay.roster.shares.values()) == 1
    data.say(data.session.end())
    assert (peer.streams, len(peer.in_flight)) == (0, 1)


@pytest.mark.parametrize("end", ["answered", "left", "lost"])
def test_counts_end_with_the_requests(end: str) -> None:
    """However a request ends, its share has its place back."""
    world = World(connectors=("c1",))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    roster = world.relay.roster
    assert list(roster.shares.values()) == [1] and roster.applications == {"wiki": 1}
    if end == "answered":
        signal.answer(id)
    elif end == "left":
        user.leave()
        signal.fail(Kind.FAIL, id, Code.CANCELLED)
    else:
        signal.lose()
        world.advance(6)
    assert (roster.shares, roster.applications) == ({}, {})


def test_an_answer_that_gave_way_breaks_off_and_is_named() -> None:
    """FAIL comes on the signal connection, because the service has stopped reading the data connection."""
    world = World(connectors=("c1",))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    data = world.attach(id)
    data.say(data.session.head(200, b"content-length: 1000\n") + data.session.body(b"x" * 10))
    data.link.read_gate.pauseProducing()
    assert not data.wire.reading
    signal.fail(Kind.FAIL, id, Code.GAVE_WAY)
    assert user.wire.aborted
    assert world.log[0].failure is Code.GAVE_WAY
    assert data.wire.reading, "what is left of it must be read, so that the connection can be used again"
