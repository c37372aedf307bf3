"""Event streams that a test holds open, and whether they end."""

from __future__ import annotations

import select
import ssl
import time
from urllib.parse import urlsplit

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World


def open_stream(world: World, visitor: Visitor, url: str) -> ssl.SSLSocket:
    """One that has begun: an event each second."""
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


def ended(streams: list[ssl.SSLSocket], seconds: float) -> int:
    """How many of the streams end in this time."""
    left, until_then = list(streams), time.monotonic() + seconds
    while left and (rest := until_then - time.monotonic()) > 0:
        for stream in select.select(left, [], [], rest)[0]:
            if _is_over(stream):
                left.remove(stream)
    return len(streams) - len(left)


def _is_over(stream: ssl.SSLSocket) -> bool:
    """Read what is there. That may be a ticket of TLS alone, or part of a record: a read that waits would go on waiting."""
    waits = stream.gettimeout()
    stream.setblocking(False)
    try:
        while stream.recv(65536):
            pass
    except ssl.SSLWantReadError:
        return False
    except OSError:
        pass
    finally:
        stream.settimeout(waits)
    return True
