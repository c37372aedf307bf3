"""Following WebSocket frames: wherever the bytes are cut, it is known where a frame and a message end."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode

from appproxy.http.streams.websocket import (
    GOING_AWAY,
    LEAST_BYTES,
    MOST_FRAMES,
    POLICY_VIOLATION,
    SERVICE_RESTART,
    FrameFollower,
    close_frame,
)
from tests.cost.growth import MOST, growth

CONTINUED, TEXT, BINARY, CLOSE, PING = 0x0, 0x1, 0x2, 0x8, 0x9


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, mask: bytes | None = None, reserved: int = 0,
          long: int = 0) -> bytes:
    """As RFC 6455 section 5.2 draws it. `long`: a length of so many bytes, even where a shorter one would do."""
    size = len(payload)
    bit = 0 if mask is None else 0x80
    long = max(long, 8 if size > 0xFFFF else 2 if size > 125 else 0)
    length = bytes([bit | size]) if not long else bytes([bit | (126 if long == 2 else 127)]) + size.to_bytes(long, "big")
    if mask is not None:
        payload = bytes(one ^ mask[at % 4] for at, one in enumerate(payload))
    return bytes([(0x80 if final else 0) | reserved << 4 | opcode]) + length + (mask or b"") + payload


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[bytes, bool]]:
    """Frames, and of each whether a message is over behind it."""
    made: list[tuple[bytes, bool]] = []
    payloads = st.binary(max_size=6) | st.sampled_from([b"x" * 125, b"y" * 126, b"z" * 70_000])
    for _ in range(draw(st.integers(0, 5))):
        mask = draw(st.none() | st.binary(min_size=4, max_size=4))
        parts = draw(st.lists(payloads, min_size=1, max_size=4))
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            opcode = CONTINUED if number else draw(st.sampled_from([TEXT, BINARY]))
            made.append((frame(opcode, part, final=last, mask=mask, reserved=draw(st.sampled_from([0, 4])),
                               long=draw(st.sampled_from([0, 0, 2, 8])) if len(part) < 0xFFFF else 0), last))
            if draw(st.booleans()):
                made.append((frame(PING, b"hi", mask=mask), last))
    return made


def cut(draw: st.DataObject, data: bytes) -> list[bytes]:
    """Into pieces, none of them empty."""
    places = sorted(set(draw.draw(st.lists(st.integers(1, max(1, len(data) - 1)), max_size=12)))) if len(data) > 1 else []
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True) if data[a:b]]


@given(streams(), st.data())
@settings(max_examples=300, deadline=None)
def test_however_it_is_cut(made: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    """After each piece it is known whether a frame, and whether a message, is under way there."""
    ends = dict(zip(accumulate(len(one) for one, _ in made), (last for _, last in made), strict=True)) | {0: True}
    follower, at = FrameFollower(), 0
    for piece in cut(data, b"".join(one for one, _ in made)):
        follower.follow(piece)
        at += len(piece)
        assert follower.between_frames is (at in ends)
        assert follower.between_messages is ends.get(at, False)
        assert not follower.closed


@given(streams(), st.data())
@settings(max_examples=300, deadline=None)
def test_where_the_message_ends(made: list[tuple[bytes, bool]], data: st.DataObject) -> None:
    """Asked for the first place between two messages from anywhere within one, it is found in whichever piece it is."""
    whole = b"".join(one for one, _ in made)
    ends = [end for end, (_, last) in zip(accumulate(len(one) for one, _ in made), made, strict=True) if last]
    if len(whole) < 2:
        return
    follower, begin = FrameFollower(), data.draw(st.integers(1, len(whole) - 1))
    follower.follow(whole[:begin])
    if follower.between_messages:
        return
    at = begin
    for piece in cut(data, whole[begin:]):
        found = follower.to_message_end(piece)
        if found >= 0:
            assert at + found == next(end for end in ends if end > begin)
            assert follower.between_messages
            return
        at += len(piece)
    raise AssertionError("never found")


@pytest.mark.parametrize("mask", [None, b"abcd"])
def test_a_close_frame_ends_it(mask: bytes | None) -> None:
    """When it is there whole, and not before; what comes behind it is not looked at."""
    whole = close_frame(SERVICE_RESTART, mask)
    follower = FrameFollower()
    follower.follow(frame(TEXT, b"hello", mask=mask) + whole[:-1])
    assert not follower.closed and not follower.between_frames
    follower.follow(whole[-1:])
    assert follower.closed
    follower.follow(b"\xff" * 100)
    assert follower.closed and follower.between_frames


class Counting(FrameFollower):
    """Counts the headers that it has read one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    def _begin(self, data: bytes, at: int) -> int:
        self.begun += 1
        return super()._begin(data, at)


