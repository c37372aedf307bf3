"""What sign-in needs of the store: what is published, ids that are used once, and sessions that end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from appproxy.identity.session import Session
from appproxy.store import audit, one_time, sessions
from appproxy.store.live import LiveStore
from appproxy.store.notes import Note
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Transaction


class SignInStore(Protocol):
    """The store as sign-in sees it; its calls raise StoreError when the database is away."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        ...

    async def use_once(self, id: str, expires: float) -> bool:
        """Use `id` up on all nodes; False when it was used before. It may be forgotten after `expires`."""
        ...

    async def is_used(self, id: str) -> bool:
        """Was `id` used up before? Writes nothing, so that it may be asked for anybody."""
        ...

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """From now on the session counts nowhere; `noted`: what the audit says besides of this sign-out."""
        ...

    @property
    def note(self) -> Note:
        """Keeps entries of the audit; nobody waits for it."""
        ...


class LiveSignInStore:
    """The service's store."""

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
