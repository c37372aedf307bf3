"""OpenID Connect messages between us and a provider, except the ID token: metadata, the way there and the way back.

OpenID Connect Discovery 1.0, OpenID Connect Core 1.0 section 3.1, PKCE (RFC 7636), issuer in the answer (RFC 9207).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet, RSAKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.oidc_settings import check_https
from appproxy.identity.sealing import encode

#: Keys of one provider. The largest public providers publish below ten.
MAX_KEYS = 100
#: Weaker ones sign nothing that is believed (RFC 7518 section 3.3).
MIN_RSA_BITS = 2048
#: Parameters of one callback. Six are specified.
_MAX_PARAMETERS = 20
#: Seconds; a year. What lasts longer is as if it had no end.
_LONGEST_TOKEN = 366 * 86400
#: Two names of one algorithm (RFC 9864 section 2.2): the key may have the one, and a token the other.
_ED25519 = ("Ed25519", "EdDSA")
_ASYMMETRIC = ("RSA", "EC", "OKP")
#: End points that we call ourselves, and that may have an alias for certificates.
_ALIASES = (
    "token_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint", "revocation_endpoint",
    "introspection_endpoint",
)


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
    userinfo_endpoint: str = ""
    #: Where authorization requests are pushed to, and whether they must be (RFC 9126 section 5).
    par_endpoint: str = ""
    par_required: bool = False
    #: Where tokens are given back (RFC 7009).
    revocation_endpoint: str = ""
    #: Where it is asked whether a token counts (RFC 7662).
    introspection_endpoint: str = ""
    #: Must authorization requests be signed (RFC 9101 section 10.5)?
    signed_requests: bool = False
    #: End points that ask for a certificate in TLS, by their names (RFC 8705 section 5).
    mtls_aliases: Mapping[str, str] = field(default_factory=dict)

    def over_mtls(self) -> Metadata:
        """The same, with the end points for clients that show a certificate."""
        alias = self.mtls_aliases.get
        return replace(
            self, token_endpoint=alias("token_endpoint", self.token_endpoint),
            userinfo_endpoint=alias("userinfo_endpoint", self.userinfo_endpoint),
            par_endpoint=alias("pushed_authorization_request_endpoint", self.par_endpoint),
            revocation_endpoint=alias("revocation_endpoint", self.revocation_endpoint),
            introspection_endpoint=alias("introspection_endpoint", self.introspection_endpoint),
        )


class ClientRefused(IdentityError):
    """The provider does not take us for its client, or not for what we ask (RFC 6749 section 5.2)."""


class GrantRefused(IdentityError):
    """The provider has taken back what it gave, such as a refresh token: `invalid_grant` (RFC 6749 section 5.2)."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token end point gave for a code or a refresh token.

    `lifetime`: seconds that the access token lasts, 0.0 where it is not said.
    """

    id_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    lifetime: float = 0.0


def _refuse(detail: str, code: Code = Code.TOKEN_REFUSED) -> IdentityError:
    return IdentityError(code, detail)


def _https(document: Mapping[str, object], name: str, required: bool = True) -> str:
    value = document.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise _refuse(f"provider metadata: {name} is missing or not a URL")
    try:
        return check_https(value)
    except ValueError as error:
        raise _refuse(f"provider metadata: {name} {error}") from error


def read_metadata(document: object, issuer: str, by_hand: Mapping[str, str] | None = None) -> Metadata:
    """Check a discovery document. Its issuer must be exactly the one that was asked (section 4.3).

    `by_hand`: end points that count in place of the document's. Raises IdentityError(TOKEN_REFUSED).
    """
    if not isinstance(document, dict):
        raise _refuse("provider metadata: not a JSON object")
    document = {**document, **(by_hand or {})}
    if document.get("issuer") != issuer:
        raise _refuse("provider metadata: the issuer is not the one that was configured")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        raise _refuse("provider metadata: token_endpoint_auth_methods_supported is not a list of names")
    challenges = document.get("code_challenge_methods_supported")
    if isinstance(challenges, list) and "S256" not in challenges:
        raise _refuse("provider metadata: PKCE with S256 is not supported")
    par_endpoint = _https(document, "pushed_authorization_request_endpoint", required=False)
    par_required = document.get("require_pushed_authorization_requests") is True
    if par_required and not par_endpoint:
        raise _refuse("provider metadata: it wants pushed authorization requests and names no end point for them")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_https(document, "authorization_endpoint"),
        token_endpoint=_https(document, "token_endpoint"),
        jwks_uri=_https(document, "jwks_uri"),
        end_session_endpoint=_https(document, "end_session_endpoint", required=False),
        token_auth_methods=tuple(methods),
        iss_parameter=document.get("authorization_response_iss_parameter_supported") is True,
        userinfo_endpoint=_https(document, "userinfo_endpoint", required=False),
        par_endpoint=par_endpoint, par_required=par_required,
        revocation_endpoint=_https(document, "revocation_endpoint", required=False),
        introspection_endpoint=_https(document, "introspection_endpoint", required=False),
        signed_requests=document.get("require_signed_request_object") is True,
        mtls_aliases=_aliases(document.get("mtls_endpoint_aliases")),
    )


def _aliases(said: object) -> dict[str, str]:
    return {name: _https(said, name) for name in _ALIASES if name in said} if isinstance(said, dict) else {}


def read_keys(document: object) -> KeySet:
    """A provider's signing keys (RFC 7517). Keys that are symmetric, for encryption, unknown to us or weak are left out.

    Raises IdentityError(TOKEN_REFUSED) when the document is no key set or has no key that can verify a token.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise _refuse("provider keys: not a key set")
    keys, weak = [], 0
    for data in listed:
        if not isinstance(data, dict) or data.get("kty") not in _ASYMMETRIC or data.get("use", "sig") != "sig":
            continue
        if data.get("alg") in _ED25519:
            data = {name: value for name, value in data.items() if name != "alg"}
        try:
            key = JWKRegistry.import_key(data)
            if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
                weak += 1
            else:
                keys.append(key)
        except (JoseError, ValueError, TypeError, KeyError):  # one broken key must not lock everybody out
            continue
    if not keys:
        why = f"; {weak} of RSA with less than {MIN_RSA_BITS} bits" if weak else ""
        raise _refuse(f"provider keys: no key that can verify a token{why}")
    return KeySet(keys)


