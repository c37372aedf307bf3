"""URLs in fields: what an application says becomes public, what a browser says becomes internal.

Pure rewriting of values. Which URL belongs to which application, `urls.Translation` knows. A URL that is nobody's, a
relative one and a malformed one stay byte for byte, so that no field breaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from appproxy.errors import Code, RequestError
from appproxy.publish.application import Url
from appproxy.publish.fields.sources import Sources
from appproxy.publish.fields.url_fields import allowlists, challenges, endpoints, listed_origins, strings
from appproxy.regex import compiled

#: What parts members of lists in an answer's fields, and how many of them one answer may have: each member is up to 10 us of
#: work at once. Large policies have 300, a hundred cookies 800.
_PARTS = b" \t,;<\""
_MOST_PARTS = 2000
#: A shorter block need not be looked at.
_FEW = 4096
_BLANK = b" \t"
#: What comes before the URL in a Refresh, as HTML reads it: seconds, a separator, `url=`, a quote.
_REFRESH = compiled(
    rb"([ \t]*+[0-9.]++[ \t]*+(?:[;,][ \t]*+|(?<=[ \t]))(?:url[ \t]*+=[ \t]*+)?+)(?:(['\"])([^'\"]*+)|([^'\"].*+))",
    re.IGNORECASE | re.DOTALL,
)
#: In a Link: the URL in `anchor="..."`, other quoted texts (one that does not end is all of the rest), the target in
#: angle brackets.
_LINK = compiled(
    rb"(;[ \t]*+anchor[ \t]*+=[ \t]*+\")([^\"\\]*+)\"|\"(?:[^\"\\]++|\\.)*+(?:\"|\\?\Z)|<([^<>]*+)>",
    re.IGNORECASE)
#: In the If of WebDAV: resource tags and state tokens, both in angle brackets, and entity tags in quotes.
_TAGS = compiled(rb"\"[^\"]*+\"|<([^<>]*+)>")
#: Of each of them in one If; clients have one or two. A request with more is refused.
_MOST_TAGS = 128


def has_too_many(block: bytes) -> bool:
    """Has an answer's block so many members of lists that they are not to be translated?"""
    return len(block) > _FEW and len(block) - len(block.translate(None, _PARTS)) > _MOST_PARTS


class Urls(Protocol):
    """What is asked of `urls.Translation`."""

    def to_public(self, url: bytes, at: str = "") -> bytes | None:
        """The public form of an absolute internal URL, None when it is nobody's."""

    def origin(self, url: bytes, at: str = "") -> bytes | None:
        """The public origin of what is published on an internal origin, None when nothing is."""

    def to_internal(self, url: bytes) -> bytes | None:
        """The internal form of an absolute public URL, None when it is nobody's."""

    def is_whole(self, url: Url, *, public: bool) -> bool:
        """Is everything on the host of this public or internal URL below this very URL, and no more specific one?"""


