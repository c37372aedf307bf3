"""Which external and internal URLs an application may have at this service."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from appproxy.errors import ConfigError
from appproxy.paths import is_ambiguous
from appproxy.publish.application import Url

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
#: Names below the domain that the service itself answers to.
RESERVED = ("signin", "apps", "connect", "admin", "device")
#: The path on every application's host that is the service's own.
OWN_PATH = "/.appproxy/"
#: Fits every index of every database, and no sensible path is longer.
_LONGEST_PATH = 512
#: RFC 1035 section 2.3.4.
_LONGEST_HOST = 253


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Where the service is: its domain, and the port that users type (443: none)."""

    domain: str
    public_port: int

    def origin(self, name: str) -> str:
        """`https://NAME.DOMAIN`, with the port when it is not 443."""
        return Url("https", f"{name}.{self.domain}", self.public_port).origin


def check_external(
    text: str, place: PublicAddress, covered: Callable[[str], bool] = lambda host: False, key: str = "external"
) -> Url:
    """The URL that users type, with the service's port filled in when none was written. Raises ConfigError.

    Its host may be a wildcard, `*.` and a name. `covered`: has a certificate been added for this host?
    """
    url = Url.parse(text, key)
    if url.scheme != "https":
        raise ConfigError(f"{key}: {text!r} must start with https://")
    if urlsplit(text).port is None:
        url = Url(url.scheme, url.host, place.public_port, url.path)
    if url.port != place.public_port:
        port = place.public_port
        raise ConfigError(f"{key}: users reach this service on port {port}", hint=f"leave the port out of {text!r}")
    _check_host(url.host, place, covered, key)
    if url.path.lower().startswith(OWN_PATH):
        raise ConfigError(f"{key}: {OWN_PATH} belongs to the service", hint="choose another path")
    _check_path(url, key)
    return url


def _check_path(url: Url, key: str) -> None:
    if len(url.path) > _LONGEST_PATH:
        raise ConfigError(f"{key}: the path must have at most {_LONGEST_PATH} characters")
    if is_ambiguous(url.path.encode("ascii")):
        raise ConfigError(f"{key}: {url.path} can be read in more than one way, so requests to it are refused; "
                          "leave `;`, `\\` and escapes of such signs out")  # fmt: skip


def _check_host(host: str, place: PublicAddress, covered: Callable[[str], bool], key: str) -> None:
    labels = host.removeprefix("*.").split(".")
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > _LONGEST_HOST:
        raise ConfigError(f"{key}: {host} is not a host name", hint="use a-z, 0-9 and hyphens, and `*.` only at the beginning")
    label = host.removesuffix("." + place.domain)
    if label in RESERVED:
        raise ConfigError(f"{key}: {host} is the service's own", hint="choose another name")
    if host == place.domain or covered(host):
        return
    if label == host:
        raise ConfigError(f"{key}: {host} is not below {place.domain}, so no certificate of this service covers it; "
                          f"use NAME.{place.domain}, or add a certificate for it first")  # fmt: skip
    if "." in label:
        hint = "" if "*" in label else f"use {label.replace('.', '-')}.{place.domain}, or "
        raise ConfigError(f"{key}: the certificate covers one name below {place.domain}; "
                          f"{hint}add a certificate for {host} first")  # fmt: skip


def check_internal(text: str) -> Url:
    """The URL that the connector calls. Raises ConfigError."""
    url = Url.parse(text, "internal")
    if "*" in url.host:
        _check_internal_wildcard(url.host)
    _check_path(url, "internal")
    return url


def _check_internal_wildcard(host: str) -> None:
    labels = host.removeprefix("*.").split(".")
    if not host.startswith("*.") or not all(map(_LABEL.fullmatch, labels)):
        raise ConfigError(f"internal: {host} is not a host name", hint="a `*.` may only stand at the beginning, before a name")
    if labels[-1].isdigit():
        # `*.0.0.1` would let whoever chooses the label choose an address.
        raise ConfigError(f"internal: {host} ends like an address", hint="a wildcard needs a domain")


def check_pair(external: Url, internal: Url) -> None:
    """Raises ConfigError when only one of the two is a wildcard."""
    if external.is_wildcard and not internal.is_wildcard:
        raise ConfigError(f"internal: {external} is a wildcard, so {internal} must be one, too, such as http://*.internal/")
    if internal.is_wildcard and not external.is_wildcard:
        raise ConfigError(f"internal: {internal} is a wildcard, and {external} is not", hint="both must be, or neither")
