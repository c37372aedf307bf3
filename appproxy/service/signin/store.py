"""The service's database as sign-in sees it."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.identity.session import Session
from appproxy.store.database.live import LiveStore
from appproxy.store.people import one_time, sessions
from appproxy.store.service import audit
from appproxy.store.service.note import Note
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Transaction


class LiveSignInStore:
    """A `SignInStore` on the database that all nodes share."""

    def __init__(self, live: LiveStore, note: Note) -> None:
        self._live = live
        #: Keeps entries of the audit.
        self.note = note

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        return self._live.snapshot

    async def use_once(self, id: str, expires: float) -> bool:
        """One conditional write in the store."""
        return await self._live.write(one_time.use_once, id, expires)

    async def is_used(self, id: str) -> bool:
        """One look."""
        return await self._live.read(one_time.is_used, id)

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """Write it down, with a line in the audit log."""
        await self._live.write(_revoke, session, noted)


def _revoke(tx: Transaction, session: Session, noted: Mapping[str, object]) -> None:
    sessions.revoke_session(tx, session.id, session.expires)
    audit.record(tx, f"user:{session.subject}", "sign-out", session.subject, noted)
