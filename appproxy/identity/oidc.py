"""OpenID Connect messages between us and a provider, except the ID token: metadata, the way there and the way back.

OpenID Connect Discovery 1.0, OpenID Connect Core 1.0 section 3.1, PKCE (RFC 7636), issuer in the answer (RFC 9207).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import encode

#: Keys of one provider. The largest public providers publish below ten.
MAX_KEYS = 100
#: Parameters of one callback. Six are specified.
_MAX_PARAMETERS = 20
_ASYMMETRIC = ("RSA", "EC", "OKP")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says about itself (OpenID Connect Discovery 1.0 section 3). All end points are https."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_auth_methods: tuple[str, ...] = ("client_secret_basic",)
    #: Does it put `iss` into its answers (RFC 9207 section 3)?
    iss_parameter: bool = False


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token end point gave for a code."""

    id_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


def _refuse(detail: str, code: Code = Code.TOKEN_REFUSED) -> IdentityError:
    return IdentityError(code, detail)


def _https(document: Mapping[str, object], name: str, required: bool = True) -> str:
    value = document.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > 2048 or not value.isascii() or not value.isprintable():
        raise _refuse(f"provider metadata: {name} is missing or not a URL")
    try:
        parts = urlsplit(value)
    except ValueError as error:
        raise _refuse(f"provider metadata: {name} is not a URL") from error
    if parts.scheme != "https" or not parts.hostname or parts.fragment or parts.username is not None or " " in value:
        raise _refuse(f"provider metadata: {name} is not an https URL without user and fragment")
    return value


def read_metadata(document: object, issuer: str) -> Metadata:
    """Check a discovery document. Its issuer must be exactly the one that was asked (section 4.3).

    Raises IdentityError(TOKEN_REFUSED).
    """
    if not isinstance(document, dict):
        raise _refuse("provider metadata: not a JSON object")
    if document.get("issuer") != issuer:
        raise _refuse("provider metadata: the issuer is not the one that was configured")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        raise _refuse("provider metadata: token_endpoint_auth_methods_supported is not a list of names")
    challenges = document.get("code_challenge_methods_supported")
    if isinstance(challenges, list) and "S256" not in challenges:
        raise _refuse("provider metadata: PKCE with S256 is not supported")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_https(document, "authorization_endpoint"),
        token_endpoint=_https(document, "token_endpoint"),
        jwks_uri=_https(document, "jwks_uri"),
        end_session_endpoint=_https(document, "end_session_endpoint", required=False),
        token_auth_methods=tuple(methods),
        iss_parameter=document.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(document: object) -> KeySet:
    """A provider's signing keys (RFC 7517). Keys that are symmetric, for encryption or unknown to us are left out.

    Raises IdentityError(TOKEN_REFUSED) when the document is no key set or has no key that can verify a token.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise _refuse("provider keys: not a key set")
    keys = []
    for data in listed:
        if not isinstance(data, dict) or data.get("kty") not in _ASYMMETRIC or data.get("use", "sig") != "sig":
            continue
        try:
            keys.append(JWKRegistry.import_key(data))
        except (JoseError, ValueError, TypeError, KeyError):  # one broken key must not lock everybody out
            continue
    if not keys:
        raise _refuse("provider keys: no key that can verify a token")
    return KeySet(keys)


def challenge(verifier: str) -> str:
    """The PKCE challenge of a verifier, method S256 (RFC 7636 section 4.2)."""
    return encode(sha256(verifier.encode("ascii")).digest()).decode("ascii")


def authorization_url(
    metadata: Metadata, *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str,
    scopes: Sequence[str] = ("openid", "profile", "email"), extra: Mapping[str, str] | None = None,
) -> str:
    """Where the browser is sent to sign in (OpenID Connect Core 1.0 section 3.1.2.1)."""
    parameters = {
        "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *scopes))), "state": state, "nonce": nonce,
        "code_challenge": challenge(verifier), "code_challenge_method": "S256", **(extra or {}),
    }
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return metadata.authorization_endpoint + joint + urlencode(parameters)


def end_session_url(metadata: Metadata, client_id: str, return_to: str) -> str:
    """Where the browser is sent to end the provider's own session (RP-Initiated Logout 1.0), or "" for nowhere."""
    if not metadata.end_session_endpoint:
        return ""
    joint = "&" if "?" in metadata.end_session_endpoint else "?"
    query = urlencode({"client_id": client_id, "post_logout_redirect_uri": return_to})
    return metadata.end_session_endpoint + joint + query


def read_parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query, each of which may stand there once (RFC 6749 section 3.1).

    Raises IdentityError(SIGN_IN_STATE) for a doubled parameter, too many of them, or what is not UTF-8.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError as error:
        raise _refuse("unreadable parameters", Code.SIGN_IN_STATE) from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise _refuse("a parameter is doubled", Code.SIGN_IN_STATE)
    return parameters


def check_callback(parameters: Mapping[str, str], *, state: str, metadata: Metadata) -> str:
    """The code in a provider's answer.

    Raises IdentityError: SIGN_IN_STATE when the state is not the one we gave, TOKEN_REFUSED when the issuer is not the
    one we asked (RFC 9207 section 2.4: a mix-up) or there is no code, PROVIDER_REFUSED when the provider says so.
    """
    given = parameters.get("state", "")
    if not hmac.compare_digest(given.encode(), state.encode()):
        raise _refuse("the state is not the one that we gave", Code.SIGN_IN_STATE)
    issuer = parameters.get("iss")
    if issuer is None and metadata.iss_parameter:
        raise _refuse("the answer lacks iss, which this provider promises")
    if issuer is not None and issuer != metadata.issuer:
        raise _refuse("the answer comes from another issuer")
    if "error" in parameters:
        raise _refuse(f"the provider answered {parameters['error'][:100]!r}", Code.PROVIDER_REFUSED)
    code = parameters.get("code", "")
    if not 0 < len(code) <= 4096:
        raise _refuse("the answer has no code")
    return code
