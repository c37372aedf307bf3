"""Requests that the connector authenticates at their application, and the round that a 401 begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appproxy.connector.applications.origin_auth import (
    MOST_ROUNDS,
    AuthenticatedSource,
    AuthenticatedStream,
    authenticated,
    nobody,
    with_fields,
)
from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import Request
from tests.connector.h2_application import H2, H2Application
from tests.connector.rig import APPLICATION, Rig, SignalPeer, Wire, finals, request, send, send_whole

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
ASKS = b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=x\r\ncontent-length: 2\r\n\r\nno"
FIRST, SECOND = b"authorization: Basic b25l\n", b"authorization: Basic dHdv\n"


@dataclass
class Auth:
    """An `OriginAuth` that says what a test wants; `asked`: the challenges that it was shown, with what had been sent."""

    first: bytes | Deferred[bytes] = FIRST
    others: list[bytes | Deferred[bytes] | None] = field(default_factory=list)
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)
    error: RequestError | None = None

    def fields(self, request: Request) -> bytes | Deferred[bytes]:
        if self.error is not None:
            raise self.error
        return self.first

    def challenged(self, request: Request, challenge: bytes, sent: bytes) -> bytes | Deferred[bytes] | None:
        self.asked.append((challenge, sent))
        return self.others.pop(0) if self.others else None


class World:
    """A connector whose one application has such requests."""

    def __init__(self, auth: Auth, address: OriginAddress | None = None) -> None:
        self.rig = rig = Rig() if address is None else Rig(home=address)
        target = rig.routes[APPLICATION].target
        source = authenticated(rig.origins.of(target.address), replace(target, name="wiki"), {"wiki": auth}.get)
        rig.routes[APPLICATION] = OriginRoute(target, source)
        self.signal: SignalPeer = rig.online()

    def ask(self, id: int = 1, asked: Request | None = None) -> None:
        """A request."""
        send(self.signal, id, asked)

    def got(self) -> list[tuple[Kind, int, object]]:
        """The final frames."""
        return list(finals(self.signal.read()))


def lines(wire: Wire) -> list[bytes]:
    """What the application got."""
    return wire.take().split(b"\r\n")


def test_without_it_the_source_is_the_origin_itself(rig: Rig) -> None:
    """So it costs nothing."""
    target = rig.routes[APPLICATION].target
    origin = rig.origins.of(target.address)
    assert authenticated(origin, target, nobody) is origin


def test_each_request_gets_the_fields() -> None:
    """Instead of its own of the same name, on new and on kept connections."""
    world = World(Auth())
    world.ask(1, request(block=b"accept: */*\nauthorization: Bearer users-own\n"))
    origin = world.rig.origin()
    assert [line for line in lines(origin) if b"authorization" in line] == [FIRST.strip()]
    origin.deliver(OK)
    world.rig.settle()
    world.ask(2)
    assert world.rig.origins_dialled == [] and FIRST.strip() in lines(origin)
    origin.deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello")), (Kind.RSP, 2, (200, b"hello"))]


def test_a_401_begins_another_round() -> None:
    """The user sees nothing of it. What was refused is shown to whoever has the credentials."""
    auth = Auth(others=[SECOND])
    world = World(auth)
    world.ask()
    world.rig.origin().deliver(ASKS)
    assert world.got() == []
    assert auth.asked == [(b"www-authenticate: Basic realm=x\ncontent-length: 2\n", FIRST)]
    again = world.rig.origin()
    assert SECOND.strip() in lines(again)
    again.deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]


def test_the_last_401_is_the_user_s() -> None:
    """When there are no other credentials, and after so many rounds that it would go in a circle."""
    world = World(Auth())
    world.ask()
    world.rig.origin().deliver(ASKS)
    assert world.got() == [(Kind.RSP, 1, (401, b"no"))]
    auth = Auth(others=[SECOND] * 9)
    world = World(auth)
    world.ask()
    for _ in range(MOST_ROUNDS + 1):
        world.rig.origin().deliver(ASKS)
    assert world.got() == [(Kind.RSP, 1, (401, b"no"))] and len(auth.asked) == MOST_ROUNDS


def test_a_401_in_pieces() -> None:
    """Its body need not have come."""
    world = World(Auth(others=[SECOND]))
    world.ask()
    first = world.rig.origin()
    first.deliver(b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 100000\r\n\r\nsorry")
    assert first.end == "aborted"
    world.rig.origin().deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_small_body_goes_along_once_more() -> None:
    """It came with the request, and is still here."""
    world = World(Auth(others=[SECOND]))
    send_whole(world.signal, 1, b"POST", b"a=b")
    first = world.rig.origin()
    assert first.take().endswith(b"\r\n\r\na=b")
    first.deliver(ASKS)
    again = world.rig.origin()
    said = again.take()
    assert said.endswith(b"\r\n\r\na=b") and SECOND.strip() in said
    again.deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_body_that_is_gone_lets_the_401_through() -> None:
    """Half of an upload would be worse than a question."""
    auth = Auth(others=[SECOND])
    world = World(auth)
    data = world.rig.data()
    world.ask(1, request(b"POST", length=200_000))
    origin = world.rig.origin()
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 100_000))
    origin.deliver(ASKS)
    assert auth.asked == []


def test_fields_that_come_later() -> None:
    """A ticket has to be fetched: nothing is dialled before."""
    ticket: Deferred[bytes] = Deferred()
    world = World(Auth(first=ticket))
    world.ask()
    assert world.rig.origins_dialled == []
    ticket.callback(FIRST)
    origin = world.rig.origin()
    assert FIRST.strip() in lines(origin)
    origin.deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]
    later: Deferred[bytes] = Deferred()
    world = World(Auth(others=[later]))
    world.ask()
    world.rig.origin().deliver(ASKS)
    later.callback(SECOND)
    world.rig.origin().deliver(OK)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_user_who_leaves_meanwhile() -> None:
    """The ticket is not waited for any more, and nothing is dialled when it comes all the same."""
    cancelled: list[object] = []
    ticket: Deferred[bytes] = Deferred(cancelled.append)
    world = World(Auth(first=ticket))
    world.ask()
    world.signal.send(Kind.CANCEL, 1, b"%d" % Code.CANCELLED)
    assert cancelled == [ticket] and world.rig.origins_dialled == []
    assert [kind for kind, _, _ in world.got()] == [Kind.FAIL]


@pytest.mark.parametrize("error", [RequestError(Code.INTERNAL, "no ticket"),
                                   ValueError("a fault")])
def test_what_cannot_be_authenticated_does_not_go_there(error: Exception) -> None:
    """It fails closed; a fault of the code in between costs this request alone."""
    ticket: Deferred[bytes] = Deferred()
    world = World(Auth(first=ticket))
    world.ask()
    ticket.errback(Failure(error))
    assert world.rig.origins_dialled == []
    assert [kind for kind, _, _ in world.got()] == [Kind.FAIL]


def test_a_refusal_at_once() -> None:
    """The same without waiting."""
    world = World(Auth(error=RequestError(Code.INTERNAL, "the file is unreadable")))
    world.ask()
    assert world.rig.origins_dialled == [] and [kind for kind, _, _ in world.got()] == [Kind.FAIL]


@pytest.mark.parametrize("fields", [b"authorization: x", b"x\n", b"a: b\r\nhost: evil\n", b"A: b\n", b"a: b\n" * 11])
def test_only_field_lines_are_added(fields: bytes) -> None:
    """Whatever gives them: no line begins another request."""
    with pytest.raises(RequestError, match="no field lines"):
        with_fields(request(), fields)


def test_http2() -> None:
    """The same, on streams of one connection."""
    world = World(Auth(others=[SECOND]), H2)
    world.ask()
    application = H2Application(world.rig, world.rig.origin())
    (first,) = application.requests()
    assert (b"authorization", b"Basic b25l") in first.headers
    application.answer(first.stream_id, b"no", [(b":status", b"401"), (b"www-authenticate", b"Basic")])
    again = application.requests()[-1]
    assert (b"authorization", b"Basic dHdv") in again.headers
    application.answer(again.stream_id)
    assert world.got() == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_ticket_that_authenticates_the_connection_is_seen(rig: Rig) -> None:
    """The pool binds such connections to their owner, by the fields that really go there."""
    auth = Auth(first=b"authorization: Negotiate YIIabcdefgh\n")
    source = AuthenticatedSource(rig.origins.of(rig.home), auth)
    made = AuthenticatedStream(source, None, auth.first, 0)  # type: ignore[arg-type]
    assert made.leg is not Leg.NONE
