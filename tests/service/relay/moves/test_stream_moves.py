"""Streams of a node, or of a connector, that goes: late, one after the other, and each of them."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.http.streams.websocket import SERVICE_RESTART, close_frame
from appproxy.service.relay.moves.stream_moves import LOOK_SECONDS, MoveTimes, StreamMoves
from appproxy.service.relay.under_way import UnderWay
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
    world.relay.moves.begin()
    heard = closings(world, streams, 30)
    assert len(heard) == 60
    assert min(heard) >= BEGIN and max(heard) <= END + 0.25
    assert max(sum(at <= one < at + 1 for one in heard) for at in heard) <= 60 * 0.15
    assert dict(world.relay.moves.ends) == {("websocket", "closed"): 30, ("event-stream", "closed"): 30}
    world.clock.advance(10)
    assert not world.relay.moves.looks_on, "it looks on for nobody"


def test_the_silent_ones_first() -> None:
    """Who has just said something is more likely in the middle of it."""
    world = World(chance=lambda: 0.0)
    streams = opened(world, 4)
    world.relay.moves.begin()
    closings(world, streams, 10)
    for stream in streams[:2]:
        stream.says(said(b"hello"))
    closings(world, streams, 12)  # of 4 in 12 s two are gone in 7
    assert [bool(stream.request.exchange) for stream in streams] == [True, True, False, False]


def test_those_that_begin_meanwhile() -> None:
    """Go as well."""
    world = World()
    world.relay.moves.begin()
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


def test_a_connector_that_tells_how_long_it_goes_on() -> None:
    """Its streams go within its own time, whether that is shorter or longer than the service's."""
    for seconds in (8.0, 120.0):
        world = World()
        signal = world.welcomed(drain=seconds)
        streams = [Stream(world, signal) for _ in range(10)]
        signal.link.dataReceived(signal.session.drain())
        heard = []
        for second in range(int(seconds)):
            world.keep_alive(signal, 1)
            for stream in streams:
                if RESTART in stream.user.wire.take():
                    stream.user.send(ANSWER)
                    heard.append(second)
        assert len(heard) == 10 and min(heard) >= seconds * 0.5 - 1 and max(heard) <= seconds * 0.9 + 1


def test_a_connector_that_stays_after_all() -> None:
    """It drains one connection for another, as at a renewal of its certificate: nothing ends."""
    world = World()
    (stream,) = opened(world, 1)
    first = stream.signal
    first.link.dataReceived(first.session.drain())
    world.welcomed(instance=b"i" * 16)
    assert closings(world, [stream], 40) == []


def test_one_that_says_it_again_and_again() -> None:
    """Has one move, and the time of that: its window does not begin anew, nor is there more to look at."""
    world = World()
    (stream,) = opened(world, 1)
    peer = stream.request.peer
    stream.signal.link.dataReceived(stream.signal.session.drain())
    for _ in range(10):
        world.relay.moves.begin(peer)
        world.keep_alive(stream.signal, 1)
    assert len(world.relay.moves.windows) == 1
    heard = []
    for second in range(10, 30):
        world.keep_alive(stream.signal, 1)
        heard += [second] * (RESTART in stream.user.wire.take())
    assert len(heard) == 1 and BEGIN - 1 <= heard[0] <= END


def test_one_that_stays_and_goes_later() -> None:
    """Has the whole window then."""
    world = World()
    (stream,) = opened(world, 1)
    stream.signal.link.dataReceived(stream.signal.session.drain())
    other = world.welcomed(instance=b"i" * 16)
    assert stream.request.peer is not None and stream.request.peer.online
    world.clock.advance(LOOK_SECONDS)
    assert not world.relay.moves.windows
    world.keep_alive(other, 20)
    other.link.dataReceived(other.session.drain())
    (window,) = world.relay.moves.windows
    assert not window.has_begun(world.clock.seconds() + BEGIN - 1)


def test_one_without_requests_has_none() -> None:
    """There is nothing to be ended, and it gets nothing more: greetings and leaves cost no looks."""
    world = World()
    signal = world.welcomed()
    signal.link.dataReceived(signal.session.drain())
    assert not world.relay.moves.windows


def test_many_that_go_cost_one_look() -> None:
    """However many connectors go, each stream is looked at once, and those of others hardly."""
    clock, under_way = Clock(), UnderWay()
    staying, leaving = _Peer(online=True), [_Peer() for _ in range(50)]
    for peer in (*leaving, *[staying] * 50):
        under_way.endless.add(_Open(peer))  # type: ignore[arg-type]
    moves = StreamMoves(clock, under_way, MoveTimes(), lambda: 0.0)
    for peer in leaving:
        moves.begin(peer)  # type: ignore[arg-type]
    clock.advance(BEGIN)
    _Open.asked = 0
    clock.advance(LOOK_SECONDS)
    assert 0 < _Open.asked <= 2 * len(leaving)


class _Peer:
    """A connector with a request."""

    in_flight = True
    drain = None

    def __init__(self, online: bool = False) -> None:
        self.online = online


class _Open:
    """A stream that counts how often it is asked."""

    asked = 0
    exchange = answer = True

    def __init__(self, peer: _Peer) -> None:
        self.peer = peer

    @property
    def movable(self) -> _Open:
        """Itself."""
        return self

    @property
    def is_open(self) -> bool:
        """Yes."""
        _Open.asked += 1
        return True


def test_none_but_at_the_end() -> None:
    """With a share of 1 there is no window; the rest is counted when it is cut."""
    world = World(times=MoveTimes(30, 1))
    streams = opened(world, 2)
    world.relay.moves.begin()
    assert closings(world, streams, 40) == []
    world.relay.moves.stop()
    assert dict(world.relay.moves.ends) == {("websocket", "cut"): 2}
