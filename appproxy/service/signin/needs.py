"""What sign-in needs of a store: what is published, ids that are used once, and sessions that end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from appproxy.identity.session import Session
from appproxy.store.service.note import Note
from appproxy.store.snapshot import Snapshot


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
