"""Who may ask the provider for a sign-in: each published application is a client, and so are those that an admin registers.

Registered are native clients, and relying parties: applications elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

from appproxy.errors import RequestError
from appproxy.identity.grant_types import DEVICE_CODE
from appproxy.identity.openid.access_token import is_within
from appproxy.publish.application import Application, Preauthentication
from appproxy.store.snapshot import BUILTIN, NativeClient, RelyingParty, Snapshot

#: Where people type a device's code.
DEVICE_PATH = "device"
#: The scope by which relying parties ask for refresh tokens; native clients get some in any case.
OFFLINE = "offline_access"
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::[0-9]{1,5})?(?=/|$)")
SCOPES = ("openid", "profile", "email", "groups")


@dataclass(frozen=True, slots=True)
class Client:
    """One application as an OAuth 2 client: the methods are what Authlib asks of a client.

    It is a public client (RFC 6749 section 2.1): all its codes go to the service's own callback, and PKCE binds each to
    the sign-in that asked for it, so a secret would prove nothing more. A relying party has one.
    """

    client_id: str
    redirect_uri: str
    #: What is registered of a native client; None for an application.
    native: NativeClient | None = None
    #: What is registered of a relying party, and the moment (seconds since 1970) at which its secrets are looked at.
    party: RelyingParty | None = None
    now: float = math.inf
    #: Scopes beside our own that it may ask for: those that its applications want.
    scopes: frozenset[str] = frozenset()
    #: Read by Authlib: OpenID Connect Dynamic Registration section 2.
    id_token_signed_response_alg: str = "ES256"

    def get_client_id(self) -> str:
        """The application's id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the request must name it."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Those of the scopes asked for that exist; None, which refuses the request, without `openid`."""
        asked = (scope or "").split()
        if self.native is not None:
            return " ".join(name for name in dict.fromkeys(asked) if name in (*SCOPES, OFFLINE) or name in self.scopes)
        known = SCOPES if self.party is None else (*SCOPES, OFFLINE)
        return " ".join(name for name in known if name in asked) if "openid" in asked else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly the one, byte for byte (RFC 9700 section 2.1); of a client on the user's machine any port of it."""
        if self.party is not None:
            return redirect_uri in self.party.redirect_uris
        if self.native is not None:
            device = self.native.device_codes and redirect_uri == self.redirect_uri
            return device or is_redirect_of(redirect_uri, self.native.redirect_uris)
        return redirect_uri == self.redirect_uri

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A public client authenticates by no method, a relying party by its secret. A Basic one was made a posted one."""
        return method == ("none" if self.party is None else "client_secret_post")

    def check_client_secret(self, secret: str) -> bool:
        """Is it the client's own? One without has none that could be right."""
        known = {} if self.party is None else self.party.secrets
        given = sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        return any(compare_digest(hashed, given) and self.now < until for hashed, until in known.items())

    def check_response_type(self, response_type: str) -> bool:
        """The code flow only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes; registered clients have refresh tokens besides, and native ones device codes where they may have them."""
        if self.native is None and self.party is None:
            return grant_type == "authorization_code"
        device = (DEVICE_CODE,) if self.native is not None and self.native.device_codes else ()
        return grant_type in ("authorization_code", "refresh_token", *device)

    def resource(self, snapshot: Snapshot, asked: str) -> str | None:
        """The resource (RFC 8707) of a native client that a URL belongs to, which its tokens will be for; None for none.

        Without a URL it is that of its only application.
        """
        if self.native is None:
            return None
        mine = [one for id in sorted(self.native.applications) if (one := snapshot.applications.get(id)) is not None]
        if not asked:
            return mine[0].home or None if len(mine) == 1 and _takes(mine[0]) else None
        try:
            parts = urlsplit(asked)
            route = snapshot.router.find((parts.hostname or "").lower(), (parts.path or "/").encode("ascii"))
        except (ValueError, RequestError):
            return None
        resource = str(route.segment.external)
        good = route.application in mine and _takes(route.application) and is_within(asked, [resource])
        return resource if good else None


def _takes(application: Application) -> bool:
    """Does it take access tokens of this provider?"""
    return BUILTIN in application.providers and application.bearer in ("provider", "both")


def is_redirect_of(uri: str, registered: Iterable[str]) -> bool:
    """Is it one of these? On the user's own machine the port is what was free (RFC 8252 section 7.3)."""
    return any(uri == one or (_LOOPBACK.match(one) and _without_port(uri) == one) for one in registered)


def _without_port(uri: str) -> str:
    found = _LOOPBACK.match(uri)
    return uri if found is None else found[1] + uri[found.end():]


def find_client(snapshot: Snapshot, client_id: str, redirect_uri: str, now: float = math.inf) -> Client | None:
    """The client of a registered one, or of an application that is published with this provider's sign-in.

    `now`, in seconds since 1970, is what secrets are looked at with; without it none counts.
    """
    party = snapshot.relying_parties.get(client_id)
    if party is not None:
        return Client(client_id, "", party=party, now=now)
    native = snapshot.native_clients.get(client_id)
    if native is not None:
        wanted = (snapshot.applications[id].bearer_scopes for id in native.applications if id in snapshot.applications)
        device = f"{redirect_uri.removesuffix('callback')}{DEVICE_PATH}"
        return Client(client_id, device, native, scopes=frozenset[str]().union(*wanted))
    application = snapshot.signed_in_to(client_id)
    if application is None or BUILTIN not in application.providers:
        return None
    if application.preauthentication is not Preauthentication.OIDC:
        return None
    return Client(client_id, redirect_uri)
