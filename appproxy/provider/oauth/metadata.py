"""What the provider says about itself: the discovery document (OpenID Connect Discovery 1.0 section 3)."""

from __future__ import annotations

from appproxy.identity.grant_types import DEVICE_CODE
from appproxy.provider.assurance import ACR
from appproxy.provider.oauth.claims import CLAIMS
from appproxy.provider.oauth.clients import DEVICE_PATH, OFFLINE, SCOPES
from appproxy.provider.oauth.signing import ALGORITHM

#: End points by the name of their resource on the issuer's host.
AUTHORIZE, SIGN_IN, TOKEN, JWKS, USERINFO, LOGOUT = "authorize", "sign-in", "token", "jwks", "userinfo", "logout"
#: The page whose frames end sessions of relying parties.
SIGN_OUT_ELSEWHERE = "sign-out-elsewhere"
#: Pages of the users themselves.
SECOND_FACTOR, SET_UP, SET_UP_APP = "second-factor", "set-up", "set-up-app"
#: Native clients: what they call, and where their users type a code and allow it.
#: Where browsers come back to that have proved their device for a relying party.
DEVICE_PROVED = "device-proved"
DEVICE_AUTHORIZATION, REVOKE, DEVICE, CONSENT = "device-authorization", "revoke", DEVICE_PATH, "consent"
ACCOUNT, NEW_PASSWORD, PASSWORD_LINK = "account", "new-password", "password"


def discovery_document(issuer: str) -> dict[str, object]:
    """The document at /.well-known/openid-configuration, and at /.well-known/oauth-authorization-server (RFC 8414)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/{AUTHORIZE}",
        "token_endpoint": f"{issuer}/{TOKEN}",
        "jwks_uri": f"{issuer}/{JWKS}",
        "userinfo_endpoint": f"{issuer}/{USERINFO}",
        "end_session_endpoint": f"{issuer}/{LOGOUT}",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "device_authorization_endpoint": f"{issuer}/{DEVICE_AUTHORIZATION}",
        "revocation_endpoint": f"{issuer}/{REVOKE}",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "scopes_supported": [*SCOPES, OFFLINE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_CODE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": list(ACR.values()),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", *CLAIMS],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
