"""How we prove to a provider that we are its client (OpenID Connect Core 1.0 section 9)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.jwk import OctKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.client_keys import ClientKey, sign
from appproxy.identity.openid.oidc import Metadata

#: What a signed proof calls itself (RFC 7523 section 2.2).
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Seconds for which a signed proof is good: it is made for one call, which has ten.
_LIFETIME = 60


@dataclass(frozen=True, slots=True)
class ProviderClient:
    """Who we are to a provider. `method`: one of `oidc_settings.CLIENT_AUTHENTICATION`.

    `key` signs with `algorithm`, where the client has one; `to_token_endpoint`: proofs are for that URL, not for the issuer.
    """

    id: str
    secret: str = field(default="", repr=False)
    method: str = "auto"
    key: ClientKey | None = None
    algorithm: str = "ES256"
    to_token_endpoint: bool = False


@dataclass(frozen=True, slots=True)
class ClientProof:
    """What goes along with a call: fields of its form, and the value of Authorization, if there is one."""

    form: dict[str, str] = field(default_factory=dict, repr=False)
    authorization: str | None = field(default=None, repr=False)


def method_of(metadata: Metadata, client: ProviderClient) -> str:
    """The method that is used: the one that was set, or by what the provider takes. `none` is a public client's.

    Basic goes first, for a body ends up in logs more easily. Raises IdentityError(PROVIDER_REFUSED) when the provider
    takes none of what we have.
    """
    if client.method != "auto":
        return client.method
    if not client.secret:
        return "none"
    for method in ("client_secret_basic", "client_secret_post", "client_secret_jwt"):
        if method in metadata.token_auth_methods:
            return method
    raise IdentityError(Code.PROVIDER_REFUSED, "token end point: it takes neither client_secret_basic nor client_secret_post")


def prove(metadata: Metadata, client: ProviderClient, *, now: float, jti: str) -> ClientProof:
    """The proof for one call. `now`: seconds since 1970; `jti`: a name that no other proof has.

    Raises IdentityError(PROVIDER_REFUSED).
    """
    match method_of(metadata, client):
        case "client_secret_basic":
            pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}".encode("ascii")
            return ClientProof(authorization="Basic " + b64encode(pair).decode("ascii"))
        case "client_secret_post":
            return ClientProof({"client_id": client.id, "client_secret": client.secret})
        case "client_secret_jwt" | "private_key_jwt" as method:
            return ClientProof(_assertion(metadata, client, method, now, jti))
        case _:  # a public client, or one whose certificate is shown in TLS (RFC 8705 section 2)
            return ClientProof({"client_id": client.id})


def signed_request(
    metadata: Metadata, client: ProviderClient, parameters: Mapping[str, str], *, now: float, jti: str
) -> dict[str, str]:
    """An authorization request as one that we have signed (RFC 9101 section 4): nobody on the way can change it.

    `response_type` and `scope` stand beside it, too, for providers that go by OpenID Connect Core section 6.1. Raises
    IdentityError(PROVIDER_REFUSED) where there is no key.
    """
    claims = {**parameters, "iss": client.id, "aud": metadata.issuer, "jti": jti, "nbf": int(now), **_lasting(now)}
    request = sign(_key(client), client.algorithm, claims, "oauth-authz-req+jwt")
    return {"client_id": client.id, "request": request,
            "response_type": parameters["response_type"], "scope": parameters["scope"]}


def _assertion(metadata: Metadata, client: ProviderClient, method: str, now: float, jti: str) -> dict[str, str]:
    """A signed proof (RFC 7523 section 2.2). Its audience is the issuer alone, unless an admin says otherwise: then it is good
    for no other server, whatever a document names as token end point (draft-ietf-oauth-rfc7523bis section 4).
    """
    audience = metadata.token_endpoint if client.to_token_endpoint else metadata.issuer
    claims = {"iss": client.id, "sub": client.id, "aud": audience, "jti": jti, **_lasting(now)}
    if method == "private_key_jwt":
        token = sign(_key(client), client.algorithm, claims)
    else:
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(client.secret.encode()), ["HS256"])
    return {"client_id": client.id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": token}


def _lasting(now: float) -> dict[str, int]:
    return {"iat": int(now), "exp": int(now) + _LIFETIME}


def _key(client: ProviderClient) -> ClientKey:
    if client.key is None:
        raise IdentityError(Code.PROVIDER_REFUSED, "the provider wants a signature, and the client has no key; see "
                            "appproxy provider set NAME --set request_object=always")
    return client.key
