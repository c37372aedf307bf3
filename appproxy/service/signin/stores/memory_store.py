"""A store for sign-in in one process's memory: for sites that use the gate as a library, and for tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import LEEWAY
from appproxy.identity.openid.logout_token import began_after
from appproxy.identity.session import Session
from appproxy.service.signin.panel.needs import NoPanel, PanelStore
from appproxy.service.signin.stores.needs import Also
from appproxy.store.people.session.record import Begun, SessionRow, SessionTokens, SignInResult
from appproxy.store.service.actions import SESSION_ENDED
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
        #: Nor a list of applications.
        self.panel: PanelStore = NoPanel()
        self._wall_clock = wall_clock
        self._used: dict[str, float] = {}
        self._revoked: dict[str, float] = {}
        self._begun: dict[str, SignInResult] = {}
        self._began: dict[str, float] = {}

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

    async def begin(self, made: SignInResult, known: str, used: str, until: float, also: Also | None = None) -> Begun:
        """Remember a sign-in until its session ends. There is no database for what is to be written besides."""
        if not await self.use_once(used, until):
            raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
        now = self._wall_clock()
        self._begun = {each: one for each, one in self._begun.items() if one.expires > now}
        found = self._begun.get(known)
        if found is not None and known not in self._revoked and _whose(found) == _whose(made):
            made = replace(made, id=found.id, expires=found.expires)
        self._begun[made.id] = made
        self._began = {each: self._began.get(each, now) for each in self._begun}
        return Begun(made.id, made.expires, made.refresh_at)

    async def sessions_of(self, provider: str, subject: str) -> Sequence[SessionRow]:
        """There is no page for them."""
        return ()

    async def look_for_device(self, secret: str) -> str | None:
        """There are no links."""
        return None

    async def take_device(self, secret: str, address: str) -> bytes | None:
        """There are no links."""
        return None

    async def look_for_form(self, id: str, place: str) -> tuple[str, bytes] | None:
        """None is kept: what uses the gate as a library answers posts itself."""
        return None

    async def tokens(self, session: str) -> SessionTokens:
        """The last ones."""
        found = self._begun.get(session)
        return SessionTokens() if found is None else SessionTokens(found.id_token, found.refresh_token)

    async def end(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        """From now on the session does not count."""
        found = self._begun.get(session)
        self._revoke(session, self._wall_clock() if found is None else found.expires)

    async def end_others(self, provider: str, subject: str, kept: str, noted: Mapping[str, object]) -> None:
        """There is no page on which it could be asked for."""

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """From now on the session does not count."""
        self._revoke(session.id, session.expires)

    async def end_at_provider(
        self, provider: str, subject: str, sid: str, noted: Mapping[str, object], once: tuple[str, float] | None = None,
        issued: float = math.inf,
    ) -> int | None:
        """From now on none of them counts."""
        if once is not None and not await self.use_once(*once):
            return None
        ended = [
            one for one in self._begun.values() if one.provider == provider and one.id not in self._revoked
            and (not sid or one.sid == sid or (subject and not one.sid)) and (not subject or one.subject == subject)
        ]
        later = [] if sid else [one for one in ended if began_after(issued, one.claims, self._began[one.id])]
        ended = [one for one in ended if one not in later]
        for one in ended:
            self._revoke(one.id, one.expires)
        if not sid:
            until = issued if later else min(self._wall_clock(), issued + LEEWAY)
            barred = {**self.snapshot.not_before, (provider, subject): until}
            self.snapshot = replace(self.snapshot, revision=self.snapshot.revision + 1, not_before=barred)
        for one in ended:
            self.note(f"user:{one.subject}", SESSION_ENDED, one.subject, {**noted, "name": one.name, "session": one.id})
        return len(ended)

    def _revoke(self, session: str, expires: float) -> None:
        now = self._wall_clock()
        self._revoked = {each: end for each, end in self._revoked.items() if end > now}
        self._revoked[session] = max(expires, self._revoked.get(session, 0.0))
        self.snapshot = replace(
            self.snapshot, revision=self.snapshot.revision + 1, revoked_sessions=frozenset(self._revoked)
        )


def _whose(made: SignInResult) -> tuple[str, ...]:
    return made.provider, made.subject, made.issuer, made.sid
