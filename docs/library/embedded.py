"""A Twisted program with an application proxy in it, and a page of its own beside it.

    appproxy init --state DIR --domain apps.example.com
    python docs/library/embedded.py --state DIR --status-port 8080

The service listens where DIR/service.toml says. http://localhost:8080/ shows, as JSON, which connectors are online and how
many requests were relayed: the program asks the parts that it holds in its hands.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import react
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from appproxy.api import ProxyService, errors, proxy_service


class Status(Resource):
    """What the service is doing."""

    isLeaf = True

    def __init__(self, service: ProxyService) -> None:
        super().__init__()
        self._service = service

    def render_GET(self, request: Request) -> bytes:
        """Called by twisted.web."""
        request.setHeader(b"content-type", b"application/json")
        return json.dumps({"connectors": dict(self._service.connectors), "requests": self._service.requests}).encode()


async def run(reactor: Any, state: Path, status_port: int, stopping: Deferred[None]) -> None:
    """Start the service and the page; go on until `stopping` fires, then drain. Raises SystemExit with the reason."""
    try:
        service = proxy_service(state, reactor)
        ready = service.ready
        service.startService()
        try:
            await ready
            page = reactor.listenTCP(status_port, Site(Status(service)), interface="127.0.0.1")
            at = f"http://127.0.0.1:{page.getHost().port}/"
            print(f"users at {service.settings.signin_origin}, status at {at}", flush=True)
            await stopping
        finally:
            await service.stopService()
    except (errors.AppProxyError, CannotListenError) as error:
        raise SystemExit(str(error)) from error


def main(arguments: list[str]) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="An application proxy inside another program.")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--status-port", type=int, default=8080)
    options = parser.parse_args(arguments)

    def begin(reactor: Any) -> Deferred[None]:
        stopping: Deferred[None] = Deferred()
        stopped: Deferred[None] = Deferred()

        def stop() -> Deferred[None]:
            """SIGTERM or Ctrl-C: the reactor goes on until the service has drained."""
            stopping.callback(None)
            return stopped

        def over(result: Any) -> Any:
            stopped.callback(None)
            return result

        reactor.addSystemEventTrigger("before", "shutdown", stop)
        return Deferred.fromCoroutine(run(reactor, options.state.absolute(), options.status_port, stopping)).addBoth(over)

    react(begin)


if __name__ == "__main__":
    main(sys.argv[1:])
