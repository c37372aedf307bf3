"""An identity provider for tests and demonstrations: it signs everybody in as the same user, without asking."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.oidc import Metadata, TokenAnswer

#: How long its tokens are good, in seconds; real ones' last between five minutes and a day.
_LIFETIME = 3600.0


class StandInProvider(Resource):
    """Never use it in earnest: whoever comes is `user`.

    It is both sides of a provider: a resource for the browser (`page`, to be reached as `ISSUER/stand-in`), and the
    `client` of a CookieAuthResource, which then needs no network. `issuer`: the site's own origin; `wall_clock` gives seconds
    since 1970, `user` are claims of the ID token beside the usual ones; without `sub` that is `ann`.
    """

    isLeaf = True
    #: Where the browser must find it.
    page = b"stand-in"

    def __init__(
        self, issuer: str, wall_clock: Callable[[], float], user: Mapping[str, object] | None = None,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        super().__init__()
        self._issuer = issuer
        self._wall_clock = wall_clock
        self._user = {"sub": "ann", "name": "Ann"} if user is None else {"sub": "ann", **user}
        self._token = token
        self._key = ECKey.generate_key("P-256", {"kid": "stand-in"})
        self._codes: dict[str, tuple[str, str, str]] = {}

    def render_GET(self, request: Request) -> bytes:
        """The authorization page: sends the browser back with a code."""
        asked = {name.decode(): values[0].decode() for name, values in (request.args or {}).items()}
        code = self._token(16)
        self._codes[code] = (asked["nonce"], asked["client_id"], asked["code_challenge"])
        answer = urlencode({"code": code, "state": asked["state"], "iss": self._issuer})
        request.redirect(f"{asked['redirect_uri']}?{answer}".encode())
        return b""

    async def metadata(self) -> Metadata:
        """What a provider publishes about itself."""
        page = f"{self._issuer}/{self.page.decode()}"
        return Metadata(self._issuer, page, page, page, iss_parameter=True)

    async def keys(self, refresh: bool = False) -> KeySet:
        """The key that its tokens are checked with."""
        return KeySet([self._key])

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The token for a code, once. Raises IdentityError for one that it has not given to this client and browser."""
        nonce, client, wanted = self._codes.pop(code, ("", "", ""))
        digest = hashlib.sha256(verifier.encode()).digest()  # RFC 7636 section 4.6
        if not client or (client, wanted) != (client_id, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()):
            raise IdentityError(Code.PROVIDER_REFUSED, "the stand-in has given no such code")
        now = self._wall_clock()
        claims = {
            "iss": self._issuer, "aud": client_id, "nonce": nonce, "iat": now, "exp": now + _LIFETIME, **self._user,
        }
        return TokenAnswer(jwt.encode({"alg": "ES256", "kid": "stand-in"}, claims, self._key, ["ES256"]))

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """It gives no refresh tokens. Raises IdentityError."""
        raise IdentityError(Code.PROVIDER_REFUSED, "the stand-in gives no refresh tokens")

    async def member_groups(self, place: str, access_token: str) -> list[str]:
        """Its tokens name all groups."""
        return []

    async def user_info(self, access_token: str) -> Mapping[str, object]:
        """Nothing more than the token says."""
        return {"sub": self._user["sub"]}

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """It wants no pushed requests (RFC 9126)."""
        return parameters
