"""What a single setting may be: each reader takes a TOML value and gives a checked one, or says what is needed.

A reader raises ValueError with words that follow `KEY: ` in an error: "a whole number from 1 to 65535 is needed".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Reader = Callable[[object], Any]

#: RFC 1123 section 2.1: letters, digits and hyphens, no hyphen at the ends, at most 63.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MASTER_KEY = re.compile(r"file|env:[A-Za-z_][A-Za-z0-9_]*|credential:[A-Za-z0-9_.-]+")
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
#: `connect.` or `signin.` must still fit before it (RFC 1035 section 2.3.4: 253 characters in all).
_LONGEST_DOMAIN = 253 - len("connect.")


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address (or `localhost`) and a port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def everywhere(self) -> bool:
        """All addresses of this machine?"""
        return self.host in ("0.0.0.0", "::")

    def clashes(self, other: Address) -> bool:
        """Would listening on both fail?"""
        return self.port == other.port and (self.host == other.host or self.everywhere or other.everywhere)


def text(value: object) -> str:
    """Some printable characters."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("a non-empty text of printable characters is needed")
    return value


def names(value: object) -> tuple[str, ...]:
    """A list of texts, each once."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one.isprintable() and one for one in value):
        raise ValueError('a list of names is needed, such as ["one", "another"]')
    if len(set(value)) != len(value):
        raise ValueError("a name is there twice")
    return tuple(value)


def flag(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def whole(least: int, most: int) -> Reader:
    """A whole number between the two, both included."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most} is needed")
        return value

    return read


def number(least: float, most: float) -> Reader:
    """A number between the two, both included; never NaN."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"a number from {least:g} to {most:g} is needed")
        return float(value)

    return read


def choice(*words: str) -> Reader:
    """One of these words."""

    def read(value: object) -> str:
        if value not in words or not isinstance(value, str):
            raise ValueError(f"one of {', '.join(words)} is needed")
        return value

    return read


def optional(reader: Reader) -> Reader:
    """What the reader gives, or None for an empty text, which is how a file says "none"."""
    return lambda value: None if value == "" else reader(value)


def address(value: object) -> Address:
    """`HOST:PORT` to listen on."""
    host, port = _split(value)
    if host != "localhost":
        try:
            host = str(ip_address(host))
        except ValueError:
            raise ValueError(f"{host!r} must be an IP address (0.0.0.0 or [::] for all of them)") from None
    return Address(host, port)


def networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    """A list of addresses and networks, `["10.0.0.0/8", "::1"]`."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('a list of addresses or networks is needed, such as ["10.0.0.0/8", "192.0.2.1"]')
    return tuple(_network(one) for one in value)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} must be an address, or a network such as 10.0.0.0/8 ({error})") from None
    if not found.prefixlen:
        raise ValueError(f"{text!r} is everybody; name the networks of the proxies alone")
    return found


def dial_address(value: object) -> str:
    """`HOST:PORT` to connect to; the host may be a name."""
    host, port = _split(value)
    try:
        found = ip_address(host)
    except ValueError:
        return f"{domain(host)}:{port}"
    return f"[{found}]:{port}" if isinstance(found, IPv6Address) else f"{found}:{port}"


def domain(value: object) -> str:
    """A DNS name in lower case, without a dot at its end."""
    name = text(value).lower().removesuffix(".")
    if not name.isascii():
        raise ValueError(f"{name!r} must be written in its ASCII form (xn--...)")
    labels = name.split(".")
    if len(name) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{name!r} must be a DNS name: letters, digits and hyphens between dots")
    if labels[-1].isdigit():
        raise ValueError(f"{name!r} must be a DNS name, not an IP address")
    return name


#: Between a node's name and the number of a worker: no name has it.
WORKERS_APART = ":"


def node_name(value: object) -> str:
    """What admins call one node."""
    if not isinstance(value, str) or not _NODE_NAME.fullmatch(value):
        raise ValueError("1 to 64 letters, digits, `.`, `_` and `-` are needed, beginning with a letter or a digit")
    return value


def database_url(value: object) -> str:
    """A URL of SQLite or PostgreSQL; it may hold a password and so is never repeated in errors."""
    found = text(value)
    if not found.startswith(_DATABASES):
        raise ValueError(f"a URL that starts with {', '.join(_DATABASES)} is needed")
    return found


def master_key(value: object) -> str:
    """Where the master key comes from."""
    if not isinstance(value, str) or not _MASTER_KEY.fullmatch(value):
        raise ValueError("file, env:NAME or credential:NAME is needed")
    return value


def _split(value: object) -> tuple[str, int]:
    """Host without brackets, and port."""
    host, colon, port = text(value).rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 1 <= int(port[:6]) <= 65_535:
        raise ValueError("HOST:PORT is needed, with a port from 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address must be in brackets: [::1]:443")
    return host, int(port)
