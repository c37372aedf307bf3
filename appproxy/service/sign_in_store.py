"""What sign-in needs of the store: what is published, ids that are used once, and sessions that end."""

from __future__ import annotations

from typing import Protocol

from appproxy.identity.session import Session
from appproxy.store import audit, one_time, sessions
from appproxy.store.live import LiveStore
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

    async def revoke(self, session: Session) -> None:
        """From now on the session counts nowhere."""
        ...


class LiveSignInStore:
    """The service's store."""

    def __init__(self, live: LiveStore) -> None:
        self._live = live

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

    async def revoke(self, session: Session) -> None:
        """Write it down, with a line in the audit log."""
        await self._live.write(_revoke, session)


def _revoke(tx: Transaction, session: Session) -> None:
    sessions.revoke_session(tx, session.id, session.expires)
    audit.record(tx, f"user:{session.subject}", "sign-out", session.subject, {"issuer": session.issuer})
