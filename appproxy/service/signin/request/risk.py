"""The risk of a sign-in: judged once the provider has said who it is, and written down when it is known what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from twisted.web.iweb import IRequest

from appproxy.identity.cookie import name_on_port, set_cookie
from appproxy.identity.devices import LIFETIME, Device, device_of, seal_devices, unseal_devices, with_device
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.identity.session import Session
from appproxy.net.web import address_of, cookie_lines
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.model import MFA
from appproxy.policy.conditional.parts.platforms import platform_of
from appproxy.policy.risk.features import Seen, networks_of
from appproxy.policy.risk.levels import UNKNOWN, Thresholds
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.service.signin.request.browser_request import client_of, cookie_of, user_agent_of
from appproxy.service.signin.request.client_name import client_name
from appproxy.service.signin.request.failed_passwords import FailedPasswords
from appproxy.service.signin.stores.needs import Also, JudgedHere
from appproxy.store.risk import judging
from appproxy.store.risk.judging import SigningIn
from appproxy.store.risk.network_lists import NetworkLists
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading, Transaction

if TYPE_CHECKING:
    from appproxy.store.database.live import LiveStore

#: A second factor settles what is at risk for so long after it was proved, in seconds: one of hours ago may have been shown
#: elsewhere, by somebody else.
_FRESH = 900.0
_MFA = strengths_of(())[MFA]
_DEVICE_COOKIE = b"__Host-appproxy-device"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of addresses. Asked in the thread of the store."""

    country_of: Callable[[str], str | None]
    place_of: Callable[[str], tuple[float, float] | None]
    lists: NetworkLists


class SignInRisk:
    """Made once a node. `port`: the public one, part of cookie names; `wall_clock`: seconds since 1970."""

    def __init__(
        self, live: LiveStore, thresholds: Thresholds, whereabouts: Whereabouts, failed: FailedPasswords, port: int,
        wall_clock: Callable[[], float], random_bytes: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._thresholds = thresholds
        self._whereabouts = whereabouts
        self.failed = failed
        self._cookie = name_on_port(_DEVICE_COOKIE, port)
        self._wall_clock = wall_clock
        self._random_bytes = random_bytes
        #: How many sign-ins were judged, by level.
        self.levels: Counter[str] = Counter()

    async def judge(self, request: IRequest, provider: str, subject: str) -> JudgedHere:
        """Judge the sign-in of a user at a provider (its id). Raises StoreError."""
        await self.failed.write()
        now = self._wall_clock()
        device = device_of(self._devices(request), _owner(provider, subject), 0.0, now, self._random_bytes)
        browser = client_of(request)
        seen = Seen(
            now, networks_of(address_of(request)), browser=client_name(browser), system=platform_of(user_agent_of(request)),
            device=_hashed(device.id))
        judgement = await self._live.read(self._judged, provider, subject, seen, address_of(request))
        self.levels[judgement.level or "unknown"] += 1
        return JudgedHere(judgement, device)

    def _judged(self, reading: Reading, provider: str, subject: str, seen: Seen, address: str) -> Judgement:
        where = self._whereabouts
        seen = Seen(
            seen.time, seen.networks, where.country_of(address) or UNKNOWN, where.place_of(address), seen.browser, seen.system,
            seen.device)
        return judging.judged(reading, provider, subject, seen, where.lists.of(address), self._thresholds)

    def concluding(self, judged: JudgedHere, session: Session, application: str, outcome: SignInOutcome) -> Also:
        """What writes down what became of it, in the transaction that has given the session its last id."""
        strength = self._live.snapshot.policies.strengths.get(MFA, _MFA)
        judgement = judged.judgement
        proved = strength.is_met(session) and judgement.seen.time - session.auth_time < _FRESH
        who = SigningIn(session.provider, session.subject, session.name, application, session.id, proved)
        return lambda tx, id_: judging.concluded(tx, judgement, replace(who, session=id_), outcome, self._thresholds)

    async def conclude(self, judged: JudgedHere, session: Session, application: str, outcome: SignInOutcome) -> None:
        """Write it down in a transaction of its own. `session`: that of the user, with its last id. Raises StoreError."""
        await self._live.write(self.concluding(judged, session, application, outcome), session.id)

    async def let_in(
        self, request: IRequest, session: Session, application: str
    ) -> tuple[str, Callable[[Transaction, SignInOutcome], object]]:
        """A user lets a program in, at the built-in provider: judge it. Gives the level, "" for unknown, and what writes down
        what became of it, for the transaction in which it is let in. `application`: the id of the one it is for. Raises
        StoreError.
        """
        judged = await self.judge(request, session.provider, session.subject)

        def conclude(tx: Transaction, outcome: SignInOutcome) -> object:
            return self.concluding(judged, session, application, outcome)(tx, session.id)

        return judged.judgement.level, conclude

    def keep_device(self, request: IRequest, provider: str, judged: JudgedHere) -> bytes:
        """The field line by which the browser is known from now on; the built-in provider has given its own."""
        if provider == BUILTIN:
            return b""
        sealed = seal_devices(
            with_device(self._devices(request), judged.device), self._live.snapshot.keys[0], self._wall_clock(),
            self._random_bytes(NONCE_SIZE))
        return cookie_lines(set_cookie(self._cookie, sealed, int(LIFETIME)))

    def _devices(self, request: IRequest) -> tuple[Device, ...]:
        return unseal_devices(cookie_of(request, self._cookie), self._live.snapshot.keys, self._wall_clock())


def _owner(provider: str, subject: str) -> str:
    """Whose device it is. Ids of the built-in provider's users are nobody else's; others' subjects may be long."""
    return subject if provider == BUILTIN else _hashed(f"{provider}\n{subject}")


def _hashed(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
