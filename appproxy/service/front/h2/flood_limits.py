"""What an HTTP/2 user may do without asking for anything, where nghttp2 does not count it itself (see `http.h2.session`)."""

from __future__ import annotations

from appproxy.errors import Code, RemoteProtocolError
from appproxy.tunnel.token_bucket import TokenBucket

#: PING and SETTINGS: gRPC sends a PING with each burst of data.
_CONTROLS = ("PING and SETTINGS frames", 1_000, 0.01)
#: Streams that the user broke: all images of a large page at once, then 50 a second.
_BROKEN = ("broken streams", 200, 0.02)
#: Window updates that were no answer to data. What was sent earns more: two for each KiB and for each piece.
_UPDATES = 10_000


class FloodLimits:
    """That of one connection. Each method but `earned` raises RemoteProtocolError when it is too much."""

    __slots__ = ("_broken", "_controls", "_updates")

    def __init__(self, now: float) -> None:
        self._controls = TokenBucket(*_CONTROLS, now)
        self._broken = TokenBucket(*_BROKEN, now)
        self._updates = _UPDATES

    def controlled(self, now: float) -> None:
        """A PING or SETTINGS frame has come."""
        self._controls.take(now)

    def broke(self, now: float) -> None:
        """They have broken a stream, or made us reset it."""
        self._broken.take(now)

    def updated(self) -> None:
        """A window update has come."""
        self._updates -= 1
        if self._updates < 0:
            raise RemoteProtocolError("too many window updates", Code.OVERLOADED)

    def earned(self, size: int) -> None:
        """A piece of an answer was sent, so many bytes. They may answer it with window updates."""
        self._updates = min(_UPDATES, self._updates + 2 + size // 512)
