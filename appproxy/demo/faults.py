"""Answers that fail, each in a way of its own, to see what users and logs make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request


def _send_raw(request: Request, data: bytes, reset: IReactorTime | None = None) -> int:
    """Write bytes past twisted.web, which would insist on valid HTTP, and end the connection.

    With a reactor in `reset`, by a reset; that overtakes what is still to be sent, so the bytes get a moment first.
    """
    channel = request.channel
    assert channel is not None
    transport: Any = channel.transport
    if data:
        transport.write(data)
    if reset is None:
        transport.loseConnection()
    else:
        reset.callLater(0.05 if data else 0, transport.abortConnection)
    return NOT_DONE_YET


def _status_500(request: Request, reactor: IReactorTime) -> bytes:
    request.setResponseCode(http.INTERNAL_SERVER_ERROR)
    request.setHeader(b"content-type", b"text/plain")
    return b"The application failed, and this is its own answer.\n"


FAULTS: dict[bytes, Callable[[Request, IReactorTime], bytes | int]] = {
    b"500": _status_500,
    b"reset": lambda request, reactor: _send_raw(request, b"", reactor),
    b"close": lambda request, reactor: _send_raw(request, b""),
    b"reset-midway": lambda request, reactor: _send_raw(
        request, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", reactor
    ),
    b"short": lambda request, reactor: _send_raw(
        request, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nten bytes\n"
    ),
    b"short-chunk": lambda request, reactor: _send_raw(
        request, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nten bytes\n"
    ),
    b"garbage": lambda request, reactor: _send_raw(request, b"This is not HTTP at all.\r\n\r\n"),
    b"big-head": lambda request, reactor: _send_raw(
        request, b"HTTP/1.1 200 OK\r\nX-Large: " + 100_000 * b"x" + b"\r\nContent-Length: 0\r\n\r\n"
    ),
    b"silent": lambda request, reactor: NOT_DONE_YET,
}

#: A chunked answer with a trailer, which twisted.web cannot write itself.
TRAILERS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTrailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n6\r\nhello\n\r\n0\r\nX-Checksum: 5891b5b5\r\n\r\n"
)


class Fault(Resource):
    """/fault/NAME."""

    isLeaf = True

    def __init__(self, reactor: IReactorTime) -> None:
        super().__init__()
        self._reactor = reactor

    def render_GET(self, request: Request) -> bytes | int:
        """Fail as asked."""
        name = (request.postpath or [b""])[0]
        fault = FAULTS.get(name)
        if fault is None:
            request.setResponseCode(http.NOT_FOUND)
            return b"/fault/NAME, NAME one of " + b", ".join(FAULTS) + b"\n"
        return fault(request, self._reactor)


class Trailers(Resource):
    """/trailers: a chunked answer that ends in a trailer field."""

    isLeaf = True

    def render_GET(self, request: Request) -> int:
        """Answer and close."""
        return _send_raw(request, TRAILERS)