def challenge(verifier: str) -> str:
    """The PKCE challenge of a verifier, method S256 (RFC 7636 section 4.2)."""
    return encode(sha256(verifier.encode("ascii")).digest()).decode("ascii")


def authorization_parameters(
    *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str,
    scopes: Sequence[str] = ("openid", "profile", "email"), extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """What is asked of the provider (OpenID Connect Core 1.0 section 3.1.2.1)."""
    return {
        "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *scopes))), "state": state, "nonce": nonce,
        "code_challenge": challenge(verifier), "code_challenge_method": "S256", **(extra or {}),
    }


def authorization_url(metadata: Metadata, parameters: Mapping[str, str]) -> str:
    """Where the browser is sent to sign in; `parameters` are `authorization_parameters`, or what stands for pushed ones."""
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return metadata.authorization_endpoint + joint + urlencode(parameters)


def is_pushed(metadata: Metadata, *, always: bool) -> bool:
    """Is an authorization request pushed? `always`: also where the provider does not require it (RFC 9126 section 5).

    Raises IdentityError(PROVIDER_REFUSED) when it is to be, and the provider has no end point for it.
    """
    if always and not metadata.par_endpoint:
        raise _refuse("provider metadata: it names no end point for pushed authorization requests, which are set to always; "
                      "see appproxy provider set NAME --pushed-requests auto", Code.PROVIDER_REFUSED)
    return always or metadata.par_required


def pushed_parameters(client_id: str, answer: object) -> dict[str, str]:
    """What stands for pushed parameters (RFC 9126 section 2.2). Raises IdentityError(PROVIDER_REFUSED)."""
    uri = answer.get("request_uri") if isinstance(answer, dict) else None
    if not isinstance(uri, str) or not 0 < len(uri) <= 2048 or not uri.isascii() or not uri.isprintable():
        raise _refuse("pushed authorization request: no request_uri in the answer", Code.PROVIDER_REFUSED)
    return {"client_id": client_id, "request_uri": uri}


def read_token_answer(answer: Mapping[str, object]) -> TokenAnswer:
    """The parts of a token end point's answer (RFC 6749 section 5.1); "" and 0.0 for what is not there."""
    found = [answer.get(name) for name in ("id_token", "access_token", "refresh_token")]
    id_token, access_token, refresh_token = (text if isinstance(text, str) else "" for text in found)
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, str) and lifetime.isascii() and lifetime.isdecimal() and len(lifetime) < 10:
        lifetime = int(lifetime)  # some say it as a text
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or not 0 < lifetime < _LONGEST_TOKEN:
        lifetime = 0.0
    return TokenAnswer(id_token, access_token, refresh_token, float(lifetime))


def end_session_url(metadata: Metadata, client_id: str, return_to: str, *, id_token: str = "", subject: str = "") -> str:
    """Where the browser is sent to end the provider's own session (RP-Initiated Logout 1.0), or "" for nowhere.

    `id_token` tells whose session is meant; without one `subject` does, as a hint.
    """
    if not metadata.end_session_endpoint:
        return ""
    joint = "&" if "?" in metadata.end_session_endpoint else "?"
    hint = {"id_token_hint": id_token} if id_token else {"logout_hint": subject} if subject else {}
    query = urlencode({**hint, "client_id": client_id, "post_logout_redirect_uri": return_to})
    return metadata.end_session_endpoint + joint + query


def read_parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query, each of which may be there once (RFC 6749 section 3.1).

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
