"""Lists of origins that a policy allows: what is allowed of an internal place is allowed of its public ones.

A source is `scheme://host:port/path` with only the host required, `*.` before it and `*` for the port allowed (CSP 3 section
2.3.1). Keywords, nonces, hashes, schemes alone and what is nobody's stay byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from appproxy.publish.application import Url
from appproxy.regex import compiled

#: Sources that are remembered, and their longest, in bytes: a policy has some dozen, and names the same ones each time.
_REMEMBERED = 256
_LONGEST = 256
_SOURCE = compiled(
    rb"(?:(https?|wss?)://)?+((?:\*\.)?+[0-9a-z_.-]++|\[[0-9a-f:.]++\])(?::([0-9]{1,5}|\*))?+(/[^?#\\]*+)?+", re.IGNORECASE)
#: A directive, its name before its first blank, and what it lists. A comma begins another policy.
_DIRECTIVE = compiled(rb"[^;,]++")
_NAME = compiled(rb"[\t\n\f\r ]*+([a-zA-Z-]++)(?=[\t\n\f\r ])")
_LISTED = compiled(rb"[^\t\n\f\r ]++")
#: Directives that list sources, besides those that end so; `report-uri` lists URLs.
_LISTS = frozenset({b"base-uri", b"form-action", b"frame-ancestors", b"navigate-to"})
_ENDS = (b"-src", b"-src-attr", b"-src-elem")
#: A label that no host has, in the place of a wildcard's star.
_STAR = b"-"
_WEBSOCKETS = {"http": b"ws", "https": b"wss"}


class Sources:
    """The sources that the answers of one pair of URLs name, neither of them a wildcard.

    `url`: the public form of a URL, the same URL where it has none. `origin`: the public origin of an internal one, None
    where it has none. `keeps_host`: the application gets the public Host, and so knows itself by it.
    """

    __slots__ = ("_external", "_internal", "_known", "_origin", "_own", "_url")

    def __init__(
        self, url: Callable[[bytes], bytes], origin: Callable[[bytes], bytes | None], external: Url, internal: Url, *,
        keeps_host: bool,
    ) -> None:
        self._url = url
        self._origin = origin
        self._external = external
        self._internal = internal
        self._own = [internal, external] if keeps_host else [internal]
        self._known: dict[bytes, list[bytes]] = {}

    def policy(self, value: bytes) -> bytes:
        """The public form of a Content-Security-Policy (CSP 3 section 2.2)."""
        return _DIRECTIVE.sub(self._directive, value)

    def features(self, value: bytes) -> bytes:
        """The public form of a Feature-Policy, each of whose directives lists origins."""
        return _DIRECTIVE.sub(lambda found: _LISTED.sub(self._listed, found[0]), value)

    def public(self, source: bytes) -> list[bytes]:
        """What allows users what this source allows inside; the source alone where nothing is to be changed."""
        known = self._known.get(source)
        if known is None:
            found = _SOURCE.fullmatch(source) if source[:1] != b"'" else None
            known = [source] if found is None else self._of(source, *found.groups())
            if len(source) <= _LONGEST and found is not None:  # nonces are others each time
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[source] = known
        return known

    def _directive(self, found: re.Match[bytes]) -> bytes:
        name = _NAME.match(found[0])
        if name is None:
            return found[0]
        directive = name[1].lower()
        if directive == b"report-uri":
            return found[0][:name.end()] + _LISTED.sub(lambda one: self._url(one[0]), found[0][name.end():])
        if directive in _LISTS or directive.endswith(_ENDS):
            return found[0][:name.end()] + _LISTED.sub(self._listed, found[0][name.end():])
        return found[0]

    def _listed(self, found: re.Match[bytes]) -> bytes:
        return b" ".join(self.public(found[0]))

    def _of(self, source: bytes, scheme: bytes | None, host: bytes, port: bytes | None, path: bytes | None) -> list[bytes]:
        """The public forms of a source, taken apart."""
        name = str(host, "ascii").lower().strip("[]")
        wild = name.startswith("*.")
        place = (_STAR + host[1:] if wild else host) + (b":" + port if port is not None and port != b"*" else b"")
        if not wild and path in (None, b"/") and self._names(name, scheme, port):
            result = [self._here(scheme) + (path or b"")]
        else:
            public = self._translated(scheme, place, path)
            if public is not None and wild:
                public = public.replace(_STAR + b".", b"*.", 1)
            result = [source if public is None else public]
        if wild and self._is_below(name[1:], scheme, port) and not self._external.host.endswith(_suffix(result[0])):
            # It allows more than is published, and among it the application itself.
            result.append(self._here(scheme))
        return [source, *result[1:]] if result[0].lower() == source.lower() else result

    def _translated(self, scheme: bytes | None, place: bytes, path: bytes | None) -> bytes | None:
        """What the table of all applications makes of it. What is allowed by http is allowed by https, too."""
        said = [b""] if scheme is None else [scheme + b":"]
        if scheme is not None and scheme[-1:] not in (b"s", b"S"):
            said.append(scheme + b"s:")
        for start in said:
            url = start + b"//" + place
            public = self._origin(url) if path is None else self._url(url + path)
            if public is not None and public != url + (path or b""):
                return public[2:] if scheme is None else public
        return None

    def _names(self, host: str, scheme: bytes | None, port: bytes | None) -> bool:
        """Is it the application, by a name that it has for itself?"""
        if port is None:
            ports = {443} if scheme is not None and scheme[-1:] in (b"s", b"S") else {80, 443}
        return any(
            host == url.host and (port == b"*" or (url.port in ports if port is None else url.port == int(port)))
            for url in self._own
        )

    def _is_below(self, suffix: str, scheme: bytes | None, port: bytes | None) -> bool:
        """Does a wildcard stand for the application?"""
        return self._internal.host.endswith(suffix) and self._names(self._internal.host, scheme, port)

    def _here(self, scheme: bytes | None) -> bytes:
        """The public origin, with a scheme where there was one."""
        url = self._external
        authority = url.authority.encode("ascii")
        if scheme is None:
            return authority
        return (_WEBSOCKETS[url.scheme] if scheme[:1] in b"wW" else url.scheme.encode("ascii")) + b"://" + authority


def _suffix(source: bytes) -> str:
    """What the hosts of a source end in that is a wildcard."""
    found = _SOURCE.fullmatch(source)
    return str(found[2], "ascii").lower().removeprefix("*") if found is not None else ""
