"""Small bodies travel with their request; one that is large, or does not come, is asked for."""

from __future__ import annotations

import pytest

from appproxy.http.head import RequestHead
from appproxy.service.relay.small_upload import GATHER_SECONDS
from appproxy.tunnel.frames import Flag, Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import POST, WIKI, Signal, World, only_request, under_way

MOST = DEFAULT_LIMITS.inline_body
EXPECTING = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
CHUNKED = POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")


def posting(size: int, method: bytes = b"POST") -> bytes:
    """A head that announces a body of this size."""
    return POST.replace(b"POST", method).replace(b"5", b"%d" % size)


def asked(signal: Signal) -> list[tuple[bool, bytes]]:
    """Of each REQ: is a body to be asked for, and what is in its tail?"""
    return [(bool(flags & Flag.BODY), tail) for kind, flags, _, _, tail in signal.frames() if kind == Kind.REQ]


@pytest.mark.parametrize("size", [1, 5, MOST])
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"GET"])
def test_a_body_that_comes_with_its_head_is_in_the_request(method: bytes, size: int, world: World) -> None:
    """The connector has all that the application needs, and the user's next request may follow."""
    signal, user = world.welcomed(), world.user()
    user.send(posting(size, method) + b"x" * size)
    assert asked(signal) == [(False, b"x" * size)]
    signal.answer(1, 204)
    assert user.wire.take().startswith(b"HTTP/1.1 204 ")
    assert world.log[0].received == size
    user.send(posting(3) + b"two")
    assert asked(signal) == [(False, b"two")]


def test_a_body_that_comes_in_pieces_is_waited_for(world: World) -> None:
    """No connector hears of the request before it is whole."""
    signal, user = world.welcomed(), world.user()
    user.send(POST)
    user.send(b"he")
    world.advance(0.25)
    assert asked(signal) == []
    user.send(b"llo")
    assert asked(signal) == [(False, b"hello")]
    assert world.log == []
    signal.answer(1, 200, b"", b"done")
    assert user.wire.take().endswith(b"done")
    assert world.log[0].received == 5


@pytest.mark.parametrize("rest", [[b"llo"], [b"l", b"lo"]])
@pytest.mark.parametrize("first", [b"", b"he"])
def test_a_body_that_does_not_come_is_asked_for(first: bytes, rest: list[bytes], world: World) -> None:
    """With what has come already, in order; the user is paused until the connector takes it."""
    signal, user = world.welcomed(), world.user()
    user.send(POST)
    if first:
        user.send(first)
    world.advance(GATHER_SECONDS + 0.25)
    assert not user.wire.reading
    data = world.attach(only_request(signal), body=True)
    assert user.wire.reading
    for piece in [b"he"] * (not first) + rest:
        user.send(piece)
    frames = data.frames()
    assert b"".join(tail for kind, _, _, _, tail in frames if kind == Kind.BODY) == b"hello"
    assert frames[-1][0] == Kind.END
    signal.answer(1, 200, b"", b"done")
    assert user.wire.take().endswith(b"done")


@pytest.mark.parametrize("head", [posting(MOST + 1), EXPECTING, CHUNKED], ids=["large", "waits for 100", "unknown size"])
def test_what_is_not_small_is_asked_for_at_once(head: bytes, world: World) -> None:
    """Nothing of its body is read before."""
    signal, user = world.welcomed(), world.user()
    user.send(head)
    assert asked(signal) == [(True, b"")]
    assert user.wire.take() == b""


def test_strict_tunnels_carry_no_bodies_in_requests(world: World) -> None:
    """STRICT is for those who want nothing but heads on signal connections."""
    world.relay.strict = True
    signal, user = world.welcomed(), world.user()
    user.send(POST + b"hello")
    assert asked(signal) == [(True, b"")]


@pytest.mark.parametrize("late", [False, True])
def test_an_older_connector_asks_for_the_body(late: bool, world: World) -> None:
    """It says nothing of `inline_body` in its HELLO, and gets the body on a data connection."""
    signal, user = world.welcomed(capabilities=()), world.user()
    user.send(POST + (b"" if late else b"hello"))
    if late:
        user.send(b"hello")
    (request,) = [frame for frame in signal.frames() if frame[0] == Kind.REQ]
    assert (request[1] & (Flag.BODY | Flag.LENGTH), request[4]) == (Flag.BODY | Flag.LENGTH, b"")
    data = world.attach(request[2], body=True)
    assert [(kind, tail) for kind, _, _, _, tail in data.frames()] == [
        (Kind.ATTACHED, b""), (Kind.BODY, b"hello"), (Kind.END, b"")]
    signal.answer(request[2], 200, b"", b"done")
    assert user.wire.take().endswith(b"done")


@pytest.mark.parametrize(("method", "again"), [(b"POST", False), (b"PUT", True)])
def test_a_connector_that_is_lost(method: bytes, again: bool, world: World) -> None:
    """The application may have had all of it: only what may be done twice is sent to another connector, with its body."""
    first, user = world.welcomed("c1"), world.user()
    user.send(posting(5, method) + b"hello")
    second = world.welcomed("c2", instance=b"j" * 16)
    first.lose()
    world.advance(6)
    assert asked(second) == [(False, b"hello")] * again
    assert user.wire.take().startswith(b"HTTP/1.1 502 ") is not again


def test_a_request_that_never_arrived_is_sent_again_whatever_its_method(world: World) -> None:
    """The next HELLO does not list it."""
    signal, user = world.welcomed(), world.user()
    user.send(POST + b"hello")
    assert asked(signal) == [(False, b"hello")]
    signal.lose()
    assert asked(world.welcomed()) == [(False, b"hello")]


def test_who_leaves_before_his_body_is_whole_leaves_nothing(world: World) -> None:
    """No connector hears of it, then or later."""
    signal, user = world.welcomed(), world.user()
    user.send(POST + b"he")
    user.leave()
    world.advance(1)
    assert (asked(signal), len(world.relay.under_way), len(world.relay.deadlines)) == ([], 0, 0)


def test_an_exchange_that_has_no_body_at_once_gives_it_later() -> None:
    """HTTP/2 brings DATA behind the head."""
    head: RequestHead = head_for("https://wiki.example.com/form", b"POST", body=b"hello")
    world = World()
    signal = world.welcomed()
    exchange = FakeExchange(head, b"hello")
    world.relay.start(exchange, world.snapshot.router.find(head.host, head.target), None)
    assert asked(signal) == [(False, b"hello")]
    assert WIKI.id in {request.plan.application.id for request in under_way(world.relay.roster.peers["c1"])}
