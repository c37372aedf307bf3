"""What the list of applications needs of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from appproxy.errors import NotFound
from appproxy.store.applications.asked import AccessAsking, AccessRequest


class PanelStore(Protocol):
    """Its calls raise StoreError when the database is away, but for `note_use`, which nobody waits for.

    `recent` and `requests` do so at once, or after a second: a page that can be shown without them waits for them.
    """

    async def logo(self, application: str, digest: str) -> bytes | None:
        """The picture of this digest; None where the application (its id) has another by now, or none."""
        ...

    async def recent(self, provider: str, subject: str) -> Sequence[tuple[str, float]]:
        """What a user has used lately: ids of applications and when (seconds since 1970), the last one first."""
        ...

    async def clear_recent(self, provider: str, subject: str) -> None:
        """Forget that."""
        ...

    async def requests(self, provider: str, subject: str) -> Sequence[AccessRequest]:
        """What a user has asked for, the newest first."""
        ...

    async def ask(self, asking: AccessAsking, noted: Mapping[str, object]) -> None:
        """Write a request down; `noted`: what the audit says of it besides. Raises an AppProxyError where that cannot be."""
        ...

    def note_use(self, provider: str, subject: str, application: str) -> None:
        """A user has just signed in to an application. Where that cannot be written it is lost."""
        ...


class NoPanel:
    """Of programs that use the gate as a library, which have no list of applications."""

    async def logo(self, application: str, digest: str) -> bytes | None:
        """There are none."""
        return None

    async def recent(self, provider: str, subject: str) -> Sequence[tuple[str, float]]:
        """Nobody remembers."""
        return ()

    async def clear_recent(self, provider: str, subject: str) -> None:
        """There is nothing."""

    async def requests(self, provider: str, subject: str) -> Sequence[AccessRequest]:
        """None."""
        return ()

    async def ask(self, asking: AccessAsking, noted: Mapping[str, object]) -> None:
        """Nobody is there to decide."""
        raise NotFound("there is no such application that can be asked for")

    def note_use(self, provider: str, subject: str, application: str) -> None:
        """Nobody wants to know."""
