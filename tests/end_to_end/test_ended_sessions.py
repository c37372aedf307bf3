"""Open event streams of a session that ends: they are cut in a second, and nobody else notices."""

from __future__ import annotations

import ssl

from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until

SESSIONS, STREAMS = 16, 5


def test_the_streams_of_one_session(world: World) -> None:
    """Signed out in one place, with no request after it; the streams of the other sessions go on, and so do those sessions."""
    url = world.url("sample")
    streams: list[list[ssl.SSLSocket]] = []
    visitors = []
    for _ in range(SESSIONS):
        visitor = Visitor(world.port, world.anchor)
        until(lambda visitor=visitor: visitor.sign_in(url, "alice").status == 200, "no sign-in", 20)  # type: ignore[misc]
        visitors.append(visitor)
        streams.append([open_stream(world, visitor, url) for _ in range(STREAMS)])
    first, *others = streams
    origin = {"Origin": url.rstrip("/"), "Content-Type": "application/x-www-form-urlencoded"}
    assert visitors[0].request("POST", world.url("sample", "/.appproxy/sign-out"), origin, b"").status == 303
    assert ended(first, 1.0) == STREAMS
    alive = [stream for each in others for stream in each]
    assert ended(alive, 1.5) == 0
    assert all(visitor.get(url).status == 200 for visitor in visitors[1:])
    for stream in [*first, *alive]:
        stream.close()
