"""Answers by which an application shows that it takes itself for another place than the one that users see.

Looked at only where the status could mean that, which is not the common case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum

from appproxy.http.fields import values
from appproxy.http.head import RequestHead
from appproxy.publish.routing import names_file
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.plan import Plan

REDIRECTS = frozenset([301, 302, 303, 307, 308])
#: By which frameworks refuse a request whose Origin, Referer or Host they do not take for their own: 400 (Django's hosts,
#: Flask-WTF), 403 (Django, Jupyter, Rails' hosts), 421 (RFC 9110 section 15.5.20), 422 (Rails), 500 (Next.js).
REFUSALS = frozenset([400, 403, 421, 422, 500])
#: The statuses that are looked at.
STATUSES = REDIRECTS | REFUSALS
_SAFE = frozenset([b"GET", b"HEAD", b"OPTIONS", b"TRACE"])
#: A page that complains of a host says so at its beginning.
_LOOK_AT = 4096


class Symptom(Enum):
    """What an answer looked like."""

    ORIGIN = "refuses requests from its own pages"
    CIRCLE = "redirects to the very URL that it was asked for"
    HTTPS = "redirects to https at its internal name, where users cannot follow"
    HOST = "refuses the host that it is called by"


#: By symptom and view: what would help, if the guess is right.
_HELP: Mapping[tuple[Symptom, str], str] = {
    (Symptom.ORIGIN, "internal"):
        "if it compares Origin or Referer with a public name that it was given, `appproxy app set {name} view=public`",
    (Symptom.ORIGIN, "public"):
        "if it does not believe X-Forwarded-Proto and so takes itself for http, let it, or `appproxy app set {name} "
        "view=internal`",
    (Symptom.CIRCLE, "internal"):
        "if it wants https, or its public name, `appproxy app set {name} view=public` tells it",
    (Symptom.CIRCLE, "public"):
        "if it wants https, let it believe X-Forwarded-Proto, or `appproxy app set {name} view=internal`",
    (Symptom.HTTPS, "internal"):
        "if it wants https, `appproxy app set {name} view=public` tells it that users come by it, or publish its https port "
        "as the internal URL",
    (Symptom.HTTPS, "public"):
        "if it wants https, let it believe X-Forwarded-Proto, or publish its https port as the internal URL",
    (Symptom.HOST, "internal"):
        "if it serves its public name alone, `appproxy app set {name} view=public`",
    (Symptom.HOST, "public"):
        "if it serves certain hosts alone, add the public one there, or `appproxy app set {name} view=internal`",
}


def hint(symptom: Symptom, name: str, view: str) -> str:
    """What it may mean, and the setting to try, for an admin."""
    return f"the application {symptom.value}: {_HELP[symptom, view].format(name=name)}"


class Symptoms:
    """How often each application has shown one, since something was last published or changed."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, Symptom]] = Counter()

    def examine(self, plan: Plan, exchange: Exchange, status: int, block: bytes, fields: bytes, body: bytes = b"") -> bytes:
        """Look at an answer whose status is one of `STATUSES`: the application's `block` and perhaps `body`, and the
        public `fields` made of it. Gives what the user gets.

        What is found is in the access log as `detail`.
        """
        head = exchange.head
        if status in REDIRECTS:
            if head.method in (b"GET", b"HEAD"):
                fields = _without_slash(plan, head, block, fields)
            elif head.method not in _SAFE and _is_from_itself(plan, head):
                plan.learned.takes_forms = True
        symptom = symptom_of(plan, head, status, fields, body)
        if symptom is not None:
            application = plan.application
            self._seen[application.name, application.view, symptom] += 1
            exchange.detail = hint(symptom, application.name, application.view)
        return fields

    def counts(self) -> list[tuple[str, str, int]]:
        """Application, hint and how often, the most frequent first."""
        return [(name, hint(symptom, name, view), count) for (name, view, symptom), count in self._seen.most_common()]

    def forget(self) -> None:
        """Something was changed: what was seen before says nothing of what will be."""
        self._seen.clear()


def symptom_of(plan: Plan, head: RequestHead, status: int, fields: bytes, body: bytes) -> Symptom | None:
    """Which symptom this answer may be; None for most."""
    if status in REDIRECTS:
        if head.method not in (b"GET", b"HEAD"):
            return None
        if _leads_to_itself(plan, head.target, fields):
            return Symptom.CIRCLE
        return Symptom.HTTPS if _leads_to_https_inside(plan, head.target, fields) else None
    if head.method not in _SAFE:
        return Symptom.ORIGIN if _may_be_about_origin(plan, head, status, fields) else None
    # A page may be refused for many reasons: without a word about hosts only a bad request counts that has nothing to be bad.
    about_host = status in (400, 403, 421) and b"host" in body[:_LOOK_AT].lower()
    return Symptom.HOST if about_host or (status in (400, 421) and b"?" not in head.target) else None


