"""The sample internal application of `appproxy demo`, and of the end-to-end tests: a program of its own.

    python -m appproxy.demo.application --listen 127.0.0.1:8000

It streams: no body is ever held in memory.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import react
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import Data
from twisted.web.util import redirectTo
from twisted.web.websocket import WebSocketResource

from appproxy.demo.chat import ChatFactory, EchoFactory
from appproxy.demo.faults import Fault, Trailers
from appproxy.demo.streams import Download, Events, Slow, StreamingRequest, UploadResource

#: The page loads nothing from elsewhere and runs no inline script; `connect-src 'self'` covers wss too.
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Fields that appproxy adds to a request.
OURS = ("x-user-", "x-forwarded-", "forwarded", "x-request-id", "x-appproxy-")


class Start(Resource):
    """The start page: who the user is, and a card for each thing to try."""

    def __init__(self, listening: str) -> None:
        super().__init__()
        self._listening = listening
        loader = PackageLoader("appproxy.demo", "page")
        self._page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("index.html")

    def render_GET(self, request: Request) -> bytes:
        """Fill in the page."""
        fields = [(name, value) for name, value in pairs(request) if name.startswith(OURS)]
        known = dict(fields)
        name = known.get("x-user-name") or known.get("x-user-login") or "visitor"
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"content-security-policy", POLICY)
        return self._page.render(name=name, fields=fields, listening=self._listening).encode()


class Headers(Resource):
    """/headers: the request as it arrived, in JSON."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Method, target and field lines."""
        request.setHeader(b"content-type", b"application/json")
        seen = {
            "method": request.method.decode("latin-1"),
            "target": request.uri.decode("latin-1"),
            "fields": pairs(request),
        }
        return json.dumps(seen, indent=2).encode() + b"\n"

    render_POST = render_GET


class RedirectResource(Resource):
    """/redirect/N: a redirect to an address of about N characters; N up to 8000."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Go to /headers with a long query."""
        text = (request.postpath or [b""])[0]
        size = int(text) if text.isdigit() and len(text) < 6 else 0
        return redirectTo(b"/headers?" + min(size, 8000) * b"x", request)


class Cookies(Resource):
    """/cookies: an answer that sets two cookies."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Two field lines of one name must stay two."""
        request.addCookie("first", "1", path="/")
        request.addCookie("second", "2", path="/")
        return b"two cookies\n"


class DemoState(Resource):
    """/state: what is open now, and how many users did not wait. The tests look here."""

    isLeaf = True

    def __init__(self, count: Callable[[], dict[str, int]]) -> None:
        super().__init__()
        self._count = count

    def render_GET(self, request: Request) -> bytes:
        """Numbers in JSON."""
        request.setHeader(b"content-type", b"application/json")
        return json.dumps(self._count()).encode() + b"\n"


def pairs(request: Request) -> list[tuple[str, str]]:
    """The request's field lines, names in lower case."""
    raw = request.requestHeaders.getAllRawHeaders()
    return [(name.decode("latin-1").lower(), value.decode("utf-8", "replace")) for name, all_ in raw for value in all_]


def sample_site(reactor: Any, wall_clock: Callable[[], float], listening: str) -> Site:
    """The whole application; `listening` is the address that the start page shows."""
    root = Resource()
    chat, events, slow = ChatFactory(), Events(reactor, wall_clock), Slow(reactor)
    root.putChild(b"", Start(listening))
    page = Resource()
    for file, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        page.putChild(file.encode(), Data(files("appproxy.demo").joinpath("page", file).read_bytes(), kind))
    children: dict[bytes, Resource] = {
        b"page": page,
        b"healthy": Data(b"fine\n", "text/plain"),
        b"headers": Headers(),
        b"upload": UploadResource(),
        b"download": Download(),
        b"events": events,
        b"slow": slow,
        b"fault": Fault(reactor),
        b"trailers": Trailers(),
        b"redirect": RedirectResource(),
        b"cookies": Cookies(),
        b"chat": WebSocketResource(chat),
        b"echo": WebSocketResource(EchoFactory()),
        b"state": DemoState(lambda: {"chat": len(chat.room), "events": events.open, "cancelled": slow.cancelled}),
    }
    for name, child in children.items():
        root.putChild(name, child)
    # No `timeout`: a connector keeps idle connections open and closes them itself.
    return Site(root, requestFactory=StreamingRequest, reactor=reactor)


async def serve(reactor: Any, host: str, port: int) -> None:
    """Listen, say so, and go on until the program is told to stop."""
    endpoint = TCP4ServerEndpoint(reactor, port, backlog=1024, interface=host)
    site = sample_site(reactor, time.time, f"{host}:{port}")  # noqa: TID251 -- the program's edge: here the clock is chosen
    listener: Any = await endpoint.listen(site)
    print(f"sample application ready on http://{host}:{listener.getHost().port}", flush=True)
    await Deferred()


def main(argv: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m appproxy.demo.application", description="A sample application.")
    parser.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT")
    host, _, port = parser.parse_args(argv).listen.rpartition(":")

    def start(reactor: Any) -> Deferred[None]:
        coroutine: Coroutine[Deferred[Any], Any, None] = serve(reactor, host, int(port))
        return Deferred.fromCoroutine(coroutine)

    react(start)


if __name__ == "__main__":
    main()
