"""The service's database as sign-in sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from appproxy.errors import Code, IdentityError
from appproxy.identity.session import Session
from appproxy.service.signin.panel.needs import PanelStore
from appproxy.service.signin.panel.store import LivePanelStore
from appproxy.service.signin.stores.needs import Also
from appproxy.store.database.live import LiveStore
from appproxy.store.devices import devices
from appproxy.store.people import kept_forms, providers
from appproxy.store.people.session import one_time
from appproxy.store.people.session import refresh as session_refresh
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import Begun, Later, Refreshed, RefreshLease, SessionRow, SessionTokens, SignInResult
from appproxy.store.service import audit
from appproxy.store.service.actions import DEVICE_ISSUED, SESSION_ENDED, SIGN_OUT
from appproxy.store.service.note import Action, Note
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Reading, Transaction


class LiveSignInStore:
    """A `SignInStore` on the database that all nodes share."""

    def __init__(self, live: LiveStore, note: Note, wall_clock: Callable[[], float]) -> None:
        self._live = live
        self._wall_clock = wall_clock
        #: Keeps entries of the audit.
        self.note = note
        #: For the list of applications.
        self.panel: PanelStore = LivePanelStore(live)

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

    async def begin(self, made: SignInResult, known: str, used: str, until: float, also: Also | None = None) -> Begun:
        """One transaction; what the list of applications remembers of it is written later, and nobody waits for that."""
        begun = await self._live.write(_begin, made, known, used, until, also)
        if made.application:
            self.panel.note_use(made.provider, made.subject, made.application)
        return begun

    async def sessions_of(self, provider: str, subject: str) -> Sequence[SessionRow]:
        """One look."""
        return await self._live.read(_sessions_of, provider, subject, self._wall_clock())

    async def keep_form(self, id: str, owner: str, place: str, form: bytes, expires: float) -> bool:
        """One transaction."""
        return await self._live.write(kept_forms.keep, id, owner, place, form, expires)

    async def look_for_device(self, secret: str) -> str | None:
        """One look."""
        return await self._live.read(_look_for_device, secret, self._wall_clock())

    async def take_device(self, secret: str, address: str) -> bytes | None:
        """One transaction."""
        return await self._live.write(_take_device, secret, address)

    async def look_for_form(self, id: str, place: str) -> tuple[str, bytes] | None:
        """One look."""
        return await self._live.read(kept_forms.look, id, place, self._wall_clock())

    async def take_form(self, id: str, owner: str, place: str) -> bytes | None:
        """One transaction."""
        return await self._live.write(kept_forms.take, id, owner, place)

    async def tokens(self, session: str) -> SessionTokens:
        """One look."""
        return await self._live.read(session_rows.tokens, session)

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """Write it down, with a line in the audit log."""
        await self._live.write(_end, session.id, session.subject, noted, always=True)

    async def end(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        """One transaction."""
        await self._live.write(_end, session, subject, noted)

    async def end_others(self, provider: str, subject: str, kept: str, noted: Mapping[str, object]) -> None:
        """One transaction."""
        await self._live.write(_end_others, provider, subject, kept, noted)

    async def take_refresh(self, session: str) -> RefreshLease | Refreshed | Later | None:
        """One transaction."""
        return await self._live.write(session_refresh.take, session)

    async def finish_refresh(self, lease: RefreshLease, made: Refreshed, refresh_token: str, id_token: str) -> bool:
        """One write."""
        return await self._live.write(session_refresh.finish, lease, made, refresh_token, id_token)

    async def give_refresh_back(self, lease: RefreshLease, again: float) -> None:
        """One write."""
        await self._live.write(session_refresh.give_back, lease, again)

    async def end_refused(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        """One transaction."""
        await self._live.write(_end, session, subject, noted, action=SESSION_ENDED)

    async def seen(self, moments: Mapping[str, float]) -> None:
        """One transaction."""
        await self._live.write(session_rows.seen, moments)

    async def end_at_provider(
        self, provider: str, subject: str, sid: str, noted: Mapping[str, object], once: tuple[str, float] | None = None,
        issued: float = math.inf,
    ) -> int | None:
        """One transaction. Of a `sid` that nobody has signed nothing is written unless the session is there."""
        if once is None and sid and not await self._live.read(session_rows.is_of, provider, sid):
            return 0
        return await self._live.write(_end_at_provider, provider, subject, sid, noted, once, issued)


def _end_at_provider(
    tx: Transaction, provider: str, subject: str, sid: str, noted: Mapping[str, object], once: tuple[str, float] | None,
    issued: float,
) -> int | None:
    if once is not None and not one_time.use_once(tx, *once):
        return None
    if sid:
        ended = session_rows.end_at_provider(tx, provider, sid, subject)
    else:
        ended = session_rows.end_until(tx, provider, subject, issued)
    for one in ended:
        audit.record(tx, f"user:{one.subject}", SESSION_ENDED, one.subject, {**noted, "name": one.name, "session": one.id})
    return len(ended)


def _sessions_of(reading: Reading, provider: str, subject: str, now: float) -> Sequence[SessionRow]:
    return session_rows.list_all(reading, now, provider=provider, subject=subject)


def _begin(tx: Transaction, made: SignInResult, known: str, used: str, until: float, also: Also | None) -> Begun:
    if not one_time.use_once(tx, used, until):
        raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
    begun = session_rows.begin(tx, made, known)
    if begun is None:
        raise IdentityError(Code.SIGN_IN_STATE, "the provider has ended this session meanwhile")
    if begun.made_room:
        noted = {"provider": providers.find(tx, made.provider).name, "name": made.name, "address": made.address,
                 "client": made.client, "count": begun.made_room, "reason": "the user has too many sessions"}
        audit.record(tx, f"user:{made.subject}", SESSION_ENDED, made.subject, noted)
    if also is not None:
        also(tx, begun.id)
    return begun


def _end_others(tx: Transaction, provider: str, subject: str, kept: str, noted: Mapping[str, object]) -> None:
    for row in session_rows.end_others(tx, provider, subject, kept):
        audit.record(tx, f"user:{subject}", SIGN_OUT, subject, {**noted, "name": row.name, "session": row.id})


def _end(
    tx: Transaction, session: str, subject: str, noted: Mapping[str, object], always: bool = False, action: Action = SIGN_OUT,
) -> None:
    """Sessions from before there were rows have none: `always` notes their end, too."""
    row = session_rows.end(tx, session)
    if row is not None or always:
        audit.record(tx, f"user:{subject}", action, subject, noted)


def _look_for_device(reading: Reading, secret: str, now: float) -> str | None:
    found = devices.look(reading, secret, now)
    return None if found is None else found.name


def _take_device(tx: Transaction, secret: str, address: str) -> bytes | None:
    taken = devices.take(tx, secret)
    if taken is None:
        return None
    one = taken.device
    audit.record(tx, f"user:{one.user}", DEVICE_ISSUED, one.id, {
        "address": address, "device": f"CN={one.name}", "fingerprint": one.fingerprint, "not_after": one.not_after})
    return taken.content