def _may_be_about_origin(plan: Plan, head: RequestHead, status: int, fields: bytes) -> bool:
    """Is a request of an own page refused, by an application that has not taken one, and not with data for a script?

    Forms with mistakes are answered with 400 and 422, too, and faults with 500: only Next.js refuses so.
    """
    if plan.learned.takes_forms or (status == 500 and head.get(b"next-action") is None):
        return False
    return _is_from_itself(plan, head) and not any(b"json" in kind for kind in values(fields, b"content-type"))


def _is_from_itself(plan: Plan, head: RequestHead) -> bool:
    """Does a page of the same public origin send this?"""
    origin = plan.segment.external.origin.encode("ascii")
    said = head.get(b"origin")
    if said is not None:
        return said.lower() == origin
    referer = head.get(b"referer") or b""
    return referer.startswith(origin) and referer[len(origin):][:1] in (b"", b"/", b"?")


def _leads_to_itself(plan: Plan, target: bytes, fields: bytes) -> bool:
    """Is the Location the public URL that was asked for?"""
    origin = plan.segment.external.origin.encode("ascii")
    here = (target, origin + target)
    return any(location.partition(b"#")[0] in here for location in values(fields, b"location"))


def _leads_to_https_inside(plan: Plan, target: bytes, fields: bytes) -> bool:
    """Is the Location what was asked for, by https at the internal host: `return 301 https://$host$request_uri`?

    The port is what the application takes for that of https. Where that is published the Location was translated.
    """
    internal, prefix = plan.segment.internal, plan.segment.external.path.encode("ascii")
    if internal.scheme != "http" or internal.is_wildcard or not target.startswith(prefix):
        return False
    host = (f"[{internal.host}]" if ":" in internal.host else internal.host).encode("ascii")
    inside = internal.path.encode("ascii") + target[len(prefix):]
    for location in values(fields, b"location"):
        authority, slash, rest = location[8:].partition(b"/")
        name = authority.lower()
        if location[:8].lower() == b"https://" and (name == host or name.startswith(host + b":")):
            return (slash + rest).partition(b"#")[0] == inside
    return False


def _without_slash(plan: Plan, head: RequestHead, block: bytes, fields: bytes) -> bytes:
    """Some redirect from `/wiki/` to `/wiki`. They are let: a way back to `/wiki/` would be a circle."""
    path = plan.segment.external.path.encode("ascii")
    asked, _, query = head.target.partition(b"?")
    locations = values(fields, b"location")
    # An application at the root cannot tell one from the other, whatever it is asked for.
    if len(path) == 1 or plan.segment.internal.path == "/" or len(locations) != 1 or asked not in (path, path[:-1]):
        return fields
    location = locations[0]
    led_to, is_own = _path_of(location, plan), _is_own_redirect(plan, head, query, location)
    if asked != path:
        if led_to == path and is_own and plan.learned.bare and not names_file(plan.segment.external.path):
            # It wants the slash after all, so what it has shown before was somebody's choice.
            plan.learned.bare, plan.learned.slashed = False, True
        return fields
    learns = is_own and not plan.learned.slashed
    if led_to == path[:-1]:
        plan.learned.bare |= learns
    elif led_to == path and not _bare(values(block, b"location")[0]).endswith(b"/"):
        # An internal path means the same with and without its last slash, and comes back with it, but not here.
        plan.learned.bare |= learns
        at = location.index(path) + len(path)
        return fields.replace(b"location: " + location, b"location: " + location[:at - 1] + location[at:], 1)
    return fields


def _is_own_redirect(plan: Plan, head: RequestHead, query: bytes, location: bytes) -> bool:
    """Does the application lead there of its own accord? What one request shows counts for everybody.

    Where to go may be in a query, which then cannot be the same in the Location, or in the Referer.
    """
    if location.partition(b"#")[0].partition(b"?")[2] != query:
        return False
    referer = _path_of(head.get(b"referer") or b"", plan)
    return referer + b"/" != plan.segment.external.path.encode("ascii")


def _path_of(location: bytes, plan: Plan) -> bytes:
    """The path of a Location, as long as it leads to the same host; b"" elsewhere."""
    origin = plan.segment.external.origin.encode("ascii")
    if location.startswith(origin):
        location = location[len(origin):] or b"/"
    path = _bare(location)
    return path if path[:1] == b"/" and path[1:2] != b"/" else b""


def _bare(url: bytes) -> bytes:
    """Without query and fragment."""
    return url.partition(b"#")[0].partition(b"?")[0]
