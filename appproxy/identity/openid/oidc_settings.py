"""How OpenID Connect is spoken with one provider, where its own metadata does not say it or says it wrong.

Admins set each by its key as a text, and the store keeps those texts. All are optional: a provider that follows the
specifications needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from appproxy.errors import ConfigError
from appproxy.identity.openid import encrypted_token
from appproxy.identity.openid.client_keys import KEY_TYPES
from appproxy.identity.openid.provider_choice import ascii_domain

#: How we prove to be the client (OpenID Connect Core 1.0 section 9). `auto`: by what the metadata lists.
CLIENT_AUTHENTICATION = (
    "auto", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth",
    "self_signed_tls_client_auth",
)
#: Those by a certificate, shown in TLS (RFC 8705 section 2).
BY_CERTIFICATE = ("tls_client_auth", "self_signed_tls_client_auth")
#: End points that may be given by hand, by their names in the metadata (OpenID Connect Discovery 1.0 section 3, RFC 8414).
ENDPOINTS = (
    "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint",
    "pushed_authorization_request_endpoint", "revocation_endpoint",
)
#: Without these nobody can sign in; where discovery is off they must be given.
NEEDED_ENDPOINTS = ENDPOINTS[:3]
#: Parameters of an authorization request that are ours to choose, or that have a setting of their own.
OWN_PARAMETERS = frozenset({
    "response_type", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "response_mode", "prompt", "max_age", "login_hint", "id_token_hint", "request", "request_uri",
    "client_assertion", "client_assertion_type",
})
#: `none` is left out: who has no session there would never get in. `create` is of Initiating User Registration 1.0.
_PROMPTS = ("login", "consent", "select_account", "create")
#: Additional parameters, all of them travel in a URL.
_MAX_PARAMETERS, _MAX_PARAMETER_BYTES = 20, 1000
#: Organisations with more than this have a provider of providers.
_MAX_DOMAINS = 50
_MAX_HOSTS = 10
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?")
_NAME = re.compile(r"[A-Za-z0-9_.:~-]{1,64}")
#: Seconds; a year, as for what else is asked in seconds.
_LONGEST_AGE = 366 * 86400


def check_https(value: str) -> str:
    """An https URL without user, fragment and white space. Raises ValueError, which goes on after the value."""
    reason = "must be an https URL without user name and fragment"
    if not value.isascii() or not value.isprintable() or " " in value or len(value) > 2048:
        raise ValueError(reason)
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(reason) from None
    if parts.scheme != "https" or not host or parts.username is not None or "#" in value:
        raise ValueError(reason)
    return value


def _one_of(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return text

    return parse


def _prompt(text: str) -> str:
    words = text.split()
    if not words or not set(words) <= set(_PROMPTS):
        raise ValueError(f"must be some of {', '.join(_PROMPTS)}")
    return " ".join(dict.fromkeys(words))


def _max_age(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= _LONGEST_AGE):
        raise ValueError(f"must be a number of seconds, {_LONGEST_AGE} at most")
    return int(text)


def _key_days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and (text == "0" or int(text) >= 7)):
        raise ValueError("must be 0, or a number of days from 7 to 9999")
    return int(text)


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    reason = "must be parameters as in a URL, such as domain_hint=corp.example&ui_locales=de"
    if len(text) > _MAX_PARAMETER_BYTES:
        raise ValueError(f"must have {_MAX_PARAMETER_BYTES} characters at most")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise ValueError(reason) from None
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not all(map(_NAME.fullmatch, names)):
        raise ValueError(reason)
    if taken := sorted(OWN_PARAMETERS.intersection(names)):
        raise ValueError(f"must not have {', '.join(taken)}, which the service or a setting of its own says")
    return tuple(pairs)


def _domains(text: str) -> tuple[str, ...]:
    found = [ascii_domain(word) for word in text.replace(",", " ").split()]
    if not found or not all(found) or len(found) > _MAX_DOMAINS or not all("." in one for one in found):
        raise ValueError(f"must be {_MAX_DOMAINS} domains at most, such as corp.example, with commas between")
    return tuple(dict.fromkeys(found))


def _hosts(text: str) -> tuple[str, ...]:
    words = text.lower().replace(",", " ").split()
    if not words or len(words) > _MAX_HOSTS or not all(map(_HOST.fullmatch, words)):
        raise ValueError(f"must be {_MAX_HOSTS} hosts at most, each perhaps with a port, with commas between")
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """Each field is a setting; "" and None where nothing is set."""

    client_authentication: str = "auto"
    #: The signature that we make where the client has a key of its own, and who its proofs are meant for.
    client_algorithm: str = "ES256"
    client_assertion_audience: str = "issuer"
    #: Days after which a new key of the client follows; 0: only when an admin wants one.
    client_key_days: int = 90
    #: Authorization requests are signed (RFC 9101): where the metadata requires it, or always.
    request_object: str = "auto"
    #: ID tokens must be encrypted to a key of ours, in this way.
    id_token_encryption: str = ""
    #: Where the metadata is, if not at the issuer's `/.well-known/openid-configuration`; `none`: nowhere.
    discovery_url: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    pushed_authorization_request_endpoint: str = ""
    revocation_endpoint: str = ""
    #: How the provider's answer comes back: in the URL, or posted (OAuth 2.0 Form Post Response Mode).
    response_mode: str = "query"
    #: `own`: a redirect URI of this provider alone, so that no other's answer is taken for its (RFC 9700 section 4.4.2).
    redirect_uri: str = "shared"
    prompt: str = ""
    #: Seconds since the user has proved who they are at the provider, at most.
    max_age: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    #: How a provider is asked for a level (`acr`) that a policy needs: see `service.signin.step_up`.
    step_up: str = "acr_values"
    #: Domains of its users' mail addresses, in ASCII and lower case: where users choose a provider, these lead to it.
    domains: tuple[str, ...] = ()
    #: Hosts, perhaps with a port, that claims may be fetched from when a token names a place there (Core section 5.6.2).
    claim_hosts: tuple[str, ...] = ()

    @property
    def needs_key(self) -> bool:
        """Do we sign, or show a certificate of our own making?"""
        return self.request_object == "always" or self.client_authentication in (
            "private_key_jwt", "self_signed_tls_client_auth")

    @property
    def key_type(self) -> str:
        """Of the client's keys: EC or RSA."""
        return KEY_TYPES[self.client_algorithm]

    @property
    def encryption_key_type(self) -> str:
        """Of the keys that ID tokens are encrypted to: EC or RSA; "" where they are not."""
        return encrypted_token.KEY_TYPES.get(self.id_token_encryption, "")

    @property
    def endpoints(self) -> dict[str, str]:
        """Those that were given by hand, by their names in the metadata."""
        return {name: url for name in ENDPOINTS if (url := getattr(self, name))}

    @property
    def discovers(self) -> bool:
        """Is there a discovery document to fetch?"""
        return self.discovery_url != "none"

    def request_parameters(self) -> dict[str, str]:
        """What every authorization request says besides (OpenID Connect Core 1.0 section 3.1.2.1)."""
        said = dict(self.parameters)
        if self.response_mode != "query":
            said["response_mode"] = self.response_mode
        if self.prompt:
            said["prompt"] = self.prompt
        if self.max_age is not None:
            said["max_age"] = str(self.max_age)
        return said


