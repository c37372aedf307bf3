"""Which external and internal URLs an application may have at this service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from appproxy.errors import ConfigError
from appproxy.publish.application import Url

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
#: Names below the domain that the service itself answers to.
RESERVED = ("signin", "apps", "connect")
#: The path on every application's host that is the service's own.
OWN_PATH = "/.appproxy/"
#: Fits every index of every database, and no sensible path is longer.
_LONGEST_PATH = 512


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is: its domain, and the port that users type (443: none)."""

    domain: str
    public_port: int

    def origin(self, name: str) -> str:
        """`https://NAME.DOMAIN`, with the port when it is not 443."""
        return Url("https", f"{name}.{self.domain}", self.public_port).origin


def check_external(text: str, place: Place) -> Url:
    """The URL that users type, with the service's port filled in when none was written. Raises ConfigError."""
    url = Url.parse(text, "external")
    if url.scheme != "https":
        raise ConfigError(f"external: {text!r} must start with https://")
    if urlsplit(text).port is None:
        url = Url(url.scheme, url.host, place.public_port, url.path)
    if url.port != place.public_port:
        port = place.public_port
        raise ConfigError(f"external: users reach this service on port {port}; leave the port out of {text!r}")
    _check_host(url.host, place)
    if url.path.startswith(OWN_PATH):
        raise ConfigError(f"external: {OWN_PATH} belongs to the service; choose another path")
    if len(url.path) > _LONGEST_PATH:
        raise ConfigError(f"external: the path must have at most {_LONGEST_PATH} characters")
    return url


def _check_host(host: str, place: Place) -> None:
    if host == place.domain:
        return
    label = host.removesuffix("." + place.domain)
    if label == host:
        raise ConfigError(f"external: {host} is not below {place.domain}, so no certificate of this service covers it; "
                          f"use NAME.{place.domain}")  # fmt: skip
    if "." in label:
        raise ConfigError(f"external: the certificate covers one name below {place.domain}; "
                          f"use {label.replace('.', '-')}.{place.domain}")  # fmt: skip
    if label in RESERVED:
        raise ConfigError(f"external: {host} is the service's own; choose another name")
    if not _LABEL.fullmatch(label):
        raise ConfigError(f"external: {host} is not a host name; use a-z, 0-9 and hyphens")


def check_internal(text: str) -> Url:
    """The URL that the connector calls. Raises ConfigError."""
    url = Url.parse(text, "internal")
    if "*" in url.host:
        raise ConfigError(f"internal: {text!r} must name one host")
    if len(url.path) > _LONGEST_PATH:
        raise ConfigError(f"internal: the path must have at most {_LONGEST_PATH} characters")
    return url
