"""An absolute URL that an application is published under, or lives at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

from appproxy.errors import ConfigError

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: What no URL has: everything but printable ASCII; and the backslash, which browsers take for a slash.
_UNFIT = re.compile(r"[^\x21-\x7e]|\\")


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL of an application: no query, no fragment, no user; the path ends in `/`."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def authority(self) -> str:
        """Host, and port unless it is the scheme's own, as a Host field says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and authority: `https://wiki.example.com`."""
        return f"{self.scheme}://{self.authority}"

    @property
    def is_wildcard(self) -> bool:
        """Does it stand for many hosts: `*.example.com`?"""
        return self.host.startswith("*.")

    @property
    def suffix(self) -> str:
        """What all hosts of a wildcard end in: `.example.com`."""
        return self.host[1:]

    def on(self, host: str) -> Url:
        """The same URL on another host."""
        return Url(self.scheme, host, self.port, self.path)

    def __str__(self) -> str:
        return self.origin + self.path

    @classmethod
    def parse(cls, text: str, key: str = "URL") -> Url:
        """Read a URL that an admin wrote; `key` names it in errors.

        Raises ConfigError, which names the fix.
        """
        _refuse_unicode(text, key)
        if _UNFIT.search(text):
            raise ConfigError(f"{key}: {text!r} has a space, backslash or other character that a URL cannot have")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"{key}: {text!r} is not a URL ({error})") from error
        if parts.scheme not in _DEFAULT_PORTS:
            raise ConfigError(f"{key}: {text!r} must start with http:// or https://")
        host = (parts.hostname or "").rstrip(".")
        if not host:
            raise ConfigError(f"{key}: {text!r} names no host")
        if parts.username is not None or parts.query or parts.fragment or text.endswith(("?", "#")):
            raise ConfigError(f"{key}: {text!r} must have no user name, query or fragment")
        if port == 0:
            raise ConfigError(f"{key}: {text!r} has port 0", hint="give 1 to 65535, or none")
        path = parts.path or "/"
        if not path.endswith("/"):
            path += "/"
        if "//" in path or any(segment in (".", "..") for segment in path.split("/")):
            raise ConfigError(f"{key}: the path of {text!r} must have no empty, `.` or `..` segment")
        return cls(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], path)


def _refuse_unicode(text: str, key: str) -> None:
    """Raises ConfigError for a host name beyond ASCII, with the form that DNS and certificates have (RFC 5891)."""
    if text.isascii():
        return
    try:
        host = urlsplit(text).hostname or ""
        named = host if host.isascii() else idna.encode(host.removeprefix("*."), uts46=True).decode("ascii")
    except ValueError:  # an IDNAError, too, is one
        return
    if named != host:
        shown = "*." * host.startswith("*.") + named
        raise ConfigError(f"{key}: write the host {host} in its ASCII form, {shown}, as DNS and certificates have it")
