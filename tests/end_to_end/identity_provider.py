"""An identity provider of somebody else's: HTTPS with a certificate of a private authority, and no question to the user."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.pki.chains import NOW, make

CLIENT = "appproxy"


@dataclass(slots=True)
class IdentityProvider:
    """Whoever comes is signed in as `user`. `asked` counts the paths that were asked for."""

    issuer: str
    anchor: Path
    redirect_uri: str
    signed_out_uri: str
    secret: str = "the first secret"
    user: str = "carol"
    claims: dict[str, object] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: Its ID tokens tell nothing but the subject, all else is in UserInfo; authorization requests must be pushed,
    #: which its metadata says where it is `requiring`.
    thin: bool = False
    pushing: bool = False
    requiring: bool = True
    #: Does it have an end point for them?
    able: bool = True
    pushed: dict[str, str] = field(default_factory=dict)
    access_token: str = ""
    #: Seconds that its tokens last, 0 for an hour and no refresh tokens; those that count, which are good for one use, with
    #: the name of the sign-in that they come from; when each sign-in was refreshed, and tokens that came twice.
    lifetime: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    #: Whom each sign-in was of.
    users: dict[str, str] = field(default_factory=dict)
    refreshed: dict[str, list[float]] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    #: It shows a form before it signs anybody in, as those do that nobody has a session with.
    asking: bool = False
    #: It answers 503 whatever is asked.
    away: bool = False
    #: The query with which a sign-out came.
    ended: dict[str, str] = field(default_factory=dict)

    def metadata(self) -> dict[str, object]:
        """OpenID Connect Discovery 1.0 section 3."""
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint": f"{self.issuer}/token", "end_session_endpoint": f"{self.issuer}/end",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True, "userinfo_endpoint": f"{self.issuer}/me",
            **({"pushed_authorization_request_endpoint": f"{self.issuer}/par"} if self.able else {}),
            "require_pushed_authorization_requests": self.pushing and self.requiring,
        }  # fmt: skip

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next."""
        assert self.pushing is ("request_uri" in query)
        query = self.pushed if self.pushing else query
        assert (query["client_id"], query["redirect_uri"], query["response_type"]) == (CLIENT, self.redirect_uri, "code")
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{self.redirect_uri}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """The token end point, with client_secret_basic; RFC 6749 section 2.3.1 encodes both halves."""
        expected = base64.b64encode(urlencode({"": CLIENT})[1:].encode() + b":" + urlencode({"": self.secret})[1:].encode())
        if self.secret and authorization != f"Basic {expected.decode()}":
            return 401, {"error": "invalid_client"}
        if not self.secret and (authorization or form.get("client_id") != CLIENT or "client_secret" in form):
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "refresh_token":
            return self.refresh(form.get("refresh_token", ""))
        query = self.codes.pop(form.get("code", ""), None)
        verifier = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if query is None or verifier != query["code_challenge"] or form.get("redirect_uri") != self.redirect_uri:
            return 400, {"error": "invalid_grant"}
        return 200, self.answer({"nonce": query["nonce"]}, secrets.token_urlsafe(8))

    def answer(self, more: dict[str, str], origin: str) -> dict[str, object]:
        """Tokens. `origin`: a name for the sign-in that they come from."""
        now = int(time.time())  # noqa: TID251 -- tokens are dated
        user, ends = self.users.setdefault(origin, self.user), now + (self.lifetime or 3600)
        claims = {
            "iss": self.issuer, "sub": user, "aud": CLIENT, "iat": now, "exp": ends, **more,
            **({} if self.thin else self.claims),
        }  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        self.access_token = secrets.token_urlsafe(16)
        made: dict[str, object] = {"token_type": "Bearer", "access_token": self.access_token, "id_token": token}
        if self.lifetime:
            again = secrets.token_urlsafe(16)
            self.tokens[again] = origin
            made |= {"expires_in": self.lifetime, "refresh_token": again}
        return made

    def refresh(self, token: str) -> tuple[int, dict[str, object]]:
        """The token end point (RFC 6749 section 6), with tokens that are good for one use."""
        origin = self.tokens.pop(token, None)
        if origin is None:
            self.reused.append(token)
            return 400, {"error": "invalid_grant"}
        self.refreshed.setdefault(origin, []).append(time.monotonic())
        return 200, self.answer({}, origin)

    def push(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """The end point for pushed authorization requests."""
        self.pushed = form
        return 201, {"request_uri": "urn:ietf:params:oauth:request_uri:1", "expires_in": 60}


class _Handler(BaseHTTPRequestHandler):
    """Its HTTP."""

    provider: IdentityProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        provider, parts = self.provider, urlsplit(self.path)
        provider.asked.append(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._answer(200, provider.metadata())
        elif parts.path == "/keys":
            self._answer(200, {"keys": [provider.key.as_dict(private=False)]})
        elif parts.path == "/leave":
            self._page(f'<iframe src="{provider.signed_out_uri.replace("signed-out", "frontchannel-logout")}?{parts.query}">')
        elif parts.path == "/authorize" and provider.asking:
            # In a browsing context group of its own, as large providers want it.
            self._page(f'<form method="post" action="/form?{escape(parts.query)}"><button>Sign in</button></form>',
                       ("Cross-Origin-Opener-Policy", "same-origin"))
        elif parts.path == "/authorize":
            self._lead(provider.authorize(query))
        elif parts.path == "/me" and self.headers["Authorization"] == f"Bearer {provider.access_token}":
            self._answer(200, {"sub": provider.user, **provider.claims})
        elif parts.path == "/end" and query.get("post_logout_redirect_uri") == provider.signed_out_uri:
            provider.ended = query
            self._lead(provider.signed_out_uri)
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        self.provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.provider.away:
            self._answer(503, {})
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path.startswith("/form?"):
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            self._lead(self.provider.authorize(query))
        elif self.path == "/par":
            self._answer(*self.provider.push(form))
        else:
            self._answer(*self.provider.token(self.headers["Authorization"] or "", form))

    def _page(self, body: str, *fields: tuple[str, str]) -> None:
        encoded = f"<!doctype html><title>provider</title>{body}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _lead(self, url: str) -> None:
        self.send_response(303)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def identity_provider(directory: Path, redirect_uri: str, signed_out_uri: str) -> Iterator[IdentityProvider]:
    """One on this machine, called localhost; it ends with the context."""
    own = make("Corp", authority=True, ends=NOW + 30 * 86400)
    server = make("localhost", own, names=("localhost",), ends=NOW + 30 * 86400)
    anchor, chain = directory / "corp-ca.pem", directory / "corp.pem"
    anchor.write_text(own.pem)
    chain.write_text(server.pem + server.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)

    class Handler(_Handler):
        provider: IdentityProvider

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    made = IdentityProvider(f"https://localhost:{listener.server_port}", anchor, redirect_uri, signed_out_uri)
    Handler.provider = made
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
