"""Frames: the layout, the limits, and reading them however the bytes are cut."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.frames import DATA_LIMITS, HEADER, SIGNAL_LIMITS, Flag, Frame, FrameReader, Kind, encode
from appproxy.tunnel.limits import TunnelLimits

IDS = st.integers(0, 2**32 - 1)


@st.composite
def data_frames(draw: st.DrawFn) -> Frame:
    """A frame that a data connection takes."""
    kind = draw(st.sampled_from(sorted(DATA_LIMITS)))
    most = DATA_LIMITS[kind]
    head = b"" if kind == Kind.BODY else draw(st.binary(max_size=min(most, 40)))
    tail = draw(st.binary(max_size=min(most - len(head), 40)))
    return kind, draw(st.integers(0, 255)), draw(IDS), head, tail


def written(frames: list[Frame]) -> bytes:
    """Their bytes."""
    return b"".join(encode(kind, request_id, head, tail, flags) for kind, flags, request_id, head, tail in frames)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The bytes in pieces."""
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


def joined(frames: list[Frame]) -> list[Frame]:
    """Without how BODY was cut: pieces of one request in a row as one."""
    out: list[Frame] = []
    for frame in frames:
        if frame[0] == Kind.BODY and out and out[-1][:3] == frame[:3]:
            out[-1] = (*frame[:4], out[-1][4] + frame[4])
        else:
            out.append(frame)
    return out


class TestLayout:
    """Twelve bytes and a payload."""

    def test_a_frame_byte_by_byte(self) -> None:
        """Length, kind, flags, head length and id are in network order, then come head and tail."""
        data = encode(Kind.RSP, 0x01020304, b"200\n", b"hi", Flag.LENGTH)
        assert data == bytes.fromhex("00000006 06 02 0004 01020304") + b"200\nhi"

    def test_it_is_read_back(self) -> None:
        """The reader gives kind, flags, id, head and tail."""
        data = encode(Kind.RSP, 7, b"200\n", b"hi", 3)
        assert FrameReader(SIGNAL_LIMITS).receive(data) == [(Kind.RSP, 3, 7, b"200\n", b"hi")]

    def test_too_much_cannot_be_written(self) -> None:
        """A frame that the peer would refuse is refused before it leaves."""
        with pytest.raises(LocalProtocolError) as caught:
            encode(Kind.REQ, 1, b"x" * 65536)
        assert caught.value.code is Code.TOO_LARGE
        with pytest.raises(LocalProtocolError):
            encode(Kind.PING, 0, b"", b"123456789")

    def test_an_impossible_id_cannot_be_written(self) -> None:
        """An id beyond 32 bits is our fault, and named so."""
        with pytest.raises(LocalProtocolError):
            encode(Kind.CANCEL, 2**32)

    def test_flags_of_the_protocol(self) -> None:
        """The flags have the numbers that other programs rely on."""
        assert {flag.name: flag.value for flag in Flag} == {
            "BODY": 1, "LENGTH": 2, "UPGRADE": 4, "HEAD": 8, "IDEMPOTENT": 16, "STRICT": 32, "ASK": 64,
        }
        assert (Flag.WANT_BODY, Flag.WANT_RESPONSE) == (1, 2)


class TestLimits:
    """Each kind has its limit, checked before anything is kept."""

    @pytest.mark.parametrize(("limits", "kind"), [(SIGNAL_LIMITS, kind) for kind in SIGNAL_LIMITS]
                             + [(DATA_LIMITS, kind) for kind in DATA_LIMITS])
    def test_the_limit_of_each_kind(self, limits: dict[int, int], kind: int) -> None:
        """A payload as long as the limit passes; one byte more is refused from the header alone."""
        through = Kind.BODY if limits is DATA_LIMITS else None
        most = limits[kind]
        frames = FrameReader(limits, pass_through=through).receive(HEADER.pack(most, kind, 0, 0, 1) + bytes(most))
        assert [frame[0] for frame in frames] == [kind]
        with pytest.raises(RemoteProtocolError) as caught:
            FrameReader(limits, pass_through=through).receive(HEADER.pack(most + 1, kind, 0, 0, 1))
        assert caught.value.code is Code.TOO_LARGE

    def test_a_head_longer_than_its_frame(self) -> None:
        """A head length beyond the payload is refused."""
        with pytest.raises(RemoteProtocolError):
            FrameReader(SIGNAL_LIMITS).receive(HEADER.pack(3, Kind.REQ, 0, 4, 1) + b"abc")

    def test_a_body_has_no_head(self) -> None:
        """BODY with a head is refused, for its bytes are passed on as they come."""
        with pytest.raises(RemoteProtocolError):
            FrameReader(DATA_LIMITS, pass_through=Kind.BODY).receive(HEADER.pack(3, Kind.BODY, 0, 1, 1) + b"abc")

    @pytest.mark.parametrize("kind", [0, 15, 0x1F, 0x24, 0x30, 0x7F])
    def test_unknown_kinds(self, kind: int) -> None:
        """A kind that this connection does not know ends it."""
        with pytest.raises(RemoteProtocolError) as caught:
            FrameReader(SIGNAL_LIMITS).receive(HEADER.pack(0, kind, 0, 0, 1))
        assert caught.value.code is Code.PROTOCOL

    def test_kinds_to_ignore_are_skipped_without_being_kept(self) -> None:
        """Kinds with bit 0x80 may come from a later version: they are skipped, even cut in pieces."""
        reader = FrameReader(SIGNAL_LIMITS)
        data = HEADER.pack(5000, 0xff, 9, 17, 1) + bytes(5000) + encode(Kind.DRAIN)
        assert reader.receive(data[:3000]) == []
        assert reader.held == 0
        assert reader.receive(data[3000:]) == [(Kind.DRAIN, 0, 0, b"", b"")]

    def test_even_kinds_to_ignore_have_a_limit(self) -> None:
        """Nobody can send gigabytes to be ignored as one frame."""
        with pytest.raises(RemoteProtocolError) as caught:
            FrameReader(SIGNAL_LIMITS).receive(HEADER.pack(TunnelLimits().ignored + 1, 0x80, 0, 0, 1))
        assert caught.value.code is Code.TOO_LARGE


