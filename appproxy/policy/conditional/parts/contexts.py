"""Authentication contexts: names for paths and methods of applications, which policies then ask about.

Applications differ in how they read a path. So a request has two sets of contexts: those that it is in by any reading, which
inclusions count, and those that it is in by every reading, which exclusions count. For a plain path both are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from appproxy.paths import is_ambiguous, loose

#: Methods that are to change nothing (RFC 9110 section 9.2.1), as far as any reaches an application.
SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})


@dataclass(frozen=True, slots=True)
class Area:
    """A path of external URLs, as it is sent (percent-encoded); with `below` all that is below it, too."""

    path: bytes
    below: bool

    def holds(self, path: bytes) -> bool:
        """Is a path in it, sign by sign?"""
        return _within(path, self.path, self.below)

    def may_hold(self, path: bytes) -> bool:
        """Is a path, as `paths.loose` reads it, in it for the most generous application?

        Some take `/payroll.json` for another form of `/payroll`, and `/payroll::$DATA` for the file itself (NTFS), which may
        have spaces before it.
        """
        area = _loose(self.path)
        return _within(path, area, self.below) or path.startswith(_forms_of(area))


@lru_cache(maxsize=4096)
def _loose(path: bytes) -> bytes:
    return loose(path)


@lru_cache(maxsize=4096)
def _forms_of(area: bytes) -> tuple[bytes, ...]:
    """What other forms of the page begin with."""
    base = area.rstrip(b"/")
    return (base + b".", base + b":", base + b" ") if base else ()


def _within(path: bytes, area: bytes, below: bool) -> bool:
    base = area.rstrip(b"/")
    if path == base or path == base + b"/":
        return True
    return below and path.startswith(base + b"/")


@dataclass(frozen=True, slots=True)
class Context:
    """One. `applications`: ids, None for all. `areas`: none means every path. `methods`: None means every one; `writes`: all
    that are not `SAFE`, and upgrades, through which anything can go.
    """

    name: str
    applications: frozenset[str] | None
    excluded_applications: frozenset[str] = frozenset()
    areas: tuple[Area, ...] = ()
    methods: frozenset[bytes] | None = None
    writes: bool = False

    def is_for(self, application: str) -> bool:
        """Is it about an application (its id)?"""
        chosen = self.applications is None or application in self.applications
        return chosen and application not in self.excluded_applications

    def takes(self, method: bytes, upgrade: bool) -> bool:
        """Is it about requests with this method?"""
        if self.writes and (method not in SAFE or upgrade):
            return True
        if self.methods is None:
            return not self.writes
        return method in self.methods or (upgrade and b"GET" in self.methods)


@dataclass(frozen=True, slots=True)
class Found:
    """The names of a request's contexts: `any_reading` for inclusions, `every_reading` for exclusions."""

    any_reading: frozenset[str] = frozenset()
    every_reading: frozenset[str] = frozenset()


NONE = Found()


def contexts_of(contexts: Sequence[Context], method: bytes, path: bytes, upgrade: bool) -> Found:
    """Those of a request, of these of its application. `path`: raw, of the external URL; b"" for unknown, as is the method."""
    if not contexts:
        return NONE
    plain = bool(path) and not is_ambiguous(path)
    read = loose(path) if plain else b""
    may, must = [], []
    for one in contexts:
        if method and not one.takes(method, upgrade):
            continue
        if not one.areas or not plain or any(area.may_hold(read) for area in one.areas):
            may.append(one.name)
            if method and (not one.areas or (plain and any(area.holds(path) for area in one.areas))):
                must.append(one.name)
    return Found(frozenset(may), frozenset(must))


class Contexts:
    """All contexts of a moment, by application."""

    __slots__ = ("_all", "named")

    def __init__(self, contexts: Iterable[Context] = ()) -> None:
        self._all = tuple(contexts)
        #: Ids of applications that have other contexts than those which none is named in.
        self.named = frozenset(
            id for one in self._all for id in (*(one.applications or ()), *one.excluded_applications))

    def of(self, application: str) -> tuple[Context, ...]:
        """Those that are about an application (its id)."""
        return tuple(one for one in self._all if one.is_for(application))

    def __bool__(self) -> bool:
        return bool(self._all)