#: How each setting is read, and what it means.
_KINDS: dict[str, tuple[Callable[[str], Any], str]] = {
    "client_authentication": (_one_of(*CLIENT_AUTHENTICATION), "how the service proves to be the client"),
    "client_algorithm": (_one_of(*KEY_TYPES), "the signature of the client's own proofs and of signed requests"),
    "client_assertion_audience": (
        _one_of("issuer", "token_endpoint"), "who signed proofs are for: the issuer, or the token end point's URL"),
    "client_key_days": (_key_days, "days after which a new key of the client follows; 0: by hand"),
    "request_object": (_one_of("auto", "always"), "authorization requests are signed where the provider says so, or always"),
    "id_token_encryption": (
        _one_of(*encrypted_token.KEY_TYPES), "ID tokens must be encrypted in this way, to a key that the service publishes"),
    "discovery_url": (
        lambda text: text if text == "none" else check_https(text), "where the provider's metadata is; none: nowhere"),
    **{name: (check_https, f"the provider's {name}, whatever its metadata says") for name in ENDPOINTS},
    "response_mode": (_one_of("query", "form_post"), "how the provider's answer comes back"),
    "redirect_uri": (_one_of("shared", "own"), "own: a redirect URI that no other provider has"),
    "prompt": (_prompt, "what the provider is to ask the user at each sign-in"),
    "max_age": (_max_age, "seconds since the user has proved who they are, at most"),
    "parameters": (_parameters, "additional parameters of the authorization request"),
    "step_up": (
        _one_of("acr_values", "claims", "acrs"),
        "how it is asked for a level that a policy needs: acr_values, an essential claim, or acrs (authentication contexts of "
        "Microsoft Entra)"),
    "claim_hosts": (_hosts, "hosts that claims may be fetched from when a token says that they are there"),
    "domains": (_domains, "domains of its users' mail addresses, which lead to it where users choose among providers"),
}
#: How those are written whose values are no texts or numbers.
_WRITTEN: dict[str, Callable[[Any], str]] = {"parameters": urlencode, "domains": ",".join, "claim_hosts": ",".join}
#: Key and meaning of each setting.
MEANINGS: dict[str, str] = {key: meaning for key, (_, meaning) in _KINDS.items()}


def read_settings(texts: Mapping[str, str]) -> OidcSettings:
    """The settings that these texts say; an empty text is the default. Raises ConfigError."""
    values: dict[str, Any] = {}
    for key, text in texts.items():
        if key not in _KINDS:
            raise ConfigError(f"{key}: no setting of an identity provider", hint=f"there is {', '.join(_KINDS)}")
        if not text:
            continue
        try:
            values[key] = _KINDS[key][0](text)
        except ValueError as error:
            raise ConfigError(f"{key}: {text!r} {error}") from None
    made = OidcSettings(**values)
    lacking = [name for name in NEEDED_ENDPOINTS if not getattr(made, name)]
    if not made.discovers and lacking:
        raise ConfigError(f"{lacking[0]}: is needed where discovery_url is none")
    return made


def texts_of(settings: OidcSettings) -> dict[str, str]:
    """What `read_settings` makes the same of: the settings that are not at their defaults."""
    said = {}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if value != one.default:
            said[one.name] = _WRITTEN.get(one.name, str)(value)
    return said
