"""A status that brings its phrase along."""

from __future__ import annotations

import json

import pytest

from appproxy.http.h1.writer import response_bytes
from appproxy.status import Status, status_of


@pytest.mark.parametrize(("value", "reason", "plain"), [
    (200, b"OK", True), (404, b"Not Found", True), (299, b"", True), (200, b"Fine", False), (200, b"", False),
    (299, b"x", False),
])  # fmt: skip
def test_only_unusual_phrases_travel(value: int, reason: bytes, plain: bool) -> None:
    """What everybody would write is written by everybody."""
    found = status_of(value, reason)
    assert found == value
    assert (type(found) is int) is plain


def test_it_is_a_number() -> None:
    """For logs, tables and comparisons."""
    status = Status(418, b"Short and stout")
    assert (f"{status}", json.dumps(status), status in (418,), status // 100, {418: 1}[status]) == ("418", "418", True, 4, 1)


def test_the_user_sees_it() -> None:
    """Over HTTP/1.1; without one the usual one."""
    def line(status: int) -> bytes:
        return response_bytes(status, b"", length=0, close=False, chunked=False).partition(b"\r\n")[0]

    assert line(Status(200, b"Fine")) == b"HTTP/1.1 200 Fine"
    assert line(Status(200, b"")) == b"HTTP/1.1 200 "
    assert line(200) == b"HTTP/1.1 200 OK"
    assert line(799) == b"HTTP/1.1 799 "
