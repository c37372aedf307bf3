"""Two values for every setting of an application, found by the product's own table: a new setting is in by itself."""

from __future__ import annotations

from appproxy.publish.application import COLUMNS
from appproxy.publish.settings.request_fields import HEADER, REQUEST
from appproxy.publish.settings.response_fields import RESPONSE
from appproxy.publish.settings.table import SETTINGS
from tests.end_to_end.system import System
from tests.end_to_end.world import DOMAIN

#: Of these a setting gets the first two that its own parser takes and tells apart.
_CANDIDATES = (
    "websocket", "20M", "30M", "yes", "no", "none", "lax", "internal", "public", "/one", "/two", "html", "json", "41", "42",
    "2030-01-01T12:00Z", "2031-01-01T12:00Z", "server", "x-powered-by",
    "x-user", "x-webauth-user", "auto", "never", "off", "service-token", "at+jwt", "any",
)  # fmt: skip
#: With one of these values nobody can be served who is served with the other: that is what they are for.
REFUSING = frozenset({"maintenance", "protocol", "preauth", "connector_group", "external", "provider"})


def values_of(key: str, system: System) -> tuple[str, str]:
    """Two values that differ, both right for an application whose origin is the system's."""
    special = {
        "name": ("one name", "another name"),
        "internal": (system.origin.url, system.origin.url.replace("127.0.0.1", "localhost")),
        "external": (system.url("there"), system.url("elsewhere")),
        "preauth": ("oidc", "passthrough"),
        "connector_group": ("default", "empty"),
        "provider": ("company", "builtin"),
        "origins": (system.origin.url.replace("127.0.0.1", "localhost"), "none"),
        "alternate_hosts": (f"one.{DOMAIN}", f"two.{DOMAIN}"),
        # Hosts are refused where no wildcard stands for them; test_urls_and_rules excludes one of a wildcard.
        "excluded_hosts": ("none", ""),
        "methods": ("GET,HEAD,POST,PUT", "none"),
        "ca_bundle": (system.anchor.read_text(), ""),
        "machine_authority": (system.anchor.read_text(), ""),
        "machine_crl": ("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "none"),
        "machine_subjects": ("CN=press-*", "*"),
        "protocol": ("h2", "http1"),
        "connection_authentication": ("always", "auto"),
        HEADER + "x-changed": ("name", "email"),
        REQUEST + "x-constant": ("one", "two"),
        RESPONSE + "x-changed": ("one", "two"),
    }
    if key in special:
        return special[key]
    found: dict[object, str] = {}
    for text in _CANDIDATES:
        try:
            found.setdefault(SETTINGS[key].kind.parse(text), text)
        except ValueError:
            continue
    assert found, f"{key}: no value for it is among the candidates; add two"
    one, other, *_ = *found.values(), ""
    return one, other


def all_keys() -> list[str]:
    """Every key that `appproxy app set` takes, those with free names by one example each."""
    return [*COLUMNS, *SETTINGS, HEADER + "x-changed", REQUEST + "x-constant", RESPONSE + "x-changed"]