class AnswerUrls:
    """The answers of one pair of URLs, neither of them a wildcard.

    `keeps_host`: the application gets the public Host, and so knows itself by it. `prefix`: it is told this path before its
    own, and so may name paths as users have them.
    """

    __slots__ = ("_external", "_known", "_known_here", "_host", "_internal", "_internal_root", "_own_view", "_urls", "_whole",
                 "sources")

    def __init__(self, urls: Urls, external: Url, internal: Url, *, keeps_host: bool, prefix: str = "") -> None:
        self._urls = urls
        self._host = external.host
        # What it knows of paths begins with the prefix; where it says them with a host, that is one by which it knows itself.
        path = rb"(?=" + re.escape(external.path[:-1].encode("ascii")) + rb"(?:[/?#]|\Z))"
        hosts = b"|".join(re.escape(url.authority.encode("ascii")) for url in (internal, external))
        self._known = compiled(path) if prefix else None
        self._known_here = compiled(rb"https?://(?:" + hosts + rb")" + path, re.IGNORECASE)
        self._internal = internal.origin.encode("ascii")
        self._external = external.origin.encode("ascii")
        # Most applications have a host of their own on both sides: then paths are the same, and a look suffices.
        self._whole = external.path == "/" and urls.is_whole(internal, public=False) and urls.is_whole(external, public=True)
        self._internal_root = self._internal + b"/"
        # It sees that host beside its own scheme, and perhaps ours in X-Forwarded-Proto.
        authority = re.escape(external.authority.encode("ascii"))
        self._own_view = compiled(rb"https?://" + authority + rb"(?=[/?#]|\Z)", re.IGNORECASE) if keeps_host else None
        self.sources = Sources(self.url, self._published, external, internal, keeps_host=keeps_host)

    def field(self, name: bytes, value: bytes) -> bytes:
        """The public value of a field that `OUTWARD` names."""
        return _READ[name](self, value)

    def url(self, url: bytes) -> bytes:
        """The public form of a URL, in the form that it has: a path stays a path where it leads to the same host."""
        if url[:1] == b"/" and url[1:2] != b"/":
            return url if self._whole or (self._known is not None and self._known.match(url)) else self._path(url)
        if self._known is not None and (known := self._known_here.match(url)):
            return self._external + url[known.end():]
        if self._whole and url.startswith(self._internal_root):
            return self._external + url[len(self._internal):]
        public = self._urls.to_public(url, self._host)
        if public is None and self._own_view is not None and (found := self._own_view.match(url)):
            public = self._urls.to_public(self._internal + url[found.end():], self._host)
        return url if public is None else public

    def _path(self, path: bytes) -> bytes:
        public = self._urls.to_public(self._internal + path, self._host)
        if public is None:
            return path
        rest = public.removeprefix(self._external)
        if rest == path:
            return path
        # `//` and `/\` at the beginning would be read as another host.
        return rest if rest[:1] == b"/" and rest[1:2] not in (b"/", b"\\") else public

    def _one(self, value: bytes) -> bytes:
        bare = value.strip(_BLANK)
        return value.replace(bare, self.url(bare)) if bare else value

    def _one_or_object(self, value: bytes) -> bytes:
        return endpoints(value, self.url) if value.lstrip(_BLANK)[:1] == b"{" else self._one(value)

    def _links(self, value: bytes) -> bytes:
        return _LINK.sub(self._link, value)

    def _link(self, found: re.Match[bytes]) -> bytes:
        before, anchor, target = found.groups()
        if target is not None:
            return b"<%b>" % self.url(target)
        return found[0] if anchor is None else b'%b%b"' % (before, self.url(anchor))

    def _refresh(self, value: bytes) -> bytes:
        found = _REFRESH.match(value)
        if found is None:
            return value
        group = 4 if found[3] is None else 3
        return value[: found.start(group)] + self.url(found[group]) + value[found.end(group):]

    def _origin(self, origin: bytes) -> bytes:
        if origin.lower() == self._internal or (self._own_view is not None and self._own_view.fullmatch(origin)):
            return self._external
        public = self._urls.to_public(origin + b"/", self._host)
        return origin if public is None else _origin_of(public)

    def _published(self, origin: bytes) -> bytes | None:
        return self._urls.origin(origin, self._host)


#: Fields of an answer that hold URLs (RFC 9110 sections 10.2.2, 8.7 and 11.6.1, RFC 8288, HTML's Refresh and speculation
#: rules, Source Map, Reporting, Service Workers, and htmx) or origins (Fetch, CSP 3, Permissions Policy, Resource Timing),
#: and how each is read.
_READ: Mapping[bytes, Callable[[AnswerUrls, bytes], bytes]] = {
    **dict.fromkeys((b"content-location", b"hx-push-url", b"hx-redirect", b"hx-replace-url", b"location",
                     b"service-worker-allowed", b"sourcemap", b"x-sourcemap"), AnswerUrls._one),
    **dict.fromkeys((b"content-security-policy", b"content-security-policy-report-only"),
                    lambda here, value: here.sources.policy(value)),
    **dict.fromkeys((b"permissions-policy", b"permissions-policy-report-only"),
                    lambda here, value: allowlists(value, here.sources.public)),
    **dict.fromkeys((b"reporting-endpoints", b"speculation-rules"), lambda here, value: strings(value, here.url)),
    b"access-control-allow-origin": AnswerUrls._origin,
    b"feature-policy": lambda here, value: here.sources.features(value),
    b"hx-location": AnswerUrls._one_or_object,
    b"link": AnswerUrls._links,
    b"refresh": AnswerUrls._refresh,
    b"report-to": lambda here, value: endpoints(value, here.url),
    b"timing-allow-origin": lambda here, value: listed_origins(value, here.sources.public),
    b"www-authenticate": lambda here, value: challenges(value, here.url),
}
OUTWARD = frozenset(_READ)


