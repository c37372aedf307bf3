"""What is worked out once for an application and used for each of its requests, and the cleaning of its answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from twisted.logger import Logger

from appproxy.http.cookies import RESERVED
from appproxy.http.forwarding import PublicPlace, public_place
from appproxy.http.refused import RefusedFields, refused_fields, same_spelling
from appproxy.http.set_cookie import CookieRules, parent_domain, public_set_cookie
from appproxy.publish.application import Application, Segment
from appproxy.publish.cors import ANSWERS, CorsTable, Fields, answer_fields
from appproxy.publish.fields.headers import OUTWARD, AnswerUrls, RequestUrls, has_too_many
from appproxy.publish.fields.identity_fields import IdentityFields
from appproxy.publish.response_policy import response_policy
from appproxy.publish.routing import ApplicationRoute, names_file, target_name
from appproxy.publish.urls import Translation
from appproxy.service.relay.translated_bodies import TranslatedBodies

#: Taken out: hop by hop (RFC 9110 section 7.6.1), or ours to say. Alt-Svc names another server that has the same
#: pages (RFC 7838), and the one that an application means is behind us.
_DROPPED = frozenset({
    b"alt-svc", b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"x-request-id", b"proxy-status",
})
#: Plans that are kept: more than 10,000 applications with a few pairs of URLs each have; the hosts of wildcards are endless.
_MOST_PLANS = 50_000
#: Fields with URLs that have one each.
_ONE_URL = frozenset({
    b"access-control-allow-origin", b"content-location", b"hx-location", b"hx-push-url", b"hx-redirect", b"hx-replace-url",
    b"location", b"refresh", b"service-worker-allowed", b"sourcemap", b"x-sourcemap"})
#: Bytes of a translated field: one source of a policy can become as many as applications are at one internal place.
_LONGEST = 32_768
#: Fields that need more than being passed on, besides those that are taken out and those with URLs.
_CHANGED = frozenset({b"set-cookie", b"upgrade"})


def _special(names: frozenset[bytes]) -> re.Pattern[bytes]:
    """Finds in a block, with a line end put before it, a line with one of these names; its groups are name and value.

    Beginning with a letter that must be there, it takes half the time of `^` in lines.
    """
    return re.compile(rb"\n(" + _any_of(sorted(names)) + rb"): ([^\n]*+)")


@lru_cache(maxsize=256)  # Nearly all applications replace the same few fields, most of them none.
def _replaced(names: frozenset[bytes]) -> re.Pattern[bytes]:
    """Finds in a block, with a line end put before it, the lines with these names."""
    return re.compile(rb"\n" + _any_of(sorted(names)) + rb": [^\n]*+")


def _any_of(names: list[bytes]) -> bytes:
    """An expression for these names that reads what they have in common once: a line costs the same however many they are."""
    behind: dict[bytes, list[bytes]] = {}
    for name in names:
        behind.setdefault(name[:1], []).append(name[1:])
    ends = behind.pop(b"", None) is not None
    parts = [re.escape(first) + _any_of(rest) for first, rest in behind.items()]
    return parts[0] if len(parts) == 1 and not ends else b"(?:%b)" % b"|".join(parts + [b""] * ends) if parts else b""


#: The lines that need a closer look in every application's answers, by whether URLs in its fields are translated. To compile
#: one takes 10 ms, which no request is to wait for: what is the application's own has a small expression for itself.
_SPECIAL = {False: _special(_DROPPED | _CHANGED), True: _special(_DROPPED | _CHANGED | OUTWARD)}

_log = Logger()


@dataclass(slots=True)
class Learned:
    """What answers have shown of an application. It is forgotten with the plan."""

    #: It wants its path without the last slash, and redirects there from the path with it.
    bare: bool = False
    #: It leads from the path without the slash to the one with it: nothing shows the opposite any more.
    slashed: bool = False
    #: It has taken a form of an own page, so it takes the page's origin for its own.
    takes_forms: bool = False
    #: Applications of which the log has said that their cookies' Domain is left out; of all plans together.
    narrowed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Plan:
    """The constants of the hot path of one application, or, when it has several pairs of URLs, of one of them."""

    application: Application
    #: The pair of URLs, with the very hosts also where they are wildcards.
    segment: Segment
    #: The name by which connectors know the internal URL.
    target: str
    #: Fields that users may not set for it.
    dropped: RefusedFields
    #: Added to each of its answers.
    added: bytes
    #: Names that its answers do not keep because of its settings, and what finds those lines.
    unwanted: frozenset[bytes]
    replaced: re.Pattern[bytes] | None
    #: What finds the lines of an answer that need a closer look.
    special: re.Pattern[bytes]
    cookies: CookieRules
    #: What translates URLs in the fields of answers, None where that is switched off; and what makes those of requests
    #: speak of the place that the application sees.
    outward: AnswerUrls | None
    inward: RequestUrls
    #: What it is told of the public place; None: it sees the internal one.
    place: PublicPlace | None = None
    #: Added to each of its requests, besides what is different for each.
    constants: bytes = b""
    #: What translates URLs in its bodies; None, for most: nothing does.
    bodies: TranslatedBodies | None = None
    #: Its rules for calls from other origins; None: it answers them itself.
    cors: CorsTable | None = None
    #: `dropped` for requests of programs: with the field of their credential; None where that is forwarded, or nobody has one.
    dropped_for_programs: RefusedFields | None = None
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)
    #: This plan for requests that a rule covers, by the fields that their answers get.
    _facing: dict[bytes, Plan] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls, application: Application, segment: Segment | None = None, urls: Translation | None = None,
        identity: IdentityFields | None = None, owned: Callable[[Application, str], bool] = lambda application, domain: True,
        signed: frozenset[str] = frozenset(),
    ) -> Plan:
        """Work it out; without a `segment` for the application's own pair of URLs, without `urls` and `identity` as if it
        were alone. `owned`: is nothing else published below this domain? `signed`: fields of the signer.
        """
        segment = segment or Segment(application.external, application.internal)
        policy = response_policy(
            robots_disallow=application.robots_disallow, hsts_max_age=application.hsts_max_age,
            hsts_subdomains=application.hsts_subdomains, fields=application.response_fields,
            removed=application.removed_fields,
        )
        pair = (urls or Translation([application]), segment.external, segment.internal)
        is_public = application.view == "public"
        prefix = segment.prefix if application.forwarded_prefix else ""
        outward = AnswerUrls(*pair, keeps_host=is_public, prefix=prefix) if application.translate_headers else None
        own = (identity or IdentityFields([application])).of(application, segment) | signed
        cuts = application.bearer != "off" and not application.bearer_forward
        return cls(
            application, segment, target_name(application, segment), _refused(application, own),
            policy.added + _via(application), policy.replaced, _replaced(policy.replaced) if policy.replaced else None,
            _SPECIAL[outward is not None],
            _cookie_rules(application, segment, owned), outward, RequestUrls(*pair, keeps_host=is_public),
            public_place(segment.external.origin) if is_public else None, _constants(application, segment),
            TranslatedBodies.of(application, segment, urls or Translation([application]))
            if application.translate_body else None,
            CorsTable(application.cors, segment.external.host) if application.cors else None,
            dropped_for_programs=_refused(application, own | {application.bearer_header}) if cuts else None,
            learned=Learned(bare=names_file(segment.external.path)),
        )

    def facing(self, target: bytes, fields: Fields, renewal: bytes = b"") -> Plan:
        """The plan for one request, where there are rules for calls from other origins, or the answer brings an access cookie.

        A rule's fields take the place of the application's. There are as many plans as rules have origins. `renewal`: the
        cookie's lines. No cache may give that to others, whatever the application says of its answer: of several directives
        the strictest counts (RFC 9111 section 4.2.1).
        """
        plan = self._facing_origin(target, fields)
        return replace(plan, added=plan.added + renewal + b"cache-control: private\n") if renewal else plan

    def _facing_origin(self, target: bytes, fields: Fields) -> Plan:
        rule = None if self.cors is None else self.cors.find(target)
        if rule is None:
            return self
        block = answer_fields(rule, fields)
        plan = self._facing.get(block)
        if plan is None:
            unwanted = self.unwanted | ANSWERS
            plan = self._facing[block] = replace(
                self, added=self.added + block, unwanted=unwanted, replaced=_replaced(unwanted), _facing={})
        return plan

    def clean(self, status: int, block: bytes, request_id: str) -> bytes:
        """An answer's field block as the user is to see it."""
        lines = b"\n" + block
        if self.replaced is not None:
            lines = self.replaced.sub(b"", lines)
            block = lines[1:]
        if self.special.search(lines) is not None:
            line = self._line_of_many if has_too_many(lines) else self._line
            block = self.special.sub(line if status != 101 else self._line_of_upgrade, lines)[1:]
        return b"%b%bx-request-id: %b\n" % (block, self.added, request_id.encode("ascii"))

    def _line(self, found: re.Match[bytes]) -> bytes:
        """What becomes of a line that needs a closer look: nothing, or one good line. The others are not touched."""
        name, value = found.groups()
        if name == b"set-cookie":
            cookie = public_set_cookie(value, self.cookies)
            if cookie != value:
                self._note_domain(value)
            return b"" if cookie is None else b"\nset-cookie: " + cookie
        if name in _DROPPED or name == b"upgrade" or self.outward is None:
            return b""
        public = self.outward.field(name, value)
        return b"\n%b: %b" % (name, public if len(public) <= _LONGEST else value)

    def _note_domain(self, value: bytes) -> None:
        """Say once that an application's cookies are for one host, and not for the domain that they name."""
        name = self.application.name
        if name not in self.learned.narrowed and (domain := parent_domain(value, self.cookies)):
            self.learned.narrowed.add(name)
            _log.warn("cookies of {application} name the domain {domain}, which has other hosts, too: they are kept to "
                      "{host}; where all hosts of a wildcard are its own, set wildcard_cookies=yes",
                      application=name, domain=domain.decode("latin-1"), host=self.segment.external.host)

    def _line_of_many(self, found: re.Match[bytes]) -> bytes:
        """A line of an answer with more URLs than anybody sends: lists of them stay as they are."""
        is_list = found[1] in OUTWARD and found[1] not in _ONE_URL
        return found[0] if is_list else self._line(found)

    def _line_of_upgrade(self, found: re.Match[bytes]) -> bytes:
        """101 must say what to."""
        return found[0] if found[1] == b"upgrade" else self._line(found)


