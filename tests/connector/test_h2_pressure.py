"""`max_connections` of an application that speaks HTTP/2: its streams are shared as connections of HTTP/1.1 are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngh2 import events as h2
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from appproxy.connector.origin.h2.origin import H2Origin
from appproxy.errors import Code
from appproxy.http.h2.session import STREAMS
from appproxy.tunnel.frames import Kind
from tests.connector.h2_application import H2, H2Application, connected, first, h2_rig
from tests.connector.rig import Rig, code, finals, request, send

ONE = replace(H2, max_connections=1)


class Few:
    """An application with one connection of so many streams."""

    def __init__(self, streams: int) -> None:
        self.rig = h2_rig(ONE)
        self.signal = self.rig.online()
        self._last = 0
        self.ask("first")
        self.application: H2Application = connected(self.rig, max_concurrent_streams=streams)
        self.application.answer(1)
        self.application.read()
        self.finals()

    def ask(self, user: str) -> int:
        """A request of this user."""
        self._last += 1
        send(self.signal, self._last, request(user=user, target=b"/" + user.encode()))
        return self._last

    def asked(self) -> list[str]:
        """Whose requests have come to the application."""
        heads = [dict(event.headers) for event in self.application.read() if isinstance(event, h2.RequestReceived)]
        return [head[b":path"].decode()[1:] for head in heads]

    def finals(self) -> list[tuple[Kind, int, object]]:
        """What each request ended with."""
        return list(finals(self.signal.read()))

    def wait(self, seconds: int) -> list[tuple[Kind, int, object]]:
        """Let time pass."""
        came = []
        for _ in range(seconds * 2):
            self.rig.clock.advance(0.5)
            self.signal.keep_alive()
            self.rig.second.keep_alive()
            self.application.read()
            came += self.finals()
        return came


@pytest.mark.parametrize(("streams", "alone"), [(1, 1), (3, 3), (4, 3), (8, 7), (64, 56), (STREAMS, 88), (1_000, 88)])
def test_one_user_leaves_some_streams(streams: int, alone: int) -> None:
    """An eighth is kept, one at least where there are four; another user's request is sent at once."""
    place = Few(streams)
    for _ in range(STREAMS):
        place.ask("ann")
    assert place.asked() == ["ann"] * alone
    place.ask("bob")
    assert place.asked() == ["bob"] * (streams >= 4)


def test_who_has_none_goes_before_who_has_some() -> None:
    """Although they came later."""
    place = Few(2)
    for _ in range(4):
        place.ask("ann")
    assert place.asked() == ["ann", "ann"]
    place.ask("bob")
    place.application.answer(3)
    assert place.asked() == ["bob"]
    place.application.answer(5)
    assert place.asked() == ["ann"]


def test_requests_without_an_end_give_way_to_one_who_has_none() -> None:
    """After three seconds; the application sees that stream reset, and the next one at once."""
    place = Few(2)
    for _ in range(2):
        place.ask("ann")
    bob = place.ask("bob")
    assert place.asked() == ["ann", "ann"]
    assert place.wait(2) == []
    ((kind, _, what),) = place.wait(3)
    assert (kind, what) == (Kind.FAIL, Code.GAVE_WAY)
    stream = 2 * bob - 1
    place.application.answer(stream)
    assert place.finals() == [(Kind.RSP, bob, (200, b"hello"))]


def test_without_a_limit_nobody_waits() -> None:
    """Another connection is dialled instead."""
    rig = h2_rig()
    signal = rig.online()
    for number in range(1, STREAMS + 1):
        send(signal, number, request(user="ann"))
    rig.clock.advance(0)
    application = connected(rig)
    rig.clock.advance(0)
    assert len(application.session.events()) == 0
    send(signal, STREAMS + 1, request(user="ann"))
    assert len(rig.origins_dialled) == 1


class Work:
    """Requests of two users, and streams that the application has of them."""

    def __init__(self, place: Few) -> None:
        self.place = place
        self.asked: list[int] = []
        self.streams: list[int] = []

    def do(self, step: str) -> None:
        """Ask, cancel, answer or reset the oldest."""
        place = self.place
        if step in ("ann", "bob"):
            self.asked.append(place.ask(step))
        elif step == "cancel" and self.asked:
            place.signal.send(Kind.CANCEL, self.asked.pop(0), code())
        elif self.streams and step == "answer":
            place.application.answer(self.streams.pop(0))
        elif self.streams and step == "reset":
            place.application.session.reset_stream(self.streams.pop(0), 2)
            place.application.say()
        for event in place.application.read():
            if isinstance(event, h2.RequestReceived):
                self.streams.append(event.stream_id)
            elif isinstance(event, h2.StreamClosed) and event.stream_id in self.streams:
                self.streams.remove(event.stream_id)
        ended = {id for _, id, _ in place.finals()}
        self.asked = [id for id in self.asked if id not in ended]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["ann", "bob", "answer", "reset", "cancel"]), max_size=40), st.booleans())
def test_every_stream_gives_its_place_back(steps: list[str], lost: bool) -> None:
    """However it ends: answered, reset, cancelled, or with its connection."""
    place = Few(6)
    work = Work(place)
    for step in steps:
        work.do(step)
        assert held_by(place.rig) <= 6
    if lost:
        place.application.wire.protocol.connectionLost(Failure(ConnectionLost()))
        for dial in list(place.rig.origins_dialled):
            dial.fail(ConnectionLost())
    else:
        for id in work.asked:
            place.signal.send(Kind.CANCEL, id, code())
        place.application.read()
        place.application.read()
    assert held_by(place.rig) == 0


def held_by(rig: Rig) -> int:
    """How many places are held."""
    origin = rig.origins.of(ONE)
    assert isinstance(origin, H2Origin)
    return origin._places.taken


def test_a_stream_that_was_never_used_gives_its_place_back() -> None:
    """A body is awaited, and its user leaves."""
    rig = h2_rig(ONE)
    signal, application, stream = first(rig)
    application.answer(stream)
    application.read()
    send(signal, 2, request(b"POST", length=4))
    assert held_by(rig) == 1
    signal.send(Kind.CANCEL, 2, code())
    assert held_by(rig) == 0


def test_a_stream_that_could_not_begin_gives_its_place_back() -> None:
    """The application takes no more when the body comes; the request goes to the next connection once this one has ended."""
    rig = h2_rig(ONE)
    signal, data = rig.with_data()
    send(signal, 2)
    old = connected(rig)
    send(signal, 1, request(b"POST", length=4))
    data.read()
    data.attached(1)
    assert held_by(rig) == 2
    old.session.send_goaway(0, last_stream_id=1)
    old.say()
    data.wire.deliver(data.session.body(b"ab"))
    rig.clock.advance(0)
    assert held_by(rig) == 1
    old.answer(1)
    rig.clock.advance(0)
    new = connected(rig)
    data.wire.deliver(data.session.body(b"cd") + data.session.end())
    rig.clock.advance(0)
    new.answer(1)
    new.read()
    assert held_by(rig) == 0
