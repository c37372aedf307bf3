"""The proxy on the way out: what the settings and the variables of the environment say, and for whom it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from appproxy.config.values import dial_address, text
from appproxy.errors import ConfigError

#: The value of the setting that wants no proxy, whatever the environment says.
NONE = "none"
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_VARIABLES = ("https_proxy", "HTTPS_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class OutboundProxy:
    """One proxy. `credentials`: `USER:PASSWORD`, "" for none; `source`: the setting or variable that names it."""

    host: str
    port: int
    credentials: str = field(default="", repr=False)
    source: str = "outbound_proxy"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class OutboundProxies:
    """Which proxy leads to a place. `exceptions`: what NO_PROXY lists, in lower case."""

    proxy: OutboundProxy | None = None
    exceptions: tuple[str, ...] = ()

    def towards(self, host: str, port: int) -> OutboundProxy | None:
        """The proxy for this place; None where it is dialled without."""
        if self.proxy is None or any(_excepts(one, host.lower(), port) for one in self.exceptions):
            return None
        # A variable is set for all programs of a machine, and this machine is never what it is meant for.
        return None if self.proxy.source != "outbound_proxy" and _is_here(host) else self.proxy


def proxy_url(value: object) -> str:
    """A reader of settings: `http://HOST:PORT`, or `none`."""
    found = text(value)
    if found != NONE and _parse(found)[2]:
        raise ValueError("the user and the password go into outbound_proxy_credentials, a file that only its owner can read")
    return found


def credentials_source(value: object) -> str:
    """A reader of settings: the path of a file, or `env:NAME`."""
    found = text(value)
    if found.startswith("env:") and not _ENVIRONMENT.fullmatch(found):
        raise ValueError("the path of a file, or env:NAME, is needed")
    return found


def read_proxies(setting: str | None, credentials: str, environment: Mapping[str, str]) -> OutboundProxies:
    """What is to be used. `setting` was checked by `proxy_url`; `credentials`: those of the settings, "" without any.

    Without a setting HTTPS_PROXY counts, in small letters first; NO_PROXY counts in any case. Raises ConfigError, which shows
    no value of theirs: there may be a password in it.
    """
    source, value = _named(setting, environment)
    if not value:
        return OutboundProxies()
    try:
        host, port, own = _parse(value)
        chosen = checked_credentials(credentials or own)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from None
    listed = next((environment[name] for name in _EXCEPTIONS if environment.get(name)), "")
    return OutboundProxies(OutboundProxy(host, port, chosen, source), tuple(re.split(r"[\s,]+", listed.lower().strip())))


def checked_credentials(value: str) -> str:
    """`USER:PASSWORD`, or "". Raises ValueError, which does not show it."""
    if value and (":" not in value or not value.isprintable()):
        raise ValueError("credentials are USER:PASSWORD, on one line")
    return value


def _named(setting: str | None, environment: Mapping[str, str]) -> tuple[str, str]:
    if setting is not None:
        return "outbound_proxy", "" if setting == NONE else setting
    return next(((name, environment[name]) for name in _VARIABLES if environment.get(name)), ("", ""))


def _parse(value: str) -> tuple[str, int, str]:
    """Host, port, and `user:password` or "". Raises ValueError."""
    scheme = _SCHEME.match(value)
    if scheme is not None and scheme[1].lower() != "http":
        raise ValueError("http://HOST:PORT of an HTTP proxy is needed; what goes through it is encrypted up to the service")
    try:
        parts = urlsplit(value if scheme else f"http://{value}")
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        raise ValueError("http://HOST:PORT is needed") from None
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("http://HOST:PORT is needed")
    dial_address(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    own = "" if parts.username is None else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return host, port, own


def _excepts(entry: str, host: str, port: int) -> bool:
    """Does an entry of NO_PROXY name this place? `*`, a domain with all below it, an address, a network; each with a port."""
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.endswith("]")):
        if number != str(port):
            return False
        entry = name
    entry = entry.strip("[]")
    try:
        return ip_address(entry) == ip_address(host)
    except ValueError:
        domain = entry.removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith("." + domain))


def _in_network(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