def _refused(application: Application, learned: frozenset[str]) -> RefusedFields:
    """What users may not send: the usual names, and those by which its origins learn who the user is."""
    own = frozenset(same_spelling(name.encode("ascii")) for name in learned)
    return refused_fields(own, frozenset(name.encode("ascii") for name in application.user_fields))


def _constants(application: Application, segment: Segment) -> bytes:
    """Lines of the admin's choice, and the path that users have before the application's own."""
    lines = [f"{one.name}: {one.value}\n" for one in application.request_fields]
    if application.forwarded_prefix and segment.prefix:
        lines.append(f"x-forwarded-prefix: {segment.prefix}\n")
    return "".join(lines).encode("ascii")


def _via(application: Application) -> bytes:
    """Answers' Via (RFC 9110 section 7.6.3), with the version in which the connector gets them."""
    return (b"via: 2.0 appproxy\n" if application.protocol == "h2" else b"via: 1.1 appproxy\n") if application.via else b""


def _shared(application: Application, segment: Segment, owned: Callable[[Application, str], bool]) -> tuple[bytes, bytes]:
    """The domain, and its internal name, that cookies may be for: that of its wildcard, where nobody else is below it."""
    if application.wildcard_cookies:
        for pair in application.pairs:
            domain = pair.external.suffix[1:]
            if pair.external.is_wildcard and pair.covers(segment.external.host) and owned(application, domain):
                return domain.encode("ascii"), pair.internal.suffix[1:].encode("ascii")
    return b"", b""


