"""How OpenID Connect is spoken with one provider, as admins write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.identity.openid.oidc_settings import (
    ENDPOINTS,
    MEANINGS,
    NEEDED_ENDPOINTS,
    OWN_PARAMETERS,
    OidcSettings,
    read_settings,
    texts_of,
)

URL = "https://idp.example.com/tenant/x?y=z"


@pytest.mark.parametrize(("texts", "said"), [
    ({}, {}),
    ({"prompt": "", "max_age": ""}, {}),
    ({"prompt": "login  consent login"}, {"prompt": "login consent"}),
    ({"max_age": "0"}, {"max_age": "0"}),
    ({"response_mode": "form_post"}, {"response_mode": "form_post"}),
    ({"response_mode": "query"}, {}),
    ({"parameters": "domain_hint=corp.example&ui_locales=de%20fr&x="},
     {"domain_hint": "corp.example", "ui_locales": "de fr", "x": ""}),
])
def test_what_requests_say_besides(texts: dict[str, str], said: dict[str, str]) -> None:
    """Nothing where nothing is set."""
    assert read_settings(texts).request_parameters() == said


@pytest.mark.parametrize("texts", [
    {"client_authentication": "client_secret_jwt"}, {"discovery_url": URL}, {"redirect_uri": "own"},
    {"discovery_url": "none", **dict.fromkeys(NEEDED_ENDPOINTS, URL)}, {"max_age": "3600", "prompt": "login"},
    {"parameters": "a=b%26c&d=e+f"}, {"domains": "Corp.example, müller.example corp.example"},
    {"claim_hosts": "A.example,b.example:8443"}, {"step_up": "acrs"}, {"step_up": "claims"},
    *({name: URL} for name in ENDPOINTS),
])
def test_texts_come_back(texts: dict[str, str]) -> None:
    """What the store keeps is read as the same settings."""
    made = read_settings(texts)
    assert read_settings(texts_of(made)) == made != OidcSettings()


def test_endpoints_by_hand() -> None:
    """Only those that are set, by the names of the metadata."""
    made = read_settings({"jwks_uri": URL, "revocation_endpoint": URL})
    assert made.endpoints == {"jwks_uri": URL, "revocation_endpoint": URL} and made.discovers
    assert not read_settings({"discovery_url": "none", **dict.fromkeys(NEEDED_ENDPOINTS, URL)}).discovers


@pytest.mark.parametrize(("key", "text"), [
    ("client_authentication", "tls"), ("discovery_url", "http://idp.example.com/"), ("discovery_url", "None"),
    ("token_endpoint", "https://"), ("token_endpoint", "https://u@idp.example.com/"), ("jwks_uri", "https://idp.example.com/#x"),
    ("jwks_uri", "https://idp.example.com/#"), ("jwks_uri", "https://idp.example.com:x/"), ("jwks_uri", "https://idp.example.com/ä"),
    ("response_mode", "fragment"), ("redirect_uri", "none"), ("prompt", "none"), ("prompt", "login none"), ("prompt", " "),
    ("domains", "corp"), ("domains", ","), ("domains", "a..b"), ("domains", "x@corp.example"),
    ("claim_hosts", "https://x.example"), ("claim_hosts", "x.example/y"), ("claim_hosts", "-x"), ("claim_hosts", ","),
    ("step_up", "acr"),
    ("domains", " ".join(f"d{n}.example" for n in range(51))),
    ("max_age", "-1"), ("max_age", "1.5"), ("max_age", "٣"), ("max_age", "9" * 9), ("parameters", "x"),
    ("parameters", "a=1&a=2"), ("parameters", "a b=1"), ("parameters", "a=%ff"), ("parameters", "a=" + "x" * 1000),
    ("parameters", "&".join(f"a{n}=1" for n in range(21))),
    *(("parameters", f"x=1&{name}=1") for name in sorted(OWN_PARAMETERS)),
])
def test_wrong_values(key: str, text: str) -> None:
    """The key is named."""
    with pytest.raises(ConfigError, match=f"^{key}: "):
        read_settings({key: text})


def test_what_is_lacking_or_unknown() -> None:
    """Without discovery three end points are needed; a key that is not there brings those that are."""
    with pytest.raises(ConfigError, match="^jwks_uri: is needed where discovery_url is none"):
        read_settings({"discovery_url": "none", "authorization_endpoint": URL, "token_endpoint": URL})
    with pytest.raises(ConfigError, match="^colour: no setting") as caught:
        read_settings({"colour": "red"})
    assert all(key in str(caught.value.hint) for key in MEANINGS)


@given(st.sampled_from(sorted(MEANINGS)), st.text(max_size=40))
def test_any_text(key: str, text: str) -> None:
    """It is taken and comes back the same, or it is refused by name."""
    try:
        made = read_settings({key: text})
    except ConfigError as error:
        assert key in str(error) or "discovery_url" in str(error)
    else:
        assert read_settings(texts_of(made)) == made
