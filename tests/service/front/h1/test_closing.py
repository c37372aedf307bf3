"""How a user's connection with HTTP/1.1 ends."""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.service.front.front import NEWCOMER_SECONDS
from tests.service.front.h1.test_connection import GET, ConnectionRig, post


def answered(rig: ConnectionRig) -> None:
    """One request has come and gone."""
    rig.send(GET)
    rig.responder.exchanges[-1].answer(200, b"", b"ok")
    rig.wire.take()


def test_an_idle_connection_stays_for_the_notice_of_a_drain() -> None:
    """A request that is on its way then arrives; who says nothing is closed in order."""
    rig = ConnectionRig()
    answered(rig)
    rig.connection.drain()
    assert not rig.wire.disconnecting
    rig.advance(rig.front.notice + 0.5)
    assert rig.wire.disconnecting and not rig.wire.aborted


def test_one_that_has_just_come_has_longer_than_one_that_asked_before() -> None:
    """Its first packet may have been lost, and comes again."""
    rig = ConnectionRig()
    rig.connection.drain()
    assert rig.connection.deadline == rig.clock.seconds() + NEWCOMER_SECONDS


def test_a_drain_waits_for_what_is_under_way() -> None:
    """Neither a request nor a head that has begun is given less time."""
    asked, begun = ConnectionRig(), ConnectionRig()
    asked.send(GET)
    begun.send(GET[:9])
    for rig in (asked, begun):
        before = rig.connection.deadline
        rig.connection.drain()
        assert rig.connection.deadline == before


def test_who_still_sends_is_heard_for_a_moment() -> None:
    """Closed at once, the answer could be lost in a reset: only our own direction ends."""
    rig = ConnectionRig()
    rig.send(post(1000))
    rig.responder.exchanges[-1].answer(413, b"", b"too much")
    assert b"413" in rig.wire.take()
    assert not rig.wire.aborted
    rig.advance(rig.front.timeouts.linger + 0.5)
    assert rig.wire.aborted


def test_who_leaves_is_told_of_nothing() -> None:
    """Whoever would answer hears of it, once, and the connection breaks."""
    rig = ConnectionRig()
    rig.send(GET)
    exchange = rig.responder.exchanges[-1]
    rig.connection._leave(Code.CANCELLED)
    assert rig.wire.aborted and rig.responder.left == [Code.CANCELLED]
    rig.wire.take()
    exchange.answer(200, b"", b"late")
    assert rig.wire.take() == b""
