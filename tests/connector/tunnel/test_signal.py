"""One signal connection: what it says first, how it dies, and that it is always read."""

from __future__ import annotations

import pytest
from twisted.logger import capturedLogs

from appproxy.tunnel.frames import SIGNAL_LIMITS, Frame, FrameReader, Kind, encode
from appproxy.tunnel.messages import encode_request, request_flags
from tests.connector.rig import Rig, SignalPeer, finals, request, send


def test_a_service_of_another_version(rig: Rig) -> None:
    """Without our protocol in ALPN nothing is said, and the log tells to upgrade."""
    rig.uplink.start()
    rig.dialled[0].alpn = b"http/1.1"
    with capturedLogs() as events:
        wire = rig.dialled.pop(0).stand()
    assert wire.end == "aborted"
    assert wire.take() == b""
    assert "upgrade" in str(events[-1]["reason"])


def test_no_welcome(rig: Rig) -> None:
    """A service that says nothing is left after a while, and dialled again."""
    rig.uplink.start()
    signal = rig.signal()
    rig.clock.pump([0.5] * 50)
    assert signal.wire.end == "aborted"


def test_silence(rig: Rig, signal: SignalPeer) -> None:
    """PING after 15 s of silence, and the end after 40."""
    rig.clock.pump([0.5] * 32)
    assert Kind.PING in [frame[0] for frame in raw(signal)]
    rig.clock.pump([0.5] * 50)
    assert signal.wire.end == "aborted"


def test_any_byte_is_life(rig: Rig, signal: SignalPeer) -> None:
    """A busy connection is not pinged to death."""
    for _ in range(10):
        rig.clock.pump([1.0] * 10)
        signal.keep_alive()
    assert signal.wire.end == ""


def test_pong_tells_the_load(rig: Rig) -> None:
    """Requests in flight and idle data connections ride on it."""
    signal, _ = rig.with_data()
    send(signal, 1)
    signal.wire.deliver(encode(Kind.PING, 0, b"", bytes(8)))
    pongs = [frame for frame in raw(signal) if frame[0] == Kind.PONG]
    assert pongs[0][4] == bytes(8) + b"\0\0\0\1" + b"\0\0\0\2" + bytes(4)


@pytest.mark.parametrize("frame", [
    encode(Kind.RSP, 1, b"200\n"),
    b"\0\0\0\0\x70\0\0\0\0\0\0\0",
    encode(Kind.REQ, 1, b"garbage"),
    b"\xff\xff\xff\xff\x05\0\0\0\0\0\0\1",
])
def test_a_broken_protocol(frame: bytes, rig: Rig, signal: SignalPeer) -> None:
    """The connection is dropped, with the reason in ERROR; the other one lives on."""
    signal.wire.deliver(frame)
    assert signal.wire.end == "lost"
    assert Kind.ERROR in [each[0] for each in raw(signal)]
    assert rig.second.wire.end == ""


def test_the_end_after_a_broken_rule_does_not_wait_for_the_service(rig: Rig, signal: SignalPeer) -> None:
    """A service that neither reads nor closes is cut off within a second."""
    signal.wire.lingers = True
    signal.wire.deliver(encode(Kind.RSP, 1, b"200\n"))
    assert (signal.wire.end, signal.wire.producer) == ("", None)
    rig.clock.advance(1.0)
    assert signal.wire.end == "aborted"


def test_it_is_always_read(rig: Rig, signal: SignalPeer) -> None:
    """Even while the service does not read, requests and CANCEL are taken."""
    signal.wire.clog()
    send(signal, 1)
    origin = rig.origin()
    signal.send(Kind.CANCEL, 1, b"12")
    assert origin.end == "aborted"
    assert not signal.wire.paused


def test_a_service_that_never_reads(rig: Rig, signal: SignalPeer) -> None:
    """After 30 s with unsent bytes the connection is closed."""
    signal.wire.clog()
    for _ in range(7):
        rig.clock.advance(5)
        if not signal.wire.end:
            signal.keep_alive()
    assert signal.wire.end == "aborted"


def test_frames_cut_anywhere(rig: Rig, signal: SignalPeer) -> None:
    """Each byte may arrive alone."""
    asked = request()
    for byte in encode(Kind.REQ, 5, encode_request(asked), flags=request_flags(asked)):
        signal.wire.deliver(bytes([byte]))
    rig.origin().deliver(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert list(finals(signal.read())) == [(Kind.RSP, 5, (204, b""))]


def raw(signal: SignalPeer) -> list[Frame]:
    """All frames that were written, heartbeat included."""
    return FrameReader(SIGNAL_LIMITS).receive(signal.wire.take())
