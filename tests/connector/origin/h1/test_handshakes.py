"""One owner's handshakes are made one after the other; whatever becomes of one, the next does not wait for nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.internet.error import ConnectionRefusedError

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.origin.bindings import NOBODY, Bindings
from appproxy.connector.origin.h1.connection import OriginConnection
from appproxy.connector.origin.h1.handshakes import Handshakes
from appproxy.connector.origin.origins import Origin
from appproxy.http.connection_authentication import Leg
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.frames import Kind
from tests.connector.numbered_rig import ANN, BOB, FIRST, LEG, OK, THIRD, WHO, NumberedRig
from tests.connector.origin.dial.test_dialer import Nobody
from tests.connector.rig import HOME, Wire, code, request, send

BEGINS, ENDS = b"TlRMTVNTUAAB", b"TlRMTVNTUAAD"
#: Fewer than HANDSHAKE_SECONDS, so that nobody goes on only because those are over.
CONNECT_SECONDS = 3.0
NTLM_IN_SPNEGO, TICKET = (b"authorization: Negotiate " + b64encode(token) + b"\n" for token in (
    b"\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02\xa0NTLMSSP\0\1\0\0\0",
    b"\x60\x20\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00ticket",
))
GO_ON = b"HTTP/1.1 401 Go on\r\nwww-authenticate: Negotiate oYGhMIGeoAMKAQE=\r\ncontent-length: 0\r\n\r\n"


def numbered(most: int = 0, scheme: str = "http", how: str = "auto") -> NumberedRig:
    """An application with so many connections at most."""
    made = NumberedRig(replace(HOME, max_connections=most, scheme=scheme, connection_authentication=how))
    route = made.routes["wiki"]
    target = replace(route.target, connect_timeout=CONNECT_SECONDS, address=made.home)
    made.routes["wiki"] = OriginRoute(target, route.origin)
    return made


def two(made: NumberedRig, body: bool = False) -> None:
    """Two requests of one owner that begin handshakes: number 1 and 2. Nothing is sent of the second."""
    for length in (None if body else 0, 0):
        made.number += 1
        made.line.keep_alive()
        send(made.line, made.number, request(b"POST" if length is None else b"GET", block=FIRST, owner=ANN, length=length))


def cancel(made: NumberedRig, number: int = 1) -> None:
    """The user left."""
    made.line.send(Kind.CANCEL, number, code())


def is_sent(made: NumberedRig, wire: Wire | None = None) -> bool:
    """Is the second one's first leg on its way, with no time passing: on this connection, or on one dialled for it?"""
    made.clock.advance(0)
    return BEGINS in (made.fresh() if wire is None else wire).take()


# Before there is a connection.


def refused(made: NumberedRig) -> None:
    made.origins_dialled.pop().fail(ConnectionRefusedError())


def too_slow(made: NumberedRig) -> None:
    made.clock.advance(CONNECT_SECONDS + 0.5)
    made.origins_dialled.pop(0)


def left(made: NumberedRig) -> None:
    made.origins_dialled.pop()
    cancel(made)


@pytest.mark.parametrize("way", [refused, too_slow, left], ids=lambda way: way.__name__)
def test_dialling_that_leads_to_nothing(way: Callable[[NumberedRig], None]) -> None:
    """The next one is dialled for at once."""
    made = numbered()
    two(made)
    assert len(made.origins_dialled) == 1
    way(made)
    assert is_sent(made)


@pytest.mark.parametrize("way", ["ended", "left"])
def test_tls_that_leads_to_nothing(way: str) -> None:
    """TCP stood."""
    made = numbered(scheme="https")
    two(made)
    wire = made.fresh()
    if way == "ended":
        wire.lose()
    else:
        cancel(made)
    made.clock.advance(0)
    again = made.fresh()
    again.protocol.handshakeCompleted()  # type: ignore[attr-defined]
    assert BEGINS in again.take()


def test_waiting_for_a_place_that_leads_to_nothing() -> None:
    """With few connections a first leg may wait for one; when its user leaves, the next one waits in its place."""
    made = numbered(most=1)
    made.ask(BOB)
    wire = made.fresh()
    made.number = 10
    two(made)
    wire.take()
    cancel(made, 11)
    wire.deliver(OK)
    assert is_sent(made, wire)


def test_behind_several_addresses() -> None:
    """There the one who waits for a connection is not the request itself, and forgets whose it is when it is cancelled."""
    made = numbered()
    target = replace(made.routes["wiki"].target, others=(replace(HOME, host="other.corp"),))
    made.routes["wiki"] = OriginRoute(target, made.origins.source(target))
    other = made.origins.of(target.others[0])
    assert isinstance(other, Origin)
    other.bind(OriginConnection(other), ANN)  # so that both go there
    two(made)
    made.origins_dialled.pop()
    cancel(made)
    assert is_sent(made)


# At the gate: there is a connection, and the body has not come.


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("way", ["left", "ended", "waits"])
def test_a_body_that_does_not_come(kept: bool, way: str) -> None:
    """A first leg with a body holds its turn until it is sent, on a fresh connection and on one that was anybody's."""
    made = numbered()
    if kept:
        made.ask(BOB)
        wire = made.fresh()
        wire.deliver(OK)
        wire.take()
        made.number = 0
        made.settle()
    two(made, body=True)
    if not kept:
        wire = made.fresh()
    assert wire.take() == b"" and not made.origins_dialled
    if way == "waits":
        return
    if way == "left":
        cancel(made)
    else:
        wire.half_close()
    assert is_sent(made)


