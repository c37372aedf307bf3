"""What sign-in needs of a store: what is published, ids that are used once, sessions that begin and end; and of what judges
sign-ins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twisted.web.iweb import IRequest

from appproxy.identity.devices import Device
from appproxy.identity.session import Session
from appproxy.pki.client_path import ClientCertificate
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.service.signin.panel.needs import PanelStore
from appproxy.store.people.session.record import Begun, SessionRow, SessionTokens, SignInResult
from appproxy.store.service.note import Note
from appproxy.store.snapshot import Snapshot

if TYPE_CHECKING:
    from appproxy.store.transaction import Transaction

#: What is written in the transaction in which a session begins, or goes on: it gets the session's id.
Also = Callable[["Transaction", str], object]


@dataclass(frozen=True, slots=True)
class JudgedHere:
    """What is said of a sign-in that is under way, and which device its browser is, or becomes."""

    judgement: Judgement
    device: Device


class RiskJudge(Protocol):
    """What judges sign-ins: `service.signin.risk.SignInRisk`. Its calls raise StoreError when the database is away."""

    async def judge(self, request: IRequest, provider: str, subject: str) -> JudgedHere:
        """Judge the sign-in of a user at a provider (its id)."""
        ...

    def concluding(self, judged: JudgedHere, session: Session, application: str, outcome: SignInOutcome) -> Also:
        """What writes down what became of it, with the session's last id; `application`: its id."""
        ...

    async def conclude(self, judged: JudgedHere, session: Session, application: str, outcome: SignInOutcome) -> None:
        """Write it down now: `session` has its last id."""
        ...

    def keep_device(self, request: IRequest, provider: str, judged: JudgedHere) -> bytes:
        """The field lines by which the browser is known from now on."""
        ...


class DeviceStatuses(Protocol):
    """What asks responders about devices' certificates: `service.revocation.statuses.StatusAsker`."""

    async def until(self, found: ClientCertificate) -> float:
        """Until when a certificate counts by its responder's answer; 0.0 where none is needed. Raises IdentityError, and
        StoreError when the database is away.
        """
        ...


class SignInStore(Protocol):
    """The store as sign-in sees it; its calls raise StoreError when the database is away."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture."""
        ...

    @property
    def panel(self) -> PanelStore:
        """The same for the list of applications."""
        ...

    async def use_once(self, id: str, expires: float) -> bool:
        """Use `id` up on all nodes; False when it was used before. It may be forgotten after `expires`."""
        ...

    async def is_used(self, id: str) -> bool:
        """Was `id` used up before? Writes nothing, so that it may be asked for anybody."""
        ...

    async def begin(self, made: SignInResult, known: str, used: str, until: float, also: Also | None = None) -> Begun:
        """Write a sign-in down, with the session `known` if that goes on, and use `used` up until `until`; and what is `also`
        to be written, or nothing of it.

        Raises IdentityError(SIGN_IN_STATE) when it was used before, or the provider has ended this session meanwhile.
        """
        ...

    async def sessions_of(self, provider: str, subject: str) -> Sequence[SessionRow]:
        """The sessions that last of a provider's subject, the last used first."""
        ...

    async def tokens(self, session: str) -> SessionTokens:
        """The provider's last tokens of a session (its id), also of one that has just ended."""
        ...

    async def revoke(self, session: Session, noted: Mapping[str, object]) -> None:
        """From now on the session counts nowhere; `noted`: what the audit says besides of this sign-out."""
        ...

    async def end(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        """The same of a session that is known by its id only; one that is over before is not noted again."""
        ...

    async def end_others(self, provider: str, subject: str, kept: str, noted: Mapping[str, object]) -> None:
        """All sessions of a provider's subject end but the one `kept` (its id), each with an entry."""
        ...

    async def end_at_provider(
        self, provider: str, subject: str, sid: str, noted: Mapping[str, object], once: tuple[str, float] | None = None,
        issued: float = math.inf,
    ) -> int | None:
        """The provider has ended its session `sid`, or, where that is "", all of `subject`; so do ours, each with an entry.

        `once`: an id to use up, and until when. `issued`: when the provider has said so, by its clock: where all are meant,
        those that have begun since are not. Gives how many have ended; None: the id was used before.
        """
        ...

    async def look_for_form(self, id: str, place: str) -> tuple[str, bytes] | None:
        """The owner of a kept form, and the form (`service.kept_form`); None where there is none of this id at this place."""
        ...

    async def look_for_device(self, secret: str) -> str | None:
        """The name of the device whose key a link's secret leads to; None where it does not count."""
        ...

    async def take_device(self, secret: str, address: str) -> bytes | None:
        """The file with that key, made now, for who comes from this address; None where the link does not count any more."""
        ...

    @property
    def note(self) -> Note:
        """Keeps entries of the audit; nobody waits for it."""
        ...
