"""Where the audit can go, as one URL:

    file:///var/log/appproxy/audit.jsonl?size=100&keep=10   a file, a line an entry; moved away at so many MiB, so many kept
    syslog://host:601                                       RFC 5424 in the frames of RFC 5425, without TLS
    syslog+tls://host:6514                                  the same with TLS (RFC 5425)
    https://host/path                                       batches, posted as JSON and signed
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from appproxy.errors import ConfigError

_LONGEST = 2000
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45}")
#: MiB of a file before the next one is begun, and how many are kept beside it; the largest of each.
_SIZE, _MOST_SIZE = 100, 10_240
_KEEP, _MOST_KEEP = 10, 1000


class Way(Enum):
    """How entries travel; the value is the URL's scheme."""

    FILE = "file"
    SYSLOG = "syslog"
    SYSLOG_TLS = "syslog+tls"
    WEBHOOK = "https"

    @property
    def has_tls(self) -> bool:
        """Is there a server whose certificate is checked?"""
        return self in (Way.SYSLOG_TLS, Way.WEBHOOK)


#: RFC 6587 names no port of its own; 601 is syslog's for reliable transports (RFC 3195), 6514 that of RFC 5425.
_PORTS = {Way.SYSLOG: 601, Way.SYSLOG_TLS: 6514, Way.WEBHOOK: 443}


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination's URL, read. `path` is a file's; `size` in bytes, `keep` in files."""

    way: Way
    host: str = ""
    port: int = 0
    path: str = ""
    size: int = _SIZE << 20
    keep: int = _KEEP


def read_destination(url: str) -> Destination:
    """Raises ConfigError, which says what can be."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST:
        raise ConfigError(f"url: up to {_LONGEST} printable ASCII signs without spaces are needed")
    try:
        parts = urlsplit(url)
        way, port = Way(parts.scheme), parts.port
    except ValueError:
        raise ConfigError(f"url: {url!r} is no place for the audit",
                          hint="give file:///PATH, syslog://HOST:PORT, syslog+tls://HOST:PORT or https://HOST/PATH") from None
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ConfigError("url: must have no user, password or fragment")
    return _file(parts) if way is Way.FILE else _server(parts, way, port)


def _file(parts: SplitResult) -> Destination:
    if parts.netloc or not parts.path.startswith("/") or parts.path.endswith("/") or ".." in parts.path.split("/"):
        raise ConfigError("url: the absolute path of a file is needed", hint="as in file:///var/log/appproxy/audit.jsonl")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    size = _number(given.pop("size", str(_SIZE)), "size", _MOST_SIZE)
    keep = _number(given.pop("keep", str(_KEEP)), "keep", _MOST_KEEP)
    if given:
        raise ConfigError(f"url: {min(given)}: no such parameter of a file", hint="there are size (MiB) and keep (files)")
    return Destination(Way.FILE, path=parts.path, size=size << 20, keep=keep)


def _number(text: str, name: str, most: int) -> int:
    if not (text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise ConfigError(f"url: {name}: a number from 1 to {most} is needed")
    return int(text)


def _server(parts: SplitResult, way: Way, port: int | None) -> Destination:
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise ConfigError("url: a host is needed", hint=f"as in {way.value}://logs.example.com")
    if port == 0:
        raise ConfigError("url: port 0 is none")
    if way is not Way.WEBHOOK and (parts.query or parts.path not in ("", "/")):
        raise ConfigError("url: syslog has neither path nor query", hint=f"as in {way.value}://logs.example.com:{_PORTS[way]}")
    return Destination(way, host, port or _PORTS[way])
