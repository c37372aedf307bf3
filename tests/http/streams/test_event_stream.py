"""Where events end: behind a blank line, whichever of the three ends of lines an application writes, however it is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.streams.event_stream import EventFollower

pieces = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"data: 1", b"x", b": \n", b"\r\r"]), max_size=12)


def is_between(text: bytes) -> bool:
    """Told in another way: with all ends of lines as one, the last line is empty and there is one before it."""
    return not text or re.sub(rb"\r\n|\r", b"\n", text).endswith(b"\n\n")


@given(pieces)
@settings(max_examples=500, deadline=None)
def test_after_each_piece(parts: list[bytes]) -> None:
    """It is known whether an event is under way."""
    follower, text = EventFollower(), b""
    for part in parts:
        follower.follow(part)
        text += part
        if text.strip(b"\r\n"):  # ends of lines alone are no event, and the follower may take them either way
            assert follower.between_events is is_between(text), text


@given(pieces, pieces)
@settings(max_examples=500, deadline=None)
def test_the_end_of_the_event_under_way(before: list[bytes], after: list[bytes]) -> None:
    """Is found at the first place at which one could end."""
    follower, text, rest = EventFollower(), b"data: 0" + b"".join(before), b"".join(after)
    follower.follow(text)
    if follower.between_events or not rest:
        return
    found = follower.to_event_end(rest)
    whole = text + rest
    # A CR may turn out to be the first half of CRLF: both places are right.
    right = [at for at in range(1, len(rest) + 1) if is_between(whole[: len(text) + at])]
    assert found == (right[0] if right else -1) or found - 1 == right[0] and whole[len(text) + found - 2 :][:2] == b"\r\n"


@pytest.mark.parametrize(("text", "between"), [
    (b"data: 1\n\n", True), (b"data: 1\r\n\r\n", True), (b"data: 1\r\r", True), (b"data: 1\n", False),
    (b"data: 1\r\n", False), (b"data: 1\n\nid", False), (b"\n", True),
])
def test_by_hand(text: bytes, between: bool) -> None:
    """Before the first byte nothing is under way, either."""
    follower = EventFollower()
    assert follower.between_events
    for at in range(len(text)):
        follower.follow(text[at : at + 1])
    assert follower.between_events is between
