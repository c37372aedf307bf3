"""A store for sign-in in one process's memory: for sites that use the gate as a library, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from appproxy.identity.session import Session
from appproxy.store.service.note import Note, nowhere
from appproxy.store.snapshot import Snapshot


class MemorySignInStore:
    """Forgets all when the process ends: a session that was signed out counts again then, until it expires.

    `wall_clock`: seconds since 1970.
    """

    def __init__(self, snapshot: Snapshot, wall_clock: Callable[[], float]) -> None:
        #: The newest picture.
        self.snapshot = snapshot
        #: Programs that use the gate as a library have no audit.
        self.note: Note = nowhere
        self._wall_clock = wall_clock
        self._used: dict[str, float] = {}
        self._revoked: dict[str, float] = {}

    async def use_once(self, id: str, expires: float) -> bool:
        """Use `id` up; False when it was used before."""
        now = self._wall_clock()
        self._used = {each: end for each, end in self._used.items() if end > now}
        if id in self._used:
            return False
        self._used[id] = expires
        return True

    async def is_used(self, id: str) -> bool:
        """Was `id` used up before, and is it still remembered?"""
        return self._used.get(id, 0.0) > self._wall_clock()

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """From now on the session does not count."""
        now = self._wall_clock()
        self._revoked = {each: end for each, end in self._revoked.items() if end > now}
        self._revoked[session.id] = session.expires
        self.snapshot = replace(
            self.snapshot, revision=self.snapshot.revision + 1, revoked_sessions=frozenset(self._revoked)
        )
