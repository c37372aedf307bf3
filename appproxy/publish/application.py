"""What the admin publishes: an application, its two URLs and its settings, as frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

import idna

from appproxy.errors import ConfigError
from appproxy.publish.cors import CorsRule
from appproxy.publish.response_policy import ResponseField

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: What no URL has: everything but printable ASCII; and the backslash, which browsers take for a slash.
_UNFIT = re.compile(r"[^\x21-\x7e]|\\")

#: What may stand for a file on the connector: no path leads out of its directory.
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: What an application may speak.
PROTOCOLS = ("http1", "h2")
#: Whether the application authenticates connections (NTLM, Negotiate): found out by what is said, always, or never.
CONNECTION_AUTHENTICATION = ("auto", "always", "never")
#: `internal`: requests speak of the internal URL only, as if the user had typed that. `public`: of the public one, and say
#: so as trusted proxies do.
VIEWS = ("internal", "public")


class Preauthentication(Enum):
    """Who may pass before one byte reaches the internal network."""

    OIDC = "oidc"
    PASSTHROUGH = "passthrough"


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
            raise ConfigError(f"{key}: {text!r} has port 0; give 1 to 65535, or none")
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


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """Single sign-on by headers: put the user's `claim` into the request field `name` (lower case)."""

    name: str
    claim: str


@dataclass(frozen=True, slots=True)
class RequestField:
    """A field that every request to the application gets: its name (lower case) and its value."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """One external URL of an application, and the internal one that it stands for.

    Either both hosts are wildcards (`*.example.com`, `*.internal`) or neither is: what the user types for the star is
    carried over. `id` is the segment's; the application's own pair of URLs and its alternate hosts have none.
    """

    external: Url
    internal: Url
    id: str = ""

    @property
    def prefix(self) -> str:
        """What users have before the internal path: `/tools` where `/tools/wiki/` stands for `/wiki/`; "" for nothing, or
        where the external path does not end in the internal one.
        """
        outer, inner = self.external.path, self.internal.path
        return outer[: -len(inner)] if outer.endswith(inner) else ""

    def covers(self, host: str) -> bool:
        """Is this host the external one, or one that the wildcard stands for?"""
        external = self.external
        if not external.is_wildcard:
            return host == external.host
        return host.endswith(external.suffix) and len(host) > len(external.suffix)

    def on(self, host: str) -> Segment:
        """The pair of URLs of one host that it covers."""
        external = self.external
        if not external.is_wildcard:
            return self
        label = host[: -len(external.suffix)]
        return Segment(external.on(host), self.internal.on(label + self.internal.suffix), self.id)


@dataclass(frozen=True, slots=True)
class Application:
    """One published application. Times are seconds; groups and users of `assigned` are ids of `provider`.

    It has one policy, and one or more pairs of URLs: `pairs`.
    """

    id: str
    name: str
    external: Url
    internal: Url
    preauthentication: Preauthentication = Preauthentication.OIDC
    connector_group: str = "default"
    provider: str = "builtin"
    assignment_required: bool = True
    assigned_users: frozenset[str] = frozenset()
    assigned_groups: frozenset[str] = frozenset()
    #: 85 s is what Entra calls the default back-end timeout; 180 s its long one.
    backend_timeout: float = 85.0
    connect_timeout: float = 10.0
    #: Silence on an upgraded connection, and on an event stream.
    upgrade_idle_timeout: float = 5 * 3600.0
    #: Hours that an access cookie lasts at most.
    session_hours: float = 12.0
    #: One of `VIEWS`: which place Host, Origin, Referer and the forwarding fields of its requests speak of.
    view: str = "internal"
    #: Requests and answers say that they came through us.
    via: bool = True
    verify_tls: bool = True
    ca_bundle: str = ""
    server_name: str = ""
    #: The name of a file of the connector: the certificate that it shows to the application.
    client_certificate: str = ""
    #: One of `PROTOCOLS`.
    protocol: str = "http1"
    #: At the same time, from each connector; 0: any number.
    max_connections: int = 0
    #: Does it authenticate connections, as with NTLM, and not each request? One of `CONNECTION_AUTHENTICATION`.
    connection_authentication: str = "auto"
    #: Where else it lives beside `internal`; only scheme, host and port count.
    origins: tuple[Url, ...] = ()
    #: What tells whether one of them is well; empty: nothing is asked. Seconds between two questions.
    health_path: str = ""
    health_interval: float = 10.0
    upgrades: frozenset[str] = frozenset({"websocket"})
    robots_disallow: bool = True
    #: Only maintainers reach it; everybody else is told so, and perhaps why, and when (seconds since 1970) it will be back.
    maintenance: bool = False
    maintenance_text: str = ""
    maintenance_until: float | None = None
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()
    #: Every body and every answer on its own data connection: the published Entra flow, exactly.
    strict: bool = False
    max_body: int | None = None
    #: Those that reach it; empty: all that HTTP has.
    methods: frozenset[bytes] = frozenset()
    #: Ask it before a large body is sent (`Expect: 100-continue`).
    expect_continue: bool = True
    headers: tuple[HeaderRule, ...] = field(default=())
    #: Fields that every request gets, with values of the admin's choice.
    request_fields: tuple[RequestField, ...] = ()
    #: It is told in X-Forwarded-Prefix which path users have before its own.
    forwarded_prefix: bool = False
    #: Of the fields that usually tell who the user is, those that users may send themselves (lower case).
    user_fields: frozenset[str] = frozenset()
    #: The access cookie's attributes. Persistent: it outlives the browser, until the session ends.
    cookie_secure: bool = True
    cookie_http_only: bool = True
    cookie_persistent: bool = False
    cookie_same_site: str = "lax"
    #: Its own cookies may be for all hosts of its wildcard.
    wildcard_cookies: bool = False
    #: Internal URLs in fields become public ones and the other way round.
    translate_headers: bool = True
    #: Of these kinds of bodies (html, css, javascript, json) internal URLs become public ones.
    translate_body: frozenset[str] = field(default=frozenset())
    #: Seconds for which browsers are to use https only (RFC 6797); None: the application's own field stays.
    hsts_max_age: int | None = None
    hsts_subdomains: bool = False
    #: Fields that every answer gets, and names (lower case) that none has.
    response_fields: tuple[ResponseField, ...] = field(default=())
    removed_fields: frozenset[str] = frozenset()
    #: Which pages of other origins may call it; without rules it answers them itself.
    cors: tuple[CorsRule, ...] = ()
    #: More pairs of URLs under the same policy.
    segments: tuple[Segment, ...] = ()
    #: Other host names under which `external` answers too.
    alternate_hosts: tuple[str, ...] = ()
    #: Hosts that none of its wildcards stands for.
    excluded_hosts: frozenset[str] = frozenset()

    @property
    def passthrough(self) -> bool:
        """Does it want no sign-in?"""
        return self.preauthentication is Preauthentication.PASSTHROUGH

    @property
    def pairs(self) -> tuple[Segment, ...]:
        """All its pairs of URLs: its own first, then the alternate hosts, then the segments."""
        own = Segment(self.external, self.internal)
        if not self.alternate_hosts:
            return (own, *self.segments)
        others = (Segment(self.external.on(host), self.internal) for host in self.alternate_hosts)
        return (own, *others, *self.segments)

    @property
    def home(self) -> str:
        """Where a link to the application leads; empty when it has only wildcards."""
        return next((str(pair.external) for pair in self.pairs if not pair.external.is_wildcard), "")
