"""A Twisted site that only signed-in users reach: `python docs/library/cookie_auth.py`, then http://localhost:8080/.

Without more it brings a stand-in for an identity provider, which signs everybody in as Ann. With a real one:

    python docs/library/cookie_auth.py --issuer https://login.example.com --client-id my-site

The client secret is read from the environment variable CLIENT_SECRET. Register the redirect URI
`http://localhost:8080/.appproxy/callback` with the provider.

Browsers keep `Secure` cookies of http://localhost; on every other host the site must be reached over https.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IListeningPort
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from appproxy.api import CookieAuthResource, OidcClient, ProviderRecord, identity_of, oidc_client, testing


class Welcome(Resource):
    """The site: any resource tree will do."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Called by twisted.web, and only for users who are signed in."""
        user = identity_of(request)
        name = user.name if user is not None else "nobody"
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return f"Welcome, {name}. Sign out at /.appproxy/sign-out\n".encode()


def make_site(options: argparse.Namespace, reactor: Any, wall_clock: Callable[[], float]) -> Resource:
    """The root of the site."""
    origin = f"http://localhost:{options.port}"
    # A new one at each start signs everybody out; keep it in a file to keep them.
    secret = secrets.token_bytes(32)
    record = ProviderRecord(
        "idp", "Provider", options.issuer or origin, options.client_id, os.environ.get("CLIENT_SECRET", "")
    )
    stand_in = None if options.issuer else testing.StandInProvider(origin, wall_clock)
    client: OidcClient = oidc_client(record, reactor) if stand_in is None else stand_in
    protected = CookieAuthResource(
        Welcome(), origin=origin, provider=record, client=client, secret=secret, wall_clock=wall_clock, name="the example"
    )
    return protected if stand_in is None else _Beside(protected, stand_in)


class _Beside(Resource):
    """Puts the stand-in's page beside the protected site, so that one program is enough."""

    def __init__(self, protected: CookieAuthResource, stand_in: testing.StandInProvider) -> None:
        super().__init__()
        self._protected = protected
        self._stand_in = stand_in

    def getChildWithDefault(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web."""
        return self._stand_in if path == self._stand_in.page else self._protected.getChildWithDefault(path, request)


def main(arguments: list[str], reactor: Any) -> IListeningPort:
    """Listen on loopback."""
    parser = argparse.ArgumentParser(description="A site that only signed-in users reach.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--issuer", default="")
    parser.add_argument("--client-id", default="example")
    options = parser.parse_args(arguments)
    site = Site(make_site(options, reactor, time.time))  # noqa: TID251 -- a program knows the time
    port: IListeningPort = reactor.listenTCP(options.port, site, interface="127.0.0.1")
    print(f"http://localhost:{options.port}/", flush=True)
    return port


if __name__ == "__main__":
    from twisted.internet import reactor  # noqa: TID251 -- the program's own

    main(sys.argv[1:], reactor)
    reactor.run()
