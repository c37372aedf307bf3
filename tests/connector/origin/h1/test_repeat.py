"""When a request may be sent to its application once more; the examples of whole requests are in test_forward.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from appproxy.connector.origin.h1.repeat import MOST_TRIES, may_repeat


@pytest.mark.parametrize(("served", "answered", "idempotent", "expected"), [
    (1, False, True, True),
    (0, False, True, False),
    (1, True, True, False),
    (1, False, False, False),
])
def test_without_a_body(served: int, answered: bool, idempotent: bool, expected: bool) -> None:
    """Only on a kept connection, before any byte of an answer, and when twice is as good as once."""
    connection: Any = SimpleNamespace(most_tries=5, refused=False, served=served, answered=answered)
    assert may_repeat(connection, None, idempotent, 1) is expected
    assert not may_repeat(connection, None, idempotent, MOST_TRIES), "not for ever"


@pytest.mark.parametrize("can_rewind", [None, True, False])
def test_what_was_refused_unread(can_rewind: bool | None) -> None:
    """Whatever the method, as long as the body is still known."""
    connection: Any = SimpleNamespace(refused=True, served=0, answered=False)
    upload: Any = None if can_rewind is None else SimpleNamespace(handed_over=True, can_rewind=can_rewind)
    for tries in range(1, MOST_TRIES):
        assert may_repeat(connection, upload, False, tries) is not (can_rewind is False)
    assert not may_repeat(connection, upload, False, MOST_TRIES)


@pytest.mark.parametrize("unwritten", [True, False])
def test_with_a_body(unwritten: bool) -> None:
    """As long as the gate is closed, whatever the method; never after on a fresh connection."""
    connection: Any = SimpleNamespace(most_tries=5, refused=False, served=0, answered=True)
    upload: Any = SimpleNamespace(handed_over=False, can_rewind=True)
    assert may_repeat(connection, upload, False, 1, unwritten=unwritten) is unwritten
    assert not may_repeat(connection, upload, False, 2, unwritten=unwritten)


@pytest.mark.parametrize(("idempotent", "can_rewind", "served", "expected"), [
    (True, True, 1, True),
    (True, False, 1, False),
    (False, True, 1, False),
    (True, True, 0, False),
])
def test_a_body_that_is_still_here(idempotent: bool, can_rewind: bool, served: int, expected: bool) -> None:
    """PUT on a kept connection that ended: all of it goes once more."""
    connection: Any = SimpleNamespace(most_tries=5, refused=False, served=served, answered=False)
    upload: Any = SimpleNamespace(handed_over=True, can_rewind=can_rewind)
    assert may_repeat(connection, upload, idempotent, 1) is expected


def test_a_stream_that_is_reset_is_sent_once_more() -> None:
    """And not five times: an application that resets has often looked at it."""
    stream: Any = SimpleNamespace(most_tries=2, refused=False, served=1, answered=False)
    assert may_repeat(stream, None, True, 1)
    assert not may_repeat(stream, None, True, 2)