class TestPassThrough:
    """BODY is not collected."""

    def test_pieces_come_as_they_arrive(self) -> None:
        """Each read delivers what it has of a BODY frame, without waiting for the rest."""
        reader = FrameReader(DATA_LIMITS, pass_through=Kind.BODY)
        data = encode(Kind.BODY, 5, b"", b"abcdef") + encode(Kind.END, 5)
        assert reader.receive(data[:14]) == [(Kind.BODY, 0, 5, b"", b"ab")]
        assert reader.receive(data[14:15]) == [(Kind.BODY, 0, 5, b"", b"c")]
        assert reader.receive(data[15:]) == [(Kind.BODY, 0, 5, b"", b"def"), (Kind.END, 0, 5, b"", b"")]

    def test_an_empty_body_frame_is_seen(self) -> None:
        """A BODY frame without payload is delivered, so that it can be counted."""
        reader = FrameReader(DATA_LIMITS, pass_through=Kind.BODY)
        assert reader.receive(encode(Kind.BODY, 5)) == [(Kind.BODY, 0, 5, b"", b"")]

    def test_nothing_of_a_body_is_kept(self) -> None:
        """The reader holds no byte of a body between two reads."""
        reader = FrameReader(DATA_LIMITS, pass_through=Kind.BODY)
        reader.receive(HEADER.pack(65536, Kind.BODY, 0, 0, 5) + bytes(40000))
        assert reader.held == 0


@given(st.lists(data_frames(), max_size=8), st.lists(st.integers(0, 2**16), max_size=12))
@settings(max_examples=100)
def test_chunking_does_not_matter(frames: list[Frame], places: list[int]) -> None:
    """However the bytes are cut, the same frames come out."""
    reader = FrameReader(DATA_LIMITS, pass_through=Kind.BODY)
    data = written(frames)
    read = [frame for piece in cut(data, places) for frame in reader.receive(piece)]
    assert joined(read) == joined(frames)


@given(st.lists(data_frames(), max_size=5))
@settings(max_examples=50)
def test_one_byte_at_a_time(frames: list[Frame]) -> None:
    """Even single bytes give the same frames, BODY aside unchanged in number."""
    limits = dict(DATA_LIMITS)
    reader = FrameReader(limits)
    data = written(frames)
    read = [frame for at in range(len(data)) for frame in reader.receive(data[at : at + 1])]
    assert read == frames


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=100)
def test_garbage_is_blamed_on_the_peer(data: bytes, signal: bool) -> None:
    """Any bytes are frames, wait for more, or are a fault of the peer; nothing else is raised."""
    reader = FrameReader(SIGNAL_LIMITS) if signal else FrameReader(DATA_LIMITS, pass_through=Kind.BODY)
    with contextlib.suppress(RemoteProtocolError):
        reader.receive(data)


def test_buffering_is_linear() -> None:
    """A frame that trickles in is moved a bounded number of times, and one that is complete not kept at all."""
    reader = FrameReader(SIGNAL_LIMITS)
    frame = encode(Kind.REQ, 1, b"x" * 60000)
    for at in range(0, len(frame) - 1, 100):
        assert reader.receive(frame[at : at + 100][: len(frame) - 1 - at]) == []
        assert reader.held <= len(frame)
    assert reader.receive(frame[-1:]) == [(Kind.REQ, 0, 1, b"x" * 60000, b"")]
    assert reader.held == 0
