"""Open event streams of a session that ends: they are cut in a second, and nobody else notices."""

from __future__ import annotations

import select
import ssl
import time
from urllib.parse import urlsplit

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until

SESSIONS, STREAMS = 16, 5


def _open(world: World, visitor: Visitor, url: str) -> ssl.SSLSocket:
    """A stream that has begun: an event each second."""
    host = str(urlsplit(url).hostname)
    stream = visitor.connect(host)
    cookies = visitor.cookie_field(host)["Cookie"]
    stream.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{world.port}\r\nCookie: {cookies}\r\n\r\n".encode())
    said = b""
    while b"data: " not in said:
        piece = stream.recv(65536)
        assert piece, said
        said += piece
    return stream


def _ended(streams: list[ssl.SSLSocket], seconds: float) -> int:
    """How many of the streams end in this time."""
    left, until_then = list(streams), time.monotonic() + seconds
    while left and (rest := until_then - time.monotonic()) > 0:
        for stream in select.select(left, [], [], rest)[0]:
            try:
                over = not stream.recv(65536)
            except ConnectionError:
                over = True
            if over:
                left.remove(stream)
    return len(streams) - len(left)


def test_the_streams_of_one_session(world: World) -> None:
    """Signed out in one place, with no request after it; the streams of the other sessions go on, and so do those sessions."""
    url = world.url("sample")
    streams: list[list[ssl.SSLSocket]] = []
    visitors = []
    for _ in range(SESSIONS):
        visitor = Visitor(world.port, world.anchor)
        until(lambda visitor=visitor: visitor.sign_in(url, "alice").status == 200, "no sign-in", 20)  # type: ignore[misc]
        visitors.append(visitor)
        streams.append([_open(world, visitor, url) for _ in range(STREAMS)])
    first, *others = streams
    origin = {"Origin": url.rstrip("/"), "Content-Type": "application/x-www-form-urlencoded"}
    assert visitors[0].request("POST", world.url("sample", "/.appproxy/sign-out"), origin, b"").status == 303
    assert _ended(first, 1.0) == STREAMS
    alive = [stream for each in others for stream in each]
    assert _ended(alive, 1.5) == 0
    assert all(visitor.get(url).status == 200 for visitor in visitors[1:])
    for stream in [*first, *alive]:
        stream.close()
