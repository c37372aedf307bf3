"""Connections that the application has authenticated serve their owner, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.connector.origin.bindings import HANDSHAKE_SECONDS
from appproxy.connector.origin.h1.kept import IDLE_SECONDS
from appproxy.connector.origin.origins import MOST_BOUND, Origin
from appproxy.errors import Code
from tests.connector.numbered_rig import ANN, BOB, FIRST, LEG, OK, THIRD, WHO, NumberedRig, authenticated
from tests.connector.rig import HOME, Rig


@pytest.mark.parametrize("owner", [BOB, b"-"])
@pytest.mark.parametrize("block", [b"", FIRST, THIRD])
def test_nobody_else_gets_it(owner: bytes, block: bytes) -> None:
    """Whatever they say: they get a connection of their own, and the owner keeps the first."""
    numbered = NumberedRig()
    wire = authenticated(numbered)
    numbered.ask(owner, block)
    assert wire.take() == b""
    numbered.fresh().deliver(OK)
    numbered.ask(ANN)
    assert wire.take()


def test_what_is_nobodys_serves_one_request() -> None:
    """Without an owner the connection closes after the answer."""
    numbered = NumberedRig()
    numbered.ask(b"-", FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    assert wire.end
    numbered.ask(b"-", THIRD)
    numbered.fresh()


@pytest.mark.parametrize("block", [FIRST, b"authorization: Negotiate YIIabc\n"])
def test_what_is_nobodys_waits_for_nobody(block: bytes) -> None:
    """Kerberos in one leg works there, for many users at the same time."""
    numbered = NumberedRig()
    for _ in range(3):
        numbered.ask(b"-", block)
    for dialled in numbered.origins_dialled:
        assert dialled.stand().take()
    numbered.ask(b"-", block)
    numbered.origins_dialled.pop().stand()


def test_a_handshake_is_not_torn_apart() -> None:
    """While it is under way its owner's other requests go elsewhere; its next leg comes back."""
    numbered = NumberedRig()
    numbered.ask(ANN, FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    wire.take()
    numbered.ask(ANN)
    assert wire.take() == b""
    numbered.fresh().deliver(OK)
    numbered.ask(ANN, THIRD)
    assert b"TlRMTVNTUAAD" in wire.take()


def test_the_next_handshake_waits_for_this_one() -> None:
    """Streams of one HTTP/2 connection begin at once, and nobody could tell whose the next leg is."""
    numbered = NumberedRig()
    numbered.ask(ANN, FIRST)
    numbered.ask(ANN, FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    wire.take()
    assert not numbered.origins_dialled
    numbered.ask(ANN, THIRD)
    wire.take()
    wire.deliver(OK)
    assert b"TlRMTVNTUAAB" in wire.take()


@pytest.mark.parametrize("how", ["given up", "ended", "refused"])
def test_a_handshake_that_does_not_go_on(how: str) -> None:
    """Whoever waits for its end goes on: at the end of the connection, or after some seconds."""
    numbered = NumberedRig()
    numbered.ask(ANN, FIRST)
    numbered.ask(ANN, FIRST)
    if how == "refused":
        numbered.origins_dialled.pop().fail(ConnectionRefusedError())
    else:
        wire = numbered.fresh()
        wire.deliver(LEG)
        if how == "ended":
            wire.half_close()
        else:
            numbered.clock.advance(HANDSHAKE_SECONDS + 1)
            assert b"TlRMTVNTUAAB" in wire.take()
            return
    assert b"TlRMTVNTUAAB" in numbered.fresh().take()


def test_others_get_its_place() -> None:
    """With few connections one that is idle and somebody's closes for who waits; within a handshake it is given time."""
    numbered = NumberedRig(replace(HOME, max_connections=1))
    wire = authenticated(numbered)
    numbered.ask(BOB, FIRST)
    assert wire.end == "aborted"
    second = numbered.fresh()
    second.deliver(LEG)
    numbered.ask(ANN)
    assert second.end == "" and not numbered.origins_dialled
    numbered.ask(BOB, THIRD)
    second.deliver(OK)
    assert second.end == "aborted"
    numbered.fresh().deliver(WHO)
    assert numbered.answers()[-1] == (401, b"")


def test_others_get_the_place_of_a_handshake_that_does_not_go_on() -> None:
    """They wait as long as the next leg may come, and not until the connection has been idle for long enough."""
    numbered = NumberedRig(replace(HOME, max_connections=1))
    numbered.ask(ANN, FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    numbered.ask(BOB)
    assert wire.end == "" and not numbered.origins_dialled
    numbered.clock.advance(HANDSHAKE_SECONDS + 1)
    assert wire.end == "aborted"
    numbered.fresh()


@pytest.mark.parametrize("block", [b"", FIRST])
def test_who_waits_does_not_tear_his_own_handshake_apart(block: bytes) -> None:
    """With few connections a stream of the same user waits for the place until the handshake is over."""
    numbered = NumberedRig(replace(HOME, max_connections=1))
    numbered.ask(ANN, FIRST)
    wire = numbered.fresh()
    numbered.ask(ANN, block)
    wire.take()
    wire.deliver(LEG)
    assert wire.take() == b""
    numbered.ask(ANN, THIRD)
    assert b"TlRMTVNTUAAD" in wire.take()
    wire.deliver(OK)
    assert wire.take()


def test_one_that_is_not_fresh_enough_makes_room() -> None:
    """A POST that may not use the only connection there may be does not wait until that has grown old."""
    numbered = NumberedRig(replace(HOME, max_connections=1))
    numbered.ask(BOB)
    wire = numbered.fresh()
    wire.deliver(OK)
    numbered.clock.advance(10)
    numbered.ask(BOB, method=b"POST")
    assert wire.end == "aborted"
    numbered.fresh().deliver(OK)


@pytest.mark.parametrize(("answer", "expected"), [(OK, Code.ORIGIN_CLOSED), (WHO, (401, b""))])
def test_a_repeat_never_goes_unauthenticated(answer: bytes, expected: object) -> None:
    """When the connection ends under a request, another one may ask who it is, and not answer as for nobody."""
    numbered = NumberedRig()
    wire = authenticated(numbered)
    numbered.ask(ANN)
    assert wire.take()
    wire.half_close()
    numbered.fresh().deliver(answer)
    assert numbered.answers() == [expected]


def test_it_is_used_however_long_it_was_idle() -> None:
    """A POST, too: on another connection it would be somebody unknown's."""
    numbered = NumberedRig()
    wire = authenticated(numbered)
    numbered.clock.advance(30)
    numbered.ask(ANN, method=b"POST")
    assert wire.take()


def test_it_closes_when_its_owner_does_not_come_back() -> None:
    """As every idle connection does."""
    numbered = NumberedRig()
    wire = authenticated(numbered)
    numbered.clock.advance(IDLE_SECONDS + 1)
    assert wire.end == "aborted"
    assert not numbered.routes["wiki"].origin.belongs_to(ANN)


def test_there_are_not_endlessly_many() -> None:
    """Whose owner was here longest ago goes first."""
    numbered = NumberedRig()
    numbered.hurried = True
    wires = []
    for number in range(MOST_BOUND + 1):
        numbered.ask(b"%016d" % number, b"authorization: Negotiate YIIabc\n")
        wires.append(numbered.fresh())
        wires[-1].deliver(OK)
    assert [bool(wire.end) for wire in wires] == [True] + [False] * MOST_BOUND


def test_always_and_never() -> None:
    """Forced on, each connection is its owner's from the first request; forced off, all are everybody's."""
    numbered = NumberedRig(replace(HOME, connection_authentication="always"))
    numbered.ask(ANN)
    wire = numbered.fresh()
    wire.deliver(OK)
    wire.take()
    numbered.ask(BOB)
    assert wire.take() == b""
    numbered = NumberedRig(replace(HOME, connection_authentication="never"))
    numbered.ask(ANN, FIRST)
    wire = numbered.fresh()
    wire.deliver(LEG)
    numbered.ask(BOB)
    assert wire.take()


def test_two_applications_share_no_connection(rig: Rig) -> None:
    """Whatever machine they lead to: their pools are two."""
    one, other = rig.origins.of(replace(HOME, application="wiki")), rig.origins.of(replace(HOME, application="chat"))
    assert one is not other
    assert isinstance(one, Origin)
