"""Streams of a node, or of a connector, that goes: late, one after the other, and each of them."""

from __future__ import annotations

from appproxy.http.websocket import SERVICE_RESTART, close_frame
from appproxy.service.relay.moves.stream_moves import MoveTimes
from tests.service.streams import ANSWER, EVENTS, Stream, said
from tests.service.world import GET, World

RESTART = close_frame(SERVICE_RESTART)
#: Of the default times: from half of 30 s on, with 3 s left for answers.
BEGIN, END = 15.0, 27.0


def opened(world: World, count: int, events: bool = False) -> list[Stream]:
    """Streams of a connector that is there."""
    signal = world.welcomed()
    if events:
        return [Stream(world, signal, GET, 200, EVENTS) for _ in range(count)]
    return [Stream(world, signal) for _ in range(count)]


def closings(world: World, streams: list[Stream], seconds: float) -> list[float]:
    """Let time pass; when the users of these heard of the end. They answer as browsers do."""
    begun, heard = world.clock.seconds(), []
    while world.clock.seconds() < begun + seconds:
        world.clock.advance(0.25)
        for stream in streams:
            got = stream.user.wire.take()
            if RESTART in got:
                stream.user.send(ANSWER)
            if RESTART in got or got.endswith(b"0\r\n\r\n"):
                heard.append(world.clock.seconds() - begun)
    return heard


def test_late_and_spread() -> None:
    """Nobody before half of the time, never many in one second, all before the end."""
    world = World()
    streams = opened(world, 30) + opened(world, 30, events=True)
    world.relay.moves.begin(lambda request: True)
    heard = closings(world, streams, 30)
    assert len(heard) == 60
    assert min(heard) >= BEGIN and max(heard) <= END + 0.25
    assert max(sum(at <= one < at + 1 for one in heard) for at in heard) <= 60 * 0.15
    assert dict(world.relay.moves.ends) == {("websocket", "closed"): 30, ("event-stream", "closed"): 30}
    world.clock.advance(10)
    assert world.relay.moves._next is None, "it looks on for nobody"


def test_the_silent_ones_first() -> None:
    """Who has just said something is more likely in the middle of it."""
    world = World()
    world.relay.moves._chance = lambda: 0.0
    streams = opened(world, 4)
    world.relay.moves.begin(lambda request: True)
    closings(world, streams, 10)
    for stream in streams[:2]:
        stream.says(said(b"hello"))
    closings(world, streams, 12)  # of 4 in 12 s two are gone in 7
    assert [bool(stream.request.exchange) for stream in streams] == [True, True, False, False]


def test_those_that_begin_meanwhile() -> None:
    """Go as well."""
    world = World()
    world.relay.moves.begin(lambda request: True)
    world.clock.advance(20)
    assert len(closings(world, opened(world, 3), 10)) == 3


def test_only_those_of_one_connector() -> None:
    """When it says that it goes. Those of others stay."""
    world = World()
    signals = {id: world.welcomed(id) for id in ("c1", "c2")}
    streams = [Stream(world, signals["c1"])]
    signals["c1"].link.dataReceived(signals["c1"].session.drain())
    streams.append(Stream(world, signals["c2"], id="c2"))
    signals["c1"].frames()
    heard = []
    for _ in range(30):
        world.keep_alive(signals["c1"], 1)
        world.keep_alive(signals["c2"], 1)
        heard += [index for index, stream in enumerate(streams) if RESTART in stream.user.wire.take()]
    assert heard == [0]


def test_a_connector_that_stays_after_all() -> None:
    """It drains one connection for another, as at a renewal of its certificate: nothing ends."""
    world = World()
    (stream,) = opened(world, 1)
    first = stream.signal
    first.link.dataReceived(first.session.drain())
    world.welcomed(instance=b"i" * 16)
    assert closings(world, [stream], 40) == []


def test_none_but_at_the_end() -> None:
    """With a share of 1 there is no window; the rest is counted when it is cut."""
    world = World()
    world.relay.moves._times = MoveTimes(30, 1)
    streams = opened(world, 2)
    world.relay.moves.begin(lambda request: True)
    assert closings(world, streams, 40) == []
    world.relay.moves.stop()
    assert dict(world.relay.moves.ends) == {("websocket", "cut"): 2}
