"""The sample application, spoken to in memory: what arrives is counted, what leaves is known, nothing is kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from appproxy.demo.application import sample_site


class Wire:
    """One connection to the application."""

    def __init__(self) -> None:
        self.clock = MemoryReactorClock()
        site: Any = sample_site(self.clock, lambda: 1_800_000_000.0, "127.0.0.1:8000")
        self.channel: Any = site.buildProtocol(None)
        self.transport = StringTransport()
        self.channel.makeConnection(self.transport)

    def ask(self, method: str, target: str, body: bytes = b"", fields: str = "") -> tuple[int, bytes, bytes]:
        """Status, head and body of an answer."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.channel.dataReceived(f"{method} {target} HTTP/1.1\r\nHost: sample\r\n{fields}{length}\r\n".encode() + body)
        head, _, rest = self.transport.value().partition(b"\r\n\r\n")
        self.transport.clear()
        return int(head.split()[1]) if head else 0, head, rest


@pytest.fixture
def wire() -> Wire:
    """A new application and a connection to it."""
    return Wire()


def test_the_page_shows_who_the_user_is(wire: Wire) -> None:
    """The name and our fields are on it, as text: a user cannot put markup there."""
    fields = "X-User-Name: <b>Alice</b>\r\nX-Request-ID: 42\r\n"
    status, head, page = wire.ask("GET", "/", fields=fields)
    assert status == 200
    assert b"Hello, <span id=\"who\">&lt;b&gt;Alice&lt;/b&gt;</span>" in page
    assert b"x-request-id" in page
    assert b"default-src 'none'" in head


def test_the_page_keeps_to_its_policy(wire: Wire) -> None:
    """No inline script or style, nothing from another host."""
    _, _, page = wire.ask("GET", "/")
    for forbidden in (b"<style", b" style=", b" onclick=", b"http://", b"https://", b"<script>"):
        assert forbidden not in page
    for path in ("/page/page.css", "/page/page.js"):
        assert wire.ask("GET", path)[0] == 200


def test_uploads_are_hashed_and_dropped(wire: Wire) -> None:
    """In one piece or many, what arrived is told."""
    body = bytes(range(256)) * 300
    wire.channel.dataReceived(b"PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
    request = wire.channel._channel.requests[0]
    for start in range(0, len(body), 1000):
        assert request.content.getvalue() == b""
        wire.channel.dataReceived(body[start : start + 1000])
    told = json.loads(wire.transport.value().partition(b"\r\n\r\n")[2])
    assert told == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


@pytest.mark.parametrize("target", ["/download/0", "/download/20000", "/download/x", "/download/1/md5", "/fault/none"])
def test_what_is_not_there_is_404(wire: Wire, target: str) -> None:
    """Wrong numbers and names are told, and not made up for."""
    assert wire.ask("GET", target)[0] == 404


def test_events_come_at_once_and_every_second(wire: Wire) -> None:
    """The first needs no waiting; they stop when the user leaves."""
    wire.channel.dataReceived(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b'"number": 1' in wire.transport.value()
    wire.clock.advance(1)
    assert b'"number": 2' in wire.transport.value()
    wire.channel.connectionLost(Failure(ConnectionLost()))
    assert not [call for call in wire.clock.getDelayedCalls() if "LoopingCall" in repr(call)]


def test_who_does_not_wait_is_counted(wire: Wire) -> None:
    """A slow answer comes in its time, or its user is known to have left."""
    wire.channel.dataReceived(b"GET /slow/5 HTTP/1.1\r\nHost: a\r\n\r\n")
    wire.clock.advance(4.9)
    assert wire.transport.value() == b""
    wire.clock.advance(0.2)
    assert b"This answer took 5 s." in wire.transport.value()
    wire.transport.clear()
    wire.channel.dataReceived(b"GET /slow/5 HTTP/1.1\r\nHost: a\r\n\r\n")
    wire.channel.connectionLost(Failure(ConnectionLost()))
    other = wire.channel.site.buildProtocol(None)
    transport = StringTransport()
    other.makeConnection(transport)
    other.dataReceived(b"GET /state HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b'"cancelled": 1' in transport.value()


def test_the_request_is_echoed(wire: Wire) -> None:
    """Two lines of one name stay two."""
    _, _, body = wire.ask("GET", "/headers?a=1", fields="X-A: 1\r\nX-A: 2\r\n")
    told = json.loads(body)
    assert told["target"] == "/headers?a=1"
    assert [value for name, value in told["fields"] if name == "x-a"] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("short", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"), ("garbage", b"This is not HTTP"), ("close", b"")],
)
def test_faults_are_what_they_say(wire: Wire, name: str, beginning: bytes) -> None:
    """Bytes as they are, then the end of the connection."""
    wire.channel.dataReceived(f"GET /fault/{name} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert wire.transport.value().startswith(beginning)
    assert wire.transport.disconnecting


def test_redirects_are_as_long_as_asked(wire: Wire) -> None:
    """Up to 8,000 characters."""
    assert b"/headers?" + 500 * b"x" + b"\r\n" in wire.ask("GET", "/redirect/500")[1] + b"\r\n"
    assert len(wire.ask("GET", "/redirect/99999")[1]) < 9000