def _cookie_rules(
    application: Application, segment: Segment, owned: Callable[[Application, str], bool],
) -> CookieRules:
    internal, external = segment.internal, segment.external
    host = external.host.encode("ascii")
    shared, internal_shared = _shared(application, segment, owned)
    if not application.translate_headers:
        return CookieRules(RESERVED, host, shared=shared)
    return CookieRules(
        RESERVED, host, internal.host.encode("ascii"), external.path.encode("ascii"),
        internal.path.encode("ascii"), secure=internal.scheme == "http",
        knows_path=bool(segment.prefix) and application.forwarded_prefix, shared=shared, internal_shared=internal_shared,
    )


class Plans:
    """The plans of all routes, each worked out when it is first needed, and again when anything is published."""

    def __init__(
        self, urls: Callable[[], Translation] = Translation, applications: Callable[[], Iterable[Application]] = tuple,
        signed: frozenset[str] = frozenset(),
    ) -> None:
        """`signed`: fields that a signer gives requests, and that no user may send."""
        self._urls = urls
        self._applications = applications
        self._signed = signed
        #: Of all applications; None until it is first needed.
        self._identity: IdentityFields | None = None
        self._plans: dict[ApplicationRoute, Plan] = {}
        self._narrowed: set[str] = set()
        #: By application and domain: the hosts of a wildcard are endless, and each asks the same.
        self._owners: dict[tuple[str, str], bool] = {}

    def of(self, route: ApplicationRoute) -> Plan:
        """The plan of this route as it is published now."""
        plan = self._plans.get(route)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            if self._identity is None:
                self._identity = IdentityFields(self._applications())
            plan = self._plans[route] = Plan.of(
                route.application, route.segment, self._urls(), self._identity, self._owned, self._signed)
            plan.learned.narrowed = self._narrowed
        return plan

    def _owned(self, application: Application, domain: str) -> bool:
        """Is no other application published at this domain or below it? Cookies for all of it would reach that one."""
        key = (application.id, domain)
        known = self._owners.get(key)
        if known is None:
            below = "." + domain
            known = self._owners[key] = not any(
                pair.external.host == domain or pair.external.host.endswith(below)
                for other in self._applications() if other.id != application.id for pair in other.pairs
            )
        return known

    def forget(self) -> None:
        """Something was published or changed; URLs and identity fields of one depend on all the others."""
        self._plans.clear()
        self._owners.clear()
        self._identity = None
