"""HTTP/2 users who begin a head and do not end it."""

from __future__ import annotations

from appproxy.errors import Code
from tests.service.front.h2.test_connection import CALM, farewell
from tests.service.h2_rig import HEAD, H2Rig, frame

_HEADERS, _DATA, _CONTINUATION, _END_STREAM, _END_HEADERS = 1, 0, 9, 1, 4
_LINE = b"\x00\x01a\x01b"


def wait(rig: H2Rig, seconds: float) -> None:
    rig.clock.pump([0.25] * int(seconds * 4))


def test_half_a_frame() -> None:
    """It has the time of a head over HTTP/1.1; the user is told that nothing was taken."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, 5, 1, HEAD)[:-1])
    wait(rig, 19.5)
    assert not rig.wire.disconnecting
    wait(rig, 1)
    assert farewell(rig.wire.take()) == (0, CALM) and rig.wire.disconnecting
    assert rig.responder.exchanges == []


def test_continuations_now_and_then() -> None:
    """They gain no time: it is that of the whole head."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_STREAM, 1, HEAD))
    for _ in range(4):
        wait(rig, 4.75)
        rig.raw(frame(_CONTINUATION, 0, 1, _LINE))
        assert not rig.wire.disconnecting
    wait(rig, 1.5)
    assert rig.wire.disconnecting and rig.responder.exchanges == []


def test_a_byte_now_and_then() -> None:
    """Nor do single bytes, though each of them is something."""
    rig = H2Rig()
    for byte in frame(_HEADERS, 5, 1, HEAD):
        rig.raw(bytes([byte]))
        wait(rig, 1.5)
    assert rig.wire.disconnecting and rig.responder.exchanges == []


def test_a_head_that_ends_in_time() -> None:
    """It is served, and the connection stays as long as any."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_STREAM, 1, HEAD))
    wait(rig, 19)
    rig.raw(frame(_CONTINUATION, _END_HEADERS, 1, _LINE))
    wait(rig, 60)
    assert len(rig.responder.exchanges) == 1 and not rig.wire.disconnecting


def test_a_malformed_head_that_ends_in_time() -> None:
    """The connection's own time to be idle goes on as it was."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_STREAM, 1, HEAD))
    wait(rig, 5)
    rig.raw(frame(_CONTINUATION, _END_HEADERS, 1, b"\x00\x01A\x01b"))
    wait(rig, 65)
    assert rig.responder.exchanges == [] and not rig.wire.disconnecting


def test_each_head_has_its_own_time() -> None:
    """A busy user, each of whose packets ends in the middle of a head, is not slow."""
    rig = H2Rig()
    rest = b""
    for n in range(60):
        one = frame(_HEADERS, 5, 2 * n + 1, HEAD)
        rig.raw(rest + one[:-3])
        rest = one[-3:]
        wait(rig, 1)
    assert len(rig.responder.exchanges) == 59 and not rig.wire.disconnecting


def test_what_is_under_way_does_not_wait_for_it() -> None:
    """A request that takes long buys no time for the next one's head: nothing could follow it. It hears why it ends."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, 5, 1, HEAD) + frame(_HEADERS, 0, 3, HEAD))
    wait(rig, 20.5)
    assert farewell(rig.wire.take()) == (1, CALM)
    assert rig.responder.left == [Code.CANCELLED] and "head" in rig.log[0].detail


def test_trailers() -> None:
    """They have the time of a head, too."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_HEADERS, 1, HEAD) + frame(_HEADERS, _END_STREAM, 1, _LINE))
    wait(rig, 20.5)
    assert rig.wire.disconnecting


def test_a_slow_body_is_no_slow_head() -> None:
    """Half a DATA frame has the deadlines of bodies."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, _END_HEADERS, 1, HEAD) + frame(_DATA, 0, 1, b"half")[:-2])
    wait(rig, 60)
    assert not rig.wire.disconnecting


def test_nothing_is_left_behind() -> None:
    """A user who leaves in the middle of a head leaves no deadline."""
    rig = H2Rig()
    rig.raw(frame(_HEADERS, 0, 1, HEAD))
    rig.connection.connectionLost()
    assert len(rig.front.deadlines) == 0
