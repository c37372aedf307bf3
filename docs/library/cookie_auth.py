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
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from twisted.internet.interfaces import IListeningPort
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from appproxy.identity.oidc import Metadata, TokenAnswer, challenge
from appproxy.service.cookie_auth import CookieAuthResource, identity_of
from appproxy.service.oidc_client import HttpOidcClient, OidcClient
from appproxy.service.provider_agent import ProviderAgent
from appproxy.store.snapshot import ProviderRecord


class Welcome(Resource):
    """The site: any resource tree will do."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        """Called by twisted.web, and only for users who are signed in."""
        user = identity_of(request)
        name = user.name if user is not None else "nobody"
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return f"Welcome, {name}. Sign out at /.appproxy/sign-out\n".encode()


class StandIn(Resource):
    """An identity provider for trying things out: it signs everybody in as Ann, without asking. Never use it in earnest.

    It is the provider's authorization page and, to the site, the client that talks to the provider.
    """

    isLeaf = True

    def __init__(self, issuer: str, wall: Callable[[], float]) -> None:
        super().__init__()
        self._issuer = issuer
        self._wall = wall
        self._key = ECKey.generate_key("P-256", {"kid": "stand-in"})
        self._codes: dict[str, tuple[str, str, str]] = {}

    def render_GET(self, request: Request) -> bytes:
        """The authorization page: sends the browser back with a code."""
        asked = {name.decode(): values[0].decode() for name, values in (request.args or {}).items()}
        code = secrets.token_hex(16)
        self._codes[code] = (asked["nonce"], asked["client_id"], asked["code_challenge"])
        answer = urlencode({"code": code, "state": asked["state"], "iss": self._issuer})
        request.redirect(f"{asked['redirect_uri']}?{answer}".encode())
        return b""

    async def metadata(self) -> Metadata:
        """What a provider publishes about itself."""
        page = f"{self._issuer}/stand-in"
        return Metadata(self._issuer, page, page, page, iss_parameter=True)

    async def keys(self, refresh: bool = False) -> KeySet:
        """The key that its tokens are checked with."""
        return KeySet([self._key])

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The token for a code."""
        nonce, client, wanted = self._codes.pop(code)
        assert (client, wanted) == (client_id, challenge(verifier))
        now = self._wall()
        claims = {
            "iss": self._issuer, "aud": client_id, "sub": "ann", "name": "Ann", "nonce": nonce, "iat": now,
            "exp": now + 3600,
        }
        return TokenAnswer(jwt.encode({"alg": "ES256", "kid": "stand-in"}, claims, self._key, ["ES256"]))

    async def user_info(self, access_token: str) -> Mapping[str, object]:
        """Nothing more than the token tells."""
        return {"sub": "ann"}

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """It wants no pushed requests."""
        return parameters


def make_site(options: argparse.Namespace, reactor: Any, wall: Callable[[], float]) -> Resource:
    """The root of the site."""
    origin = f"http://localhost:{options.port}"
    # A new one at each start signs everybody out; keep it in a file to keep them.
    secret = secrets.token_bytes(32)
    record = ProviderRecord(
        "idp", "Provider", options.issuer or origin, options.client_id, os.environ.get("CLIENT_SECRET", "")
    )
    stand_in = StandIn(origin, wall)
    client: OidcClient = HttpOidcClient(record, ProviderAgent(reactor), reactor) if options.issuer else stand_in
    protected = CookieAuthResource(
        Welcome(), origin=origin, provider=record, client=client, secret=secret, wall=wall, name="the example"
    )
    if options.issuer:
        return protected
    return _Beside(protected, stand_in)


class _Beside(Resource):
    """Puts the stand-in's page beside the protected site, so that one program is enough."""

    def __init__(self, protected: CookieAuthResource, stand_in: StandIn) -> None:
        super().__init__()
        self._protected = protected
        self._stand_in = stand_in

    def getChildWithDefault(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web."""
        return self._stand_in if path == b"stand-in" else self._protected.getChildWithDefault(path, request)


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
