"""Small bodies travel with their request: the REQ's tail is all of the body, and no data connection is needed for it.

Forms and calls of scripts come with their head, or right behind it. A body of known size that is no larger than the tunnel
takes in a REQ is read before a connector is chosen. If the rest of it does not come within `GATHER_SECONDS`, the request goes
the way of large bodies, with what has come. A request whose body travels so is like one that has none: the application may
have it as soon as its REQ is written (`tunnel.retry`).
"""

from __future__ import annotations

from appproxy.http.head import Fields, RequestHead
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.service.relay.upload import Upload
from appproxy.tunnel.frames import Flag
from appproxy.tunnel.limits import DEFAULT_LIMITS

_NOT_SMALL = int(Flag.UPGRADE | Flag.STRICT | Flag.ASK)
_MOST = DEFAULT_LIMITS.inline_body
#: Seconds in which the rest of a small body is to come. Programs send it at once; one that waits for an answer first (it may,
#: but none is known that tells the size) waits no longer than people notice.
GATHER_SECONDS = 0.5


def dispatch(request: ProxiedRequest, exchange: Exchange) -> None:
    """Send one that has a body to a connector: with it, if it is small, as soon as all of it is here."""
    if request.flags & _NOT_SMALL or not _is_small(exchange.head):
        request.dispatch(request.relay.clock.seconds())
        return
    body = exchange.take_body()
    if body is not None:
        request.dispatch_with(body)
    else:
        Gathering(request).begin(exchange)


def _is_small(head: RequestHead) -> bool:
    """Can its body travel with it? Not one that its user sends only when asked to, for the application may want none."""
    return head.length is not None and head.length <= _MOST and not head.expects_continue


class Gathering:
    """Reads the body of one request. When it takes too long all that it does is pass on what comes."""

    __slots__ = ("_pieces", "_request", "_upload", "deadline")

    def __init__(self, request: ProxiedRequest) -> None:
        self._request = request
        self._pieces: list[bytes] = []
        #: Who takes the body once this has taken too long.
        self._upload: Upload | None = None
        self.deadline = request.relay.clock.seconds() + GATHER_SECONDS

    def begin(self, exchange: Exchange) -> None:
        """Have it read."""
        self._request.relay.deadlines.add(self)
        exchange.read_body(self)

    def body_received(self, data: bytes) -> None:
        """A piece."""
        if self._upload is not None:
            self._upload.body_received(data)
        else:
            self._pieces.append(data)

    def body_ended(self, trailers: Fields) -> None:
        """It is whole."""
        if self._upload is not None:
            self._upload.body_ended(trailers)
        elif self._end():
            self._request.dispatch_with(b"".join(self._pieces))

    def deadline_passed(self, now: float) -> None:
        """The rest does not come: let a connector ask for it. The user is paused until then."""
        request = self._request
        if not self._end():
            return
        upload, exchange = request.upload, request.exchange
        assert upload is not None and exchange is not None  # as long as it waits here
        self._upload = upload
        upload.adopt(self._pieces, ended=False)
        exchange.read_gate.pauseProducing()
        request.dispatch(now)

    def _end(self) -> bool:
        """Wait no longer; False where the user has left meanwhile."""
        request = self._request
        request.relay.deadlines.discard(self)
        return request.exchange is not None
