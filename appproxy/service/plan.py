"""What is worked out once for an application and used for each of its requests, and the cleaning of its answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from appproxy.http.cookies import keep_set_cookie
from appproxy.http.fields import decode_block, encode_block
from appproxy.http.forwarding import same_spelling
from appproxy.publish.application import Application

#: Cookies and fields of ours begin with these words; no application may set such a cookie.
RESERVED_COOKIE = b"__Host-appproxy"

#: Fields of an answer that need more than being passed on. Names are lower case: the tunnel refuses any other.
_SPECIAL = re.compile(
    rb"^(?:set-cookie|location|content-location|connection|keep-alive|proxy-[a-z-]*|te|trailer|transfer-encoding"
    rb"|upgrade|x-request-id|proxy-status): ",
    re.MULTILINE,
)
#: Taken out: hop by hop (RFC 9110 section 7.6.1), or ours to say.
_DROPPED = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
    b"transfer-encoding", b"x-request-id", b"proxy-status",
})
#: The Domain attribute of a Set-Cookie (RFC 6265 section 5.2.3).
_DOMAIN = re.compile(rb"[ \t]*;[ \t]*domain[ \t]*=([^;]*)", re.IGNORECASE)
_ROBOTS = b"x-robots-tag: noindex, nofollow\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """One application's constants of the hot path."""

    application: Application
    #: Fields that users may not set for it, in canonical spelling.
    dropped: frozenset[bytes]
    #: Added to each of its answers.
    added: bytes
    #: `http://internal:8080`: what its redirects begin with, and by what that is replaced.
    internal_origin: bytes
    external_origin: bytes
    internal_path: bytes
    external_path: bytes
    #: Our cookies on its host, which it never sees.
    cookie_names: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, application: Application, cookie_names: tuple[bytes, ...] = ()) -> Plan:
        """Work it out."""
        return cls(
            application,
            frozenset(same_spelling(rule.name.encode("ascii")) for rule in application.headers),
            _ROBOTS if application.robots_disallow else b"",
            application.internal.origin.encode("ascii"),
            application.external.origin.encode("ascii"),
            application.internal.path.encode("ascii"),
            application.external.path.encode("ascii"),
            cookie_names,
        )

    def translate(self, url: bytes) -> bytes:
        """A URL of the application's answer as the user has to see it; one that is not the application's stays."""
        rest: bytes | None = None
        if url.startswith(b"/") and not url.startswith(b"//"):
            if self.internal_path == self.external_path:
                return url
            rest = url
        elif url[: len(self.internal_origin)].lower() == self.internal_origin:
            rest = url[len(self.internal_origin):] or b"/"
        if rest is None or not rest.startswith((b"/", b"?", b"#")):
            return url
        if not rest.startswith(b"/"):
            rest = b"/" + rest
        if rest.startswith(self.internal_path):
            rest = self.external_path + rest[len(self.internal_path):]
        elif rest == self.internal_path[:-1]:
            rest = self.external_path
        return rest if url.startswith(b"/") else self.external_origin + rest

    def clean(self, status: int, block: bytes, request_id: str) -> bytes:
        """An answer's field block as the user is to see it."""
        if _SPECIAL.search(block) is not None:
            block = self._clean_special(status, block)
        return b"%b%bx-request-id: %b\n" % (block, self.added, request_id.encode("ascii"))

    def _names_internal_host(self, cookie: bytes) -> bool:
        found = _DOMAIN.findall(cookie)
        internal = self.application.internal.host.encode("ascii")
        return bool(found) and all(domain.strip(b" .\t").lower() == internal for domain in found)

    def _clean_special(self, status: int, block: bytes) -> bytes:
        kept = []
        host = self.application.external.host
        for name, value in decode_block(block):
            if name in _DROPPED or (name == b"upgrade" and status != 101):
                continue
            if name == b"set-cookie":
                # The name by which the connector knows the application means nothing to a browser.
                if self._names_internal_host(value):
                    value = _DOMAIN.sub(b"", value)
                if not keep_set_cookie(value, RESERVED_COOKIE, host):
                    continue
            if name in (b"location", b"content-location"):
                value = self.translate(value)
            kept.append((name, value))
        return encode_block(kept)


class Plans:
    """The plans of all applications, each worked out when it is first needed, and anew when anything is published."""

    def __init__(self, cookie_names: Callable[[str], tuple[bytes, ...]]) -> None:
        self._cookie_names = cookie_names
        self._plans: dict[str, Plan] = {}

    def of(self, application: Application) -> Plan:
        """The plan of this application as it is published now."""
        plan = self._plans.get(application.id)
        if plan is None:
            plan = Plan.of(application, self._cookie_names(application.external.host))
            self._plans[application.id] = plan
        return plan

    def forget(self) -> None:
        """Something was published or changed; the cookies of a host depend on all of its applications."""
        self._plans.clear()
