"""PING and PONG."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.connections.heartbeat import Heartbeat
from appproxy.tunnel.frames import SIGNAL_LIMITS, Frame, FrameReader, Kind, encode
from appproxy.tunnel.limits import TunnelLimits


def heartbeat(limits: TunnelLimits | None = None, burst: int = 10) -> Heartbeat:
    return Heartbeat(limits or TunnelLimits(), 0.0, burst=burst, every=1.0, ping_after=15.0, dead_after=40.0)


def frames(data: bytes) -> list[Frame]:
    return FrameReader(SIGNAL_LIMITS).receive(data)


def test_pings_after_silence_and_again() -> None:
    """PING goes out after the silence, then once per interval, never more often."""
    one = heartbeat()
    one.tick(14.9)
    assert one.take_output() == b""
    one.tick(15.0)
    one.tick(16.0)
    assert [frame[0] for frame in frames(one.take_output())] == [Kind.PING]
    one.tick(30.0)
    assert [frame[0] for frame in frames(one.take_output())] == [Kind.PING]
    one.heard = 31.0
    assert (one.ping_at(), one.dead_at()) == (46.0, 71.0)


def test_a_pong_brings_the_bytes_back() -> None:
    """The peer's PING is answered with its own 8 bytes, and what we add to them."""
    one = heartbeat()
    one.answer((Kind.PING, 0, 0, b"", b"12345678"), b"load", 0.0)
    assert frames(one.take_output()) == [(Kind.PONG, 0, 0, b"", b"12345678load")]
    assert one.take_output() == b""


def test_our_pong_is_taken_once() -> None:
    """A PONG answers a PING that was sent; the same one twice, or one for nothing, is a fault."""
    one = heartbeat()
    with pytest.raises(RemoteProtocolError):
        one.answered((Kind.PONG, 0, 0, b"", (1).to_bytes(8)))
    one.tick(15.0)
    number = frames(one.take_output())[0][4]
    assert one.answered((Kind.PONG, 0, 0, b"", number + b"rest")) == b"rest"
    with pytest.raises(RemoteProtocolError):
        one.answered((Kind.PONG, 0, 0, b"", number))


@pytest.mark.parametrize("frame", [(3, 0, 0, b"", b"1234567"), (3, 0, 1, b"", b"12345678"), (3, 0, 0, b"12345678", b"")])
def test_malformed_pings(frame: Frame) -> None:
    """A PING has 8 bytes, no head and id 0."""
    with pytest.raises(RemoteProtocolError):
        heartbeat().answer(frame, b"", 0.0)


@pytest.mark.parametrize(
    "frame", [(4, 0, 0, b"", b"\1"), (4, 0, 1, b"", b"\0" * 7 + b"\1"), (4, 0, 0, b"a", b"\0" * 7 + b"\1")]
)
def test_malformed_pongs(frame: Frame) -> None:
    """A PONG has at least 8 bytes, no head and id 0."""
    one = heartbeat()
    one.tick(15.0)
    with pytest.raises(RemoteProtocolError):
        one.answered(frame)


def test_a_flood_of_pings_ends_the_connection() -> None:
    """A peer cannot keep us busy with PING (CVE-2019-9512)."""
    one = heartbeat()
    with pytest.raises(RemoteProtocolError) as caught:
        for _ in range(11):
            one.answer((Kind.PING, 0, 0, b"", b"12345678"), b"", 0.0)
    assert caught.value.code is Code.OVERLOADED


def test_answers_to_pings_do_not_pile_up() -> None:
    """What waits to be written is bounded, whatever the burst."""
    one = heartbeat(TunnelLimits(unsent_control=100), burst=1000)
    with pytest.raises(RemoteProtocolError) as caught:
        for _ in range(7):
            one.answer((Kind.PING, 0, 0, b"", b"12345678"), b"", 0.0)
    assert caught.value.code is Code.OVERLOADED


def test_an_owner_that_never_writes_is_told() -> None:
    """Output that is never taken is a bug of ours, not a leak."""
    one = heartbeat(TunnelLimits(unsent_control=10))
    with pytest.raises(LocalProtocolError):
        for _ in range(5):
            one.queue(encode(Kind.PING, 0, b"", b"12345678"))
