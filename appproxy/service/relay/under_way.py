"""Requests and streams under way, so that those whom a change concerns are found without a look at all others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from appproxy.service.relay.revocation import Revocable

K = TypeVar("K", bound=Hashable)
#: So many requests may be under way before any of them is indexed. Nearly all are over long before somebody asks for them; to
#: index so many takes less than a millisecond.
MOST_NEW = 256


class UnderWay:
    """By session, by subject of a provider, and by application; and, of all, those without end.

    A request is in it from its start until its last state, whether a connector has it or it waits for one. New ones are only
    kept in a set: they are indexed when there are many, when somebody asks, or when one may go on for ever.
    """

    __slots__ = ("_applications", "_most_new", "_new", "_sessions", "_subjects", "endless")

    def __init__(self, most_new: int = MOST_NEW) -> None:
        self._most_new = most_new
        self._new: set[Revocable] = set()
        self._sessions: dict[str, set[Revocable]] = {}
        self._subjects: dict[tuple[str, str], set[Revocable]] = {}
        self._applications: dict[str, set[Revocable]] = {}
        #: Streams, and answers that may go on for ever.
        self.endless: set[Revocable] = set()

    def __len__(self) -> int:
        return len(self._new) + sum(map(len, self._applications.values()))

    @property
    def new(self) -> int:
        """How many are not indexed yet."""
        return len(self._new)

    @property
    def keys(self) -> int:
        """How many sessions, subjects and applications there are by which any is found."""
        return len(self._sessions) + len(self._subjects) + len(self._applications)

    def add(self, request: Revocable) -> None:
        """It has begun."""
        new = self._new
        new.add(request)
        if len(new) > self._most_new:
            self._index_new()

    def lengthen(self, request: Revocable) -> None:
        """It may go on for ever."""
        if request in self._new:
            self._new.remove(request)
            self._index(request)
        if request in self._applications.get(request.plan.application.id, ()):
            self.endless.add(request)

    def discard(self, request: Revocable) -> None:
        """It is over; twice is as once."""
        if request in self._new:
            self._new.remove(request)
            return
        _take(self._applications, request.plan.application.id, request)
        session = request.session
        if session is not None:
            _take(self._sessions, session.id, request)
            _take(self._subjects, (session.provider, session.subject), request)
        self.endless.discard(request)

    def all(self) -> set[Revocable]:
        """All of them."""
        return self._new.union(*self._applications.values())

    def of(
        self, sessions: Iterable[str] = (), subjects: Iterable[tuple[str, str]] = (), applications: Iterable[str] = (),
    ) -> set[Revocable]:
        """Those of these sessions (ids), subjects (provider and subject) or applications (ids)."""
        self._index_new()
        return set().union(
            *(self._sessions.get(id, ()) for id in sessions), *(self._subjects.get(one, ()) for one in subjects),
            *(self._applications.get(id, ()) for id in applications),
        )

    def _index_new(self) -> None:
        new, self._new = self._new, set()
        for request in new:
            self._index(request)

    def _index(self, request: Revocable) -> None:
        _put(self._applications, request.plan.application.id, request)
        session = request.session
        if session is not None:
            _put(self._sessions, session.id, request)
            _put(self._subjects, (session.provider, session.subject), request)


def _put(index: dict[K, set[Revocable]], key: K, request: Revocable) -> None:
    found = index.get(key)
    if found is None:
        index[key] = {request}
    else:
        found.add(request)


def _take(index: dict[K, set[Revocable]], key: K, request: Revocable) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(request)
        if not found:
            del index[key]