# Once it was sent.


@pytest.mark.parametrize("answer", [
    OK, WHO, b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n",
])  # fmt: skip
def test_an_answer_that_is_no_challenge(answer: bytes) -> None:
    """It is over with one leg, and the connection is free for the next handshake."""
    made = numbered()
    two(made)
    wire = made.fresh()
    wire.take()
    wire.deliver(answer)
    assert is_sent(made, wire)


@pytest.mark.parametrize("leg", [1, 3])
def test_an_answer_that_takes_its_time(leg: int) -> None:
    """A download, or a stream of events: who waits gets another connection as soon as its head says that all is done."""
    made = numbered()
    two(made)
    wire = made.fresh()
    if leg == 3:
        wire.deliver(LEG)
        made.ask(ANN, THIRD)
    wire.take()
    wire.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nbegins")
    assert is_sent(made)


def test_a_connection_that_goes_to_another_request() -> None:
    """With few connections one of the owner's other requests may wait for it: the next handshake then waits for any place."""
    made = numbered(most=2)
    made.ask(BOB)
    others = made.fresh()
    others.take()
    made.number = 10
    two(made)
    wire = made.fresh()
    made.ask(ANN)
    wire.take()
    wire.deliver(OK)
    assert b"authorization" not in wire.take()
    others.deliver(OK)
    assert is_sent(made, others)


@pytest.mark.parametrize("way", ["left", "ended", "lost"])
def test_an_answer_that_does_not_come(way: str) -> None:
    """The connection is gone, and with it the handshake."""
    made = numbered()
    two(made)
    wire = made.fresh()
    wire.take()
    if way == "left":
        cancel(made)
    else:
        wire.lose(clean=way == "ended")
    assert is_sent(made)


# Side by side.


@pytest.mark.parametrize("block", [FIRST, NTLM_IN_SPNEGO])
def test_no_two_at_once(block: bytes) -> None:
    """From its first byte on until its last answer: neither dials, nor takes a connection that is free or anybody's."""
    made = numbered()
    made.ask(ANN, block)
    wire = made.fresh()
    made.ask(BOB)
    free = made.fresh()
    free.deliver(OK)
    free.take()
    made.settle()
    made.ask(ANN, block)
    assert free.take() == b"" and not made.origins_dialled
    wire.take()
    wire.deliver(GO_ON)
    assert free.take() == wire.take() == b"" and not made.origins_dialled
    made.ask(ANN, b"authorization: Negotiate oYIB\n")
    assert b"oYIB" in wire.take()
    wire.deliver(OK)
    assert b"authorization" in wire.take()


def test_nor_while_the_first_is_dialled() -> None:
    """A connection of anybody's that becomes free meanwhile is not taken for the second."""
    made = numbered()
    made.ask(BOB)
    free = made.fresh()
    made.ask(ANN, FIRST)
    free.deliver(OK)
    free.take()
    made.settle()
    made.ask(ANN, FIRST)
    assert free.take() == b""
    assert BEGINS in made.fresh().take()


def test_tickets_side_by_side() -> None:
    """Kerberos needs one leg as a rule: once the application has shown that, nobody waits; when it asks for more, they do."""
    made = numbered()
    for _ in range(2):
        made.ask(ANN, TICKET)
    wire = made.fresh()
    wire.take()
    wire.deliver(OK)
    assert b"Negotiate" in wire.take(), "the second one waited for the first answer"
    made.ask(ANN, TICKET)
    other = made.fresh()
    assert b"Negotiate" in other.take(), "and now they are side by side"
    other.deliver(GO_ON)
    wire.deliver(OK)
    made.ask(ANN, TICKET)
    assert wire.take() == b"" and not made.origins_dialled, "there are more legs than one"


@pytest.mark.parametrize("how", ["auto", "never"])
def test_who_never_binds_never_waits(how: str) -> None:
    """With `never` connections are everybody's, and credentials say nothing of them."""
    made = numbered(how=how)
    two(made)
    assert len(made.origins_dialled) == (2 if how == "never" else 1)


def test_whose_turn_it_is() -> None:
    """By owner; what is nobody's, other legs and other requests wait for nobody. Who withdraws must have announced it."""
    clock = NumberedRig().clock
    turns = Handshakes(Bindings(), Deadlines(clock), True)
    assert [turns.takes_turns(ANN, leg) for leg in (Leg.NONE, Leg.FIRST, Leg.NEXT, Leg.TICKET)] == [False, True, False, True]
    assert not turns.takes_turns(NOBODY, Leg.FIRST)
    one, other = Nobody(), Nobody()
    turns.announce(ANN, one, 0.0)
    assert turns.announced and turns.under_way(ANN, 1.0) and not turns.under_way(BOB, 1.0) and not turns.under_way(ANN, 11.0)
    assert not turns.withdraw(ANN, other) and not turns.withdraw(BOB, one) and turns.under_way(ANN, 1.0)
    assert turns.withdraw(ANN, one) and not turns.announced
