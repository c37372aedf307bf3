"""Requests and streams under way, so that those whom a change concerns are found without a look at all others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from appproxy.service.relay.proxied_request import ProxiedRequest

K = TypeVar("K", bound=Hashable)


class UnderWay:
    """By session, by subject of a provider, and by application; and, of all, those without end.

    A request is in it from its start until its last state, whether a connector has it or it waits for one.
    """

    __slots__ = ("_applications", "_sessions", "_subjects", "endless")

    def __init__(self) -> None:
        self._sessions: dict[str, set[ProxiedRequest]] = {}
        self._subjects: dict[tuple[str, str], set[ProxiedRequest]] = {}
        self._applications: dict[str, set[ProxiedRequest]] = {}
        #: Streams, and answers that may go on for ever.
        self.endless: set[ProxiedRequest] = set()

    def __len__(self) -> int:
        return sum(map(len, self._applications.values()))

    def add(self, request: ProxiedRequest) -> None:
        """It has begun."""
        _put(self._applications, request.plan.application.id, request)
        session = request.session
        if session is not None:
            _put(self._sessions, session.id, request)
            _put(self._subjects, (session.provider, session.subject), request)

    def lengthen(self, request: ProxiedRequest) -> None:
        """It may go on for ever."""
        if request in self._applications.get(request.plan.application.id, ()):
            self.endless.add(request)

    def discard(self, request: ProxiedRequest) -> None:
        """It is over; twice is as once."""
        _take(self._applications, request.plan.application.id, request)
        session = request.session
        if session is not None:
            _take(self._sessions, session.id, request)
            _take(self._subjects, (session.provider, session.subject), request)
        if self.endless:
            self.endless.discard(request)

    def all(self) -> set[ProxiedRequest]:
        """All of them."""
        return set().union(*self._applications.values())

    def of(
        self, sessions: Iterable[str] = (), subjects: Iterable[tuple[str, str]] = (), applications: Iterable[str] = (),
    ) -> set[ProxiedRequest]:
        """Those of these sessions (ids), subjects (provider and subject) or applications (ids)."""
        return set().union(
            *(self._sessions.get(id, ()) for id in sessions), *(self._subjects.get(one, ()) for one in subjects),
            *(self._applications.get(id, ()) for id in applications),
        )


def _put(index: dict[K, set[ProxiedRequest]], key: K, request: ProxiedRequest) -> None:
    found = index.get(key)
    if found is None:
        index[key] = {request}
    else:
        found.add(request)


def _take(index: dict[K, set[ProxiedRequest]], key: K, request: ProxiedRequest) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(request)
        if not found:
            del index[key]
