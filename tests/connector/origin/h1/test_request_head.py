"""What the connector adds to a request: Host, framing, upgrade; nothing else."""

from __future__ import annotations

import pytest

from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.h1.request_head import request_head, share_of
from appproxy.errors import RequestError
from tests.connector.rig import request

INTERNAL = Target("wiki", OriginAddress("http", "wiki.corp", 8080), b"wiki.corp:8080", False, 10.0, 60.0,
                  frozenset({b"websocket"}))
ORIGINAL = Target("wiki", OriginAddress("http", "wiki.corp", 8080), b"wiki.corp:8080", True, 10.0, 60.0, frozenset())


@pytest.mark.parametrize(("target", "host"), [(INTERNAL, b"wiki.corp:8080"), (ORIGINAL, b"wiki.example.com")])
def test_host(target: Target, host: bytes) -> None:
    """The application's own name, or the one that the user typed."""
    assert b"\r\nhost: %b\r\n" % host in request_head(request(), target, False)[0]


def test_framing() -> None:
    """A known length, chunks, or nothing."""
    assert b"content-length: 7\r\n" in request_head(request(b"PUT", length=7), INTERNAL, True)[0]
    assert b"transfer-encoding: chunked\r\n" in request_head(request(b"PUT", length=None), INTERNAL, True)[0]
    assert b"content-length: 0\r\n" in request_head(request(b"PUT", length=0), INTERNAL, False)[0]
    assert b"content-length" not in request_head(request(), INTERNAL, False)[0]


def test_a_target_that_would_break_the_head() -> None:
    """It never reaches the application."""
    with pytest.raises(RequestError):
        request_head(request(target=b"/a b"), INTERNAL, False)


@pytest.mark.parametrize(("user", "share"), [("ann", b"ann"), ("@192.0.2.1", b"@192.0.2.1"), ("", b"-")])
def test_whom_it_counts_for(user: str, share: bytes) -> None:
    """Where nobody signed in, it is an address, and can be told from a user; an old service names nobody."""
    assert share_of(request(user=user)).rstrip(b"_") == share