#: Fields of a request with the page that it comes from, or, of a ping, with the one that it leads to: RFC 9110 section
#: 10.1.3, HTML section 4.6.6 (ping), htmx.
_PAGES = frozenset([b"hx-current-url", b"ping-from", b"ping-to", b"referer"])


class RequestUrls:
    """The requests to one pair of URLs. `keeps_host` as in `AnswerUrls`: then only WebDAV's fields are changed, because
    servers compare them with their own scheme, and Origin, Referer and the like fit the Host as they are. Otherwise no field
    names the public origin.
    """

    __slots__ = ("_external", "_external_root", "_internal", "_seen_as", "_urls", "_whole")

    def __init__(self, urls: Urls, external: Url, internal: Url, *, keeps_host: bool) -> None:
        self._urls = urls
        self._external = external.origin.encode("ascii")
        self._internal = internal.origin.encode("ascii")
        # Nearly every request has a Referer, and nearly every application a host of its own: then a look suffices.
        self._whole = internal.path == "/" and urls.is_whole(external, public=True)
        self._external_root = self._external + b"/"
        seen = f"{internal.scheme}://{external.authority}"
        self._seen_as = seen.encode("ascii") if keeps_host else None

    def field(self, name: bytes, value: bytes) -> bytes:
        """The internal value of Origin, of one of `_PAGES`, of Destination or If (RFC 6454, RFC 4918 sections 10.3 and 10.4);
        `name` in lower case. Raises RequestError(BAD_REQUEST) for an If with more than anybody sends.
        """
        if name == b"if":
            if value.count(b"<") > _MOST_TAGS or value.count(b'"') > 2 * _MOST_TAGS:
                raise RequestError(Code.BAD_REQUEST, f"more than {_MOST_TAGS} resources, tokens or tags in If")
            return _TAGS.sub(self._tag, value)
        if name == b"destination":
            return self._url(value)
        if self._seen_as is not None:
            return value
        if name in _PAGES:
            if self._whole and value.startswith(self._external_root):
                return self._internal + value[len(self._external):]
            return self._urls.to_internal(value) or (self._internal + b"/" if self._is_own(value) else value)
        if value.lower() == self._external:
            return self._internal
        internal = self._urls.to_internal(value + b"/")
        return value if internal is None else _origin_of(internal)

    def _is_own(self, url: bytes) -> bool:
        """Is it on the public origin? Where nothing is published at its path, the application sees the origin alone."""
        size = len(self._external)
        return url[:size].lower() == self._external and url[size:size + 1] in (b"", b"/", b"?", b"#")

    def _tag(self, found: re.Match[bytes]) -> bytes:
        return found[0] if found[1] is None else b"<%b>" % self._url(found[1])

    def _url(self, url: bytes) -> bytes:
        """A URL, or a path, that WebDAV names a resource by."""
        is_path = url[:1] == b"/" and url[1:2] != b"/"
        internal = self._urls.to_internal(self._external + url if is_path else url)
        if internal is None:
            return url
        own = internal[: len(self._internal)] == self._internal and internal[len(self._internal):][:1] == b"/"
        if is_path and own:
            return internal[len(self._internal):]
        return self._seen_as + internal[len(self._internal):] if own and self._seen_as is not None else internal


def _origin_of(url: bytes) -> bytes:
    """Scheme and authority of an absolute URL."""
    scheme, mark, rest = url.partition(b"://")
    return scheme + mark + rest.partition(b"/")[0]
