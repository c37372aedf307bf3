"""What is worked out once for an application and used for each of its requests, and the cleaning of its answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from appproxy.http.fields import decode_block, encode_block
from appproxy.http.forwarding import same_spelling
from appproxy.http.set_cookie import CookieRules, public_set_cookie
from appproxy.publish.application import Application, Segment
from appproxy.publish.response_policy import response_policy
from appproxy.publish.routing import Route, target_name

#: Cookies of ours begin with these words, in any case; no application may set such a cookie.
_RESERVED_COOKIES = (b"__host-appproxy",)
#: Taken out: hop by hop (RFC 9110 section 7.6.1), or ours to say. Alt-Svc names another server that has the same
#: pages (RFC 7838), and the one that an application means is behind us.
_DROPPED = frozenset({
    b"alt-svc", b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"x-request-id", b"proxy-status",
})
#: Plans that are kept: more than 10,000 applications with a few pairs of URLs each have; the hosts of wildcards are endless.
_MOST_PLANS = 50_000
#: Fields that need more than being passed on, besides those that are taken out.
_CHANGED = frozenset({b"content-location", b"location", b"set-cookie", b"upgrade"})


@lru_cache(maxsize=256)  # Nearly all applications replace the same few fields, most of them none.
def _special(replaced: frozenset[bytes]) -> re.Pattern[bytes]:
    """Finds in a block, with a line end put before it, a line that needs more than being passed on.

    Beginning with a letter that must be there, it takes half the time of `^` in lines.
    """
    names = b"|".join(map(re.escape, sorted(_DROPPED | _CHANGED | replaced)))
    return re.compile(rb"\n(?:" + names + rb"): ")


@dataclass(frozen=True, slots=True)
class Plan:
    """The constants of the hot path of one application, or, when it has several pairs of URLs, of one of them."""

    application: Application
    #: The pair of URLs, with the very hosts also where they are wildcards.
    segment: Segment
    #: The name by which connectors know the internal URL.
    target: str
    #: Fields that users may not set for it, in canonical spelling.
    dropped: frozenset[bytes]
    #: Added to each of its answers.
    added: bytes
    #: Names that its answers do not keep, and what finds the lines of an answer that need a closer look.
    unwanted: frozenset[bytes]
    special: re.Pattern[bytes]
    cookies: CookieRules
    #: `http://internal:8080`: what its redirects begin with, and by what that is replaced.
    internal_origin: bytes
    external_origin: bytes
    internal_path: bytes
    external_path: bytes
    #: Our cookies on its host, which it never sees.
    cookie_names: tuple[bytes, ...] = ()

    @classmethod
    def of(
        cls, application: Application, cookie_names: tuple[bytes, ...] = (), segment: Segment | None = None
    ) -> Plan:
        """Work it out; without a `segment` for the application's own pair of URLs."""
        segment = segment or Segment(application.external, application.internal)
        policy = response_policy(
            robots_disallow=application.robots_disallow, hsts_max_age=application.hsts_max_age,
            hsts_subdomains=application.hsts_subdomains, fields=application.response_fields,
            removed=application.removed_fields,
        )
        return cls(
            application, segment, target_name(application, segment),
            frozenset(same_spelling(rule.name.encode("ascii")) for rule in application.headers),
            policy.added,
            _DROPPED | policy.replaced,
            _special(policy.replaced),
            _cookie_rules(application, segment),
            segment.internal.origin.encode("ascii"),
            segment.external.origin.encode("ascii"),
            segment.internal.path.encode("ascii"),
            segment.external.path.encode("ascii"),
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
        if self.special.search(b"\n" + block) is not None:
            block = self._clean_special(status, block)
        return b"%b%bx-request-id: %b\n" % (block, self.added, request_id.encode("ascii"))

    def _clean_special(self, status: int, block: bytes) -> bytes:
        kept = []
        for name, value in decode_block(block):
            if name in self.unwanted or (name == b"upgrade" and status != 101):
                continue
            if name == b"set-cookie":
                public = public_set_cookie(value, self.cookies)
                if public is None:
                    continue
                value = public
            elif name in (b"location", b"content-location"):
                value = self.translate(value)
            kept.append((name, value))
        return encode_block(kept)


def _cookie_rules(application: Application, segment: Segment) -> CookieRules:
    internal, external = segment.internal, segment.external
    host = external.host.encode("ascii")
    if not application.translate_headers:
        return CookieRules(_RESERVED_COOKIES, host)
    return CookieRules(
        _RESERVED_COOKIES, host, internal.host.encode("ascii"), external.path.encode("ascii"),
        internal.path.encode("ascii"), secure=internal.scheme == "http",
    )


class Plans:
    """The plans of all routes, each worked out when it is first needed, and anew when anything is published."""

    def __init__(self, cookie_names: Callable[[str], tuple[bytes, ...]]) -> None:
        self._cookie_names = cookie_names
        self._plans: dict[Route, Plan] = {}

    def of(self, route: Route) -> Plan:
        """The plan of this route as it is published now."""
        plan = self._plans.get(route)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[route] = Plan.of(route.application, self._cookie_names(route.host), route.segment)
        return plan

    def forget(self) -> None:
        """Something was published or changed; the cookies of a host depend on all of its applications."""
        self._plans.clear()
