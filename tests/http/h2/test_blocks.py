"""Where heads begin and end among frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.h2.blocks import PREFACE, FieldBlocks
from tests.service.h2_rig import frame

_DATA, _HEADERS, _PING, _CONTINUATION, _END = 0, 1, 6, 9, 4


def after(data: bytes) -> FieldBlocks:
    """One that has seen this after the preface."""
    blocks = FieldBlocks()
    blocks.feed(PREFACE + data)
    return blocks


@pytest.mark.parametrize(
    ("data", "is_open"),
    [
        (b"", False),
        (frame(_HEADERS, _END, 1, b"head"), False),
        (frame(_HEADERS, _END, 1), False),
        (frame(_HEADERS, _END, 1, b"head")[:9], True),
        (frame(_HEADERS, _END, 1, b"head")[:-1], True),
        (frame(_HEADERS, 0, 1, b"head"), True),
        (frame(_HEADERS, 0, 1, b"head") + frame(_CONTINUATION, 0, 1, b"more"), True),
        (frame(_HEADERS, 0, 1, b"head") + frame(_CONTINUATION, _END, 1, b"more")[:-1], True),
        (frame(_HEADERS, 0, 1, b"head") + frame(_CONTINUATION, _END, 1, b"more"), False),
        (frame(_HEADERS, _END, 1, b"head") + frame(_DATA, 0, 1, b"data")[:-1], False),
        (frame(_HEADERS, _END, 1, b"head") + frame(_HEADERS, _END, 3, b"head")[:-1], True),
        (frame(_PING, 0, 0, b"12345678"), False),
        (frame(_HEADERS, _END, 1, bytes(16_384)), False),
        (frame(_HEADERS, _END, 1, bytes(16_384))[:-1], True),
        (frame(_DATA, 0, 1, frame(_HEADERS, 0, 1, b"head") * 900), False),
        (frame(_DATA, 0, 1, bytes(90_000)) + frame(_HEADERS, 0, 1, b"head"), True),
    ],
)
def test_is_a_head_open(data: bytes, is_open: bool) -> None:
    """From the head of its first frame to the last byte of its last one."""
    assert after(data).open is is_open


def test_the_preface_is_no_frame() -> None:
    """Its letters are not read as the head of one."""
    blocks = FieldBlocks()
    blocks.feed(PREFACE[:10])
    blocks.feed(PREFACE[10:])
    assert (blocks.open, blocks.begun) == (False, 0)


@given(
    st.lists(st.builds(frame, st.sampled_from([_DATA, _HEADERS, _CONTINUATION]), st.sampled_from([0, _END, 0xFF]),
                       st.just(1), st.binary(max_size=40)), max_size=8),
    st.lists(st.integers(1, 30), min_size=1, max_size=60),
    st.integers(0, 400),
)
def test_cuts_do_not_matter(frames: list[bytes], sizes: list[int], end: int) -> None:
    """However the bytes are cut, the same blocks have begun, and the same one is open."""
    data = b"".join(frames)[:end]
    blocks, at = FieldBlocks(), 0
    blocks.feed(PREFACE)
    while at < len(data):
        size = sizes[at % len(sizes)]
        blocks.feed(data[at:at + size])
        at += size
    whole = after(data)
    assert (blocks.open, blocks.begun) == (whole.open, whole.begun)
