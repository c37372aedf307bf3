"""What is on the list of applications: which ones, how they are shown, and under which headings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.publish.application import Application
from appproxy.store.snapshot import LogoRecord

#: Below it are the logos: the application's id, a slash and the picture's digest.
LOGOS = "/logo/"
#: What a user has used lately is shown from so many applications on: fewer are seen at a glance.
RECENT_FROM = 4
#: And of that so many.
RECENT = 6
_NO_LOGOS: Mapping[str, LogoRecord] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PortalEntry:
    """One application on the page; without `link` it has only wildcards, and `place` says which. `closed`: why it cannot be
    used now, "" where it can. `logo`: the path of its picture, "" for none.
    """

    id: str
    name: str
    link: str
    place: str
    description: str = ""
    closed: str = ""
    logo: str = ""
    collections: frozenset[str] = frozenset()
    new_tab: bool = False

    @property
    def letter(self) -> str:
        """What stands in the place of a logo."""
        return self.name[:1].upper()

    def has(self, text: str) -> bool:
        """Does it have this text in what users see of it, whether capital or small?"""
        seen = (self.name, self.place, self.description, *sorted(self.collections))
        return text.casefold() in "\n".join(seen).casefold()


def entries(
    applications: Mapping[str, Application], sessions: Mapping[str, Session], authorizer: Authorizer, now: float,
    client: str = "", user_agent: bytes = b"", logos: Mapping[str, LogoRecord] = _NO_LOGOS,
) -> list[PortalEntry]:
    """What may be opened by whoever has these sessions, by provider, at this address; in the order of `applications`.

    What asks for a stronger sign-in is there, too: opening it begins that.
    """
    def may(one: Application, session: Session | None) -> bool:
        verdict = authorizer.authorize(RequestContext(one, session, now, client, b"GET", b"/", user_agent=user_agent))
        return isinstance(verdict, Pass) or (isinstance(verdict, SignInRequired) and bool(verdict.demand))

    return [
        entry_of(one, logos.get(one.id)) for one in applications.values()
        if one.listed and any(may(one, sessions.get(provider)) for provider in one.providers)
    ]


def askable(
    applications: Iterable[Application], sessions: Mapping[str, Session], authorizer: Authorizer, now: float,
) -> list[tuple[Application, Session]]:
    """What whoever has these sessions may ask for, and as whom: it is listed for that, and all that they lack is an
    assignment.
    """
    found: list[tuple[Application, Session]] = []
    for one in applications:
        own = [sessions[provider] for provider in one.providers if one.requestable and provider in sessions]
        verdicts = [authorizer.authorize(RequestContext(one, session, now, "", b"GET", b"/")) for session in own]
        if verdicts and all(isinstance(each, Refuse) and each.code is Code.NOT_ASSIGNED for each in verdicts):
            found.append((one, own[0]))
    return found


def entry_of(application: Application, logo: LogoRecord | None = None) -> PortalEntry:
    """How one is shown."""
    link = application.home
    place = urlsplit(link or str(application.external))
    closed = (application.maintenance_text or "It is back soon.") if application.maintenance else ""
    return PortalEntry(
        application.id, application.name, link, place.netloc + place.path.rstrip("/"), application.description, closed,
        f"{LOGOS}{application.id}/{logo.digest}" if logo else "", application.collections, application.new_tab)


def collections_of(found: Iterable[PortalEntry]) -> list[str]:
    """The headings that these have, in the order of the alphabet, each once however it is written."""
    named = {name.casefold(): name for one in found for name in sorted(one.collections, reverse=True)}
    return [named[key] for key in sorted(named)]


def narrowed(found: Sequence[PortalEntry], wanted: str, collection: str) -> list[PortalEntry]:
    """Those with a text in what users see of them, and of one heading; "" for all."""
    key = collection.casefold()
    return [
        one for one in found
        if one.has(wanted) and (not key or any(name.casefold() == key for name in one.collections))]


def lately(found: Sequence[PortalEntry], used: Iterable[tuple[str, float]]) -> list[PortalEntry]:
    """Those that were used last, of `used` (ids and times, of several users perhaps), the last one first."""
    if len(found) < RECENT_FROM:
        return []
    there = {one.id: one for one in found}
    times: dict[str, float] = {}
    for id, time in used:
        times[id] = max(time, times.get(id, time))
    newest = sorted((id for id in times if id in there), key=lambda id: (-times[id], there[id].name))
    return [there[id] for id in newest[:RECENT]]
