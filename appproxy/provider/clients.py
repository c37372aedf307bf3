"""Who may ask the provider for a sign-in: each published application is one client, and nobody else is."""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.publish.application import Preauthentication
from appproxy.store.snapshot import BUILTIN, Snapshot

SCOPES = ("openid", "profile", "email", "groups")


@dataclass(frozen=True, slots=True)
class Client:
    """One application as an OAuth 2 client: the methods are what Authlib asks of a client.

    It is a public client (RFC 6749 section 2.1): all its codes go to the service's own callback, and PKCE binds each to
    the sign-in that asked for it, so a secret would prove nothing more.
    """

    client_id: str
    redirect_uri: str
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
        return " ".join(name for name in SCOPES if name in asked) if "openid" in asked else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly the one, byte for byte (RFC 9700 section 2.1)."""
        return redirect_uri == self.redirect_uri

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A public client authenticates by no method."""
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        """The code flow only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes only: no refresh tokens."""
        return grant_type == "authorization_code"


def find_client(snapshot: Snapshot, client_id: str, redirect_uri: str) -> Client | None:
    """The application's client, if it is published with this provider's sign-in."""
    application = snapshot.signed_in_to(client_id)
    if application is None or application.provider != BUILTIN:
        return None
    if application.preauthentication is not Preauthentication.OIDC:
        return None
    return Client(client_id, redirect_uri)
