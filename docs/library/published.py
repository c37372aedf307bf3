"""A site that no port leads to: users reach it through a service, and this program only dials out.

    appproxy --state SERVICE app publish hello --external https://hello.example.com/ --internal http://hello.internal/
    appproxy --state SERVICE connector token
    python docs/library/published.py --state DIR --application hello --token TOKEN

With `--token` it first joins from the directory; later it starts without. The internal URL is what the site is called inside:
its name is looked up nowhere. `/echo` is a WebSocket.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.websocket import WebSocketResource, WebSocketServerFactory, WebSocketTransport

from appproxy.api import connector_service, errors, join


class Hello(Resource):
    """The page."""

    def getChild(self, path: bytes, request: Request) -> Resource:
        """Called by twisted.web."""
        return self

    def render_GET(self, request: Request) -> bytes:
        """Called by twisted.web."""
        request.setHeader(b"content-type", b"text/plain")
        return b"hello from nowhere\n"


class Echo:
    """A WebSocket that says everything again."""

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """Called by twisted.web."""
        self._transport = transport

    def negotiationFinished(self) -> None:
        """Called by twisted.web."""

    def textMessageReceived(self, message: str) -> None:
        """Called by twisted.web."""
        self._transport.sendTextMessage(message)

    def bytesMessageReceived(self, data: bytes) -> None:
        """Called by twisted.web."""
        self._transport.sendBytesMessage(data)

    def pongReceived(self, payload: bytes) -> None:
        """Called by twisted.web."""

    def connectionLost(self, reason: object) -> None:
        """Called by twisted.web."""


class Echoes:
    """Builds them."""

    def buildProtocol(self, request: Request) -> Echo:
        """Called by twisted.web."""
        return Echo()


def site() -> Site:
    """Any server factory will do."""
    root = Hello()
    factory: WebSocketServerFactory[Any] = Echoes()
    root.putChild(b"echo", WebSocketResource(factory))
    return Site(root)


async def run(reactor: Any, options: argparse.Namespace, stopping: Deferred[None]) -> None:
    """Serve until `stopping` fires, then let requests under way finish. Raises SystemExit with the reason."""
    try:
        if options.token:
            await join(options.token, options.state, reactor, name=options.application)
        parts = MultiService()
        service = connector_service(options.state, reactor, factories={options.application: site()})
        service.setServiceParent(parts)
        ready = service.ready
        parts.startService()
        try:
            await ready
            print(f"{options.application} is served through {service.settings.address}", flush=True)
            await stopping
        finally:
            await parts.stopService()
    except errors.AppProxyError as error:
        raise SystemExit(str(error)) from error


def main(arguments: list[str]) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="A site that no port leads to.")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--application", default="hello")
    parser.add_argument("--token", default="")
    options = parser.parse_args(arguments)

    def begin(reactor: Any) -> Deferred[None]:
        stopping: Deferred[None] = Deferred()
        stopped: Deferred[None] = Deferred()

        def stop() -> Deferred[None]:
            """SIGTERM or Ctrl-C: the reactor goes on until all has drained."""
            stopping.callback(None)
            return stopped

        def over(result: Any) -> Any:
            stopped.callback(None)
            return result

        reactor.addSystemEventTrigger("before", "shutdown", stop)
        return Deferred.fromCoroutine(run(reactor, options, stopping)).addBoth(over)

    react(begin)


if __name__ == "__main__":
    main(sys.argv[1:])
