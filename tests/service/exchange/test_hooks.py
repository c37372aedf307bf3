"""Who is told of users' exchanges, and what it costs when nobody is."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1

import pytest

from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.front import Front, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.tunnel.frames import Kind
from tests.service.exchanges import FakeExchange, head_for
from tests.service.h2_rig import H2Rig, Headers, request, web_socket
from tests.service.world import GET, User, World, only_request, refusal, under_way


class NotingWorld(World):
    """A node whose hooks note what happens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hooks = Hooks()
        self.told: list[tuple[str, int]] = []
        for event in Hooks.EVENTS:
            self.hooks.add(event, lambda exchange, event=event: self.told.append((event, exchange.status)))  # type: ignore[misc]
        self.relay.hooks = self.hooks
        self.front = Front(self.handle, self.clock, refusal, Stamps(self._new_id), entry=UserConnection, hooks=self.hooks)


def ask(noting: World, request: bytes = GET) -> User:
    """A user who has asked."""
    user = noting.user()
    user.send(request)
    return user


def test_a_request_that_is_answered() -> None:
    """Each event once, in order."""
    noting = NotingWorld()
    signal = noting.welcomed()
    ask(noting)
    assert noting.told == [("started", 0), ("dispatched", 0)]
    signal.answer(only_request(signal), 203, b"", b"done")
    assert noting.told[2:] == [("answered", 203), ("ended", 203)]


def test_a_request_that_reaches_no_connector() -> None:
    """Our own answer is one, too."""
    noting = NotingWorld()
    ask(noting, GET.replace(b"wiki", b"nobody"))
    assert noting.told == [("started", 0), ("answered", 404), ("ended", 404)]


def test_a_streamed_answer_and_a_websocket() -> None:
    """They are answered when they begin, and end when they are over."""
    noting = NotingWorld()
    signal = noting.welcomed()
    user = ask(noting)
    data = noting.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    assert noting.told[2:] == [("answered", 200)]
    user.leave()
    assert noting.told[3:] == [("ended", 200)]
    noting.told.clear()
    user = ask(noting, GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
    signal.frames()
    (id,) = [each.id for each in under_way(noting.relay.roster.peers["c1"]) if each.exchange is not None]
    data = noting.attach(id, body=True)
    data.say(data.session.head(101, b"upgrade: websocket\n"))
    assert noting.told[2:] == [("answered", 101)]
    user.leave()
    assert noting.told[3:] == [("ended", 101)]


def test_each_attempt_is_told() -> None:
    """Another connector gets it."""
    noting = NotingWorld()
    signals = [noting.welcomed("c1"), noting.welcomed("c2")]
    ask(noting)
    for signal in signals:
        for frame in signal.frames():
            if frame[0] == Kind.REQ:
                signal.fail(Kind.REJECT, frame[2], 1)
    assert [event for event, _ in noting.told].count("dispatched") == 2


def test_a_hook_that_fails_harms_nobody() -> None:
    """Neither the user nor the next hook notices; the log says which event it was."""
    hooks = Hooks()
    told: list[Exchange] = []

    def broken(exchange: Exchange) -> None:
        raise ZeroDivisionError

    hooks.add("ended", broken)
    hooks.add("ended", told.append)
    exchange = FakeExchange(head_for("https://wiki.example.com/"))
    assert hooks.ended is not None
    hooks.ended(exchange)
    assert told == [exchange]


def test_what_nobody_wants_is_nothing() -> None:
    """No call and no loop; and so again when the last one goes."""
    hooks = Hooks()
    assert [getattr(hooks, event) for event in Hooks.EVENTS] == [None] * 5
    told: list[Exchange] = []
    hooks.add("started", told.append)
    assert hooks.started is not None and hooks.ended is None
    hooks.remove("started", told.append)
    assert hooks.started is None
    for call in (hooks.add, hooks.remove):
        with pytest.raises(ValueError):
            call("begun", told.append)

@pytest.mark.parametrize(("head", "answer", "status"), [
    (request(), "answer", 200), (request(), "start", 200), (web_socket(), "switch", 101)])
def test_http2(head: Headers, answer: str, status: int) -> None:
    """The same events."""
    rig, told = H2Rig(), list[tuple[str, int]]()
    for event in Hooks.EVENTS:
        rig.front.hooks.add(event, lambda exchange, event=event: told.append((event, exchange.status)))  # type: ignore[misc]
    rig.ask(head, None if answer == "switch" else b"")
    exchange = rig.responder.last
    if answer == "switch":
        key = exchange.head.get(b"sec-websocket-key") or b""
        accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest())
        exchange.switch(b"upgrade: websocket\nsec-websocket-accept: %b\n" % accept, rig.responder)
    elif answer == "start":
        exchange.start(200, b"", None)
    else:
        exchange.answer(200, b"", b"done")
    assert told == [("started", 0), ("answered", status), *([("ended", 200)] if answer == "answer" else [])]
