"""Sign-in and sign-out. What a kind of identity providers of somebody's own needs is here by name."""

from appproxy.identity.openid.id_token import Claims
from appproxy.identity.openid.logout_token import LogoutToken
from appproxy.identity.openid.oidc import Metadata, TokenAnswer
from appproxy.service.signin.openid.identity_provider import EndsSessions, IdentityProvider, ProviderKind, Refreshes
from appproxy.service.signin.openid.oidc_client import GrantRefused
from appproxy.service.signin.openid.provider_claims import WantedClaims
from appproxy.store.snapshot import ProviderRecord

__all__ = [
    "Claims", "EndsSessions", "GrantRefused", "IdentityProvider", "LogoutToken", "Metadata", "ProviderKind", "ProviderRecord",
    "Refreshes", "TokenAnswer", "WantedClaims",
]
