"""What the provider says about itself: the discovery document (OpenID Connect Discovery 1.0 section 3)."""

from __future__ import annotations

from appproxy.provider.claims import CLAIMS
from appproxy.provider.clients import SCOPES
from appproxy.provider.signing import ALGORITHM
from appproxy.provider.tokens import ACR

#: End points by the name of their resource on the issuer's host.
AUTHORIZE, SIGN_IN, TOKEN, JWKS, USERINFO, LOGOUT = "authorize", "sign-in", "token", "jwks", "userinfo", "logout"


def discovery_document(issuer: str) -> dict[str, object]:
    """The document at /.well-known/openid-configuration."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/{AUTHORIZE}",
        "token_endpoint": f"{issuer}/{TOKEN}",
        "jwks_uri": f"{issuer}/{JWKS}",
        "userinfo_endpoint": f"{issuer}/{USERINFO}",
        "end_session_endpoint": f"{issuer}/{LOGOUT}",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [ACR],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", *CLAIMS],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