ABSURD = {"empty fragments": frame(CONTINUED, final=False), "unknown opcodes": frame(0x3),
          "long lengths": frame(TEXT, long=8), "masked": frame(CONTINUED, b"x", final=False, mask=b"abcd")}


@pytest.mark.parametrize(("piece", "asked"), [(piece, False) for piece in ABSURD.values()] + [
    (piece, True) for piece in ABSURD.values() if not piece[0] & 0x80])
def test_absurd_frames_are_not_followed(piece: bytes, asked: bool) -> None:
    """More of them in one read than any program means: it is given up, at once and for good. Nothing is over there."""
    data = frame(TEXT, final=False) + piece * (65_536 // len(piece))
    follower, most = Counting(), max(MOST_FRAMES, 65_536 // LEAST_BYTES) + 2
    if asked:
        follower.follow(data[:2])
        follower.to_message_end(data[2:])
    else:
        follower.follow(data)
    assert follower.begun <= most
    for more in (frame(TEXT, b"hello"), close_frame(SERVICE_RESTART), data):
        follower.follow(more)
        assert follower.to_message_end(more) == -1
        assert not follower.between_frames and not follower.between_messages and not follower.closed
    assert follower.begun <= most


@pytest.mark.parametrize("pieces", [
    frame(BINARY, b"x" * 126) * 500, frame(BINARY, b"hi", mask=b"abcd") * 8_000,
    frame(TEXT, final=False) + frame(CONTINUED, b"a few words", final=False, mask=b"abcd") * 4_000 + frame(CONTINUED),
    frame(TEXT, final=False) + frame(CONTINUED, b"x", final=False) * (MOST_FRAMES - 3) + frame(CONTINUED)])
def test_busy_clients_are_followed(pieces: bytes) -> None:
    """Much that came in one read, be it in many small messages or in fragments of a few words."""
    follower = FrameFollower()
    follower.follow(pieces)
    assert follower.between_messages


@pytest.mark.parametrize("code", [GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART])
@pytest.mark.parametrize("client", [False, True])
def test_others_read_our_close_frame(code: int, client: bool) -> None:
    """As wsproto does: masked from a client, and not from a server."""
    reader = FrameProtocol(client=not client, extensions=[])
    reader.receive_bytes(close_frame(code, b"\x01\x02\x03\x04" if client else None))
    (read,) = reader.received_frames()
    assert (read.opcode, read.payload) == (Opcode.CLOSE, (CloseReason(code), ""))


@pytest.mark.parametrize("piece", [
    frame(PING), frame(TEXT, mask=b"abcd"), frame(TEXT, b"x", final=False), b"\x81\x7e\x00\x01x", b"\x81\xff" + bytes(12),
    frame(TEXT, b"a few words and more", final=False)])
@pytest.mark.parametrize("bytewise", [False, True])
def test_it_grows_with_the_bytes(piece: bytes, bytewise: bool) -> None:
    """However small the frames are, and however they come."""

    def work(size: int) -> object:
        data = piece * (size // len(piece))
        pieces = [data[at : at + 1] for at in range(len(data))] if bytewise else [data]

        def follow() -> None:
            follower = FrameFollower()
            for one in pieces:
                follower.follow(one)

        return follow

    assert growth(work, 40_000) <= MOST  # type: ignore[arg-type]
