"""Frames on streams that are over for their sender."""

from __future__ import annotations

import pytest

from appproxy.http.h2.streams import UserStreams

_DATA, _HEADERS, _PRIORITY, _RESET, _END = 0, 1, 2, 3, 1
_PROTOCOL, _CLOSED, _CALM = 1, 5, 11
Frames = list[tuple[int, int, int]]


def fault(frames: Frames) -> int:
    streams = UserStreams()
    for frame in frames:
        assert streams.fault == 0
        streams.follow(*frame)
    return streams.fault


@pytest.mark.parametrize(("frames", "code"), [
    ([(_HEADERS, _END, 1), (_HEADERS, _END, 3), (_HEADERS, 0, 5), (_DATA, 0, 5), (_DATA, _END, 5)], 0),
    ([(_HEADERS, 0, 1), (_HEADERS, 0, 3), (_DATA, 0, 1), (_HEADERS, _END, 1), (_RESET, 0, 3), (_RESET, 0, 3)], 0),
    ([(_HEADERS, _END, 1), (_PRIORITY, 0, 1), (_PRIORITY, 0, 9), (_RESET, 0, 1)], 0),
    ([(_HEADERS, _END, 1), (_DATA, 0, 1)], _CLOSED),
    ([(_HEADERS, _END, 1), (_HEADERS, 0, 1)], _CLOSED),
    ([(_HEADERS, 0, 1), (_RESET, 0, 1), (_DATA, 0, 1)], _CLOSED),
    ([(_HEADERS, 0, 1), (_DATA, _END, 1), (_HEADERS, _END, 1)], _CLOSED),
    ([(_HEADERS, 0, 5), (_HEADERS, 0, 3)], _PROTOCOL),
    ([(_HEADERS, 0, 5), (_DATA, 0, 3)], _CLOSED),
    ([(_PRIORITY, 0, 0)], _PROTOCOL),
    ([(_DATA, 0, 1)], 0),  # an idle stream: nghttp2 ends the connection
])
def test_a_fault(frames: Frames, code: int) -> None:
    """Only what their sender cannot have meant."""
    assert fault(frames) == code


def test_what_is_remembered_is_bounded() -> None:
    """Of streams long ago it is known that they are over, and of open ones there may be a thousand."""
    many = [(_HEADERS, _END, number) for number in range(1, 2_001, 2)]
    assert fault([*many, (_DATA, 0, 1)]) == _CLOSED
    assert fault([(_HEADERS, 0, number) for number in range(1, 2_001, 2)]) == 0
    assert fault([(_HEADERS, 0, number) for number in range(1, 2_003, 2)]) == _CALM


def test_streams_that_we_have_reset_are_not_open() -> None:
    """Their users say no more of them; what is late is none of their faults, until they say that it was the last."""
    streams = UserStreams()
    for number in range(1, 6_001, 2):
        streams.follow(_HEADERS, 0, number)
        streams.closed(number)
    streams.follow(_DATA, 0, 5_999)
    streams.follow(_HEADERS, _END, 5_999)
    assert streams.fault == 0
    streams.follow(_DATA, 0, 5_999)
    assert streams.fault == _CLOSED


def test_the_end_of_a_stream_that_its_user_has_ended_changes_nothing() -> None:
    """It stays one that no more may come on."""
    streams = UserStreams()
    streams.follow(_HEADERS, _END, 1)
    streams.closed(1)
    streams.closed(3)
    streams.follow(_DATA, 0, 1)
    assert streams.fault == _CLOSED
