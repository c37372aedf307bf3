"""Asks responders (OCSP) whether devices' certificates are revoked: at the proof, and again while its sessions may go on.

What a responder has said is kept for all nodes. A device can make us ask only with a certificate that leads to an authority,
once at a time, and not again while the answer is young; a responder that is away is left alone for a moment by all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import AppProxyError, Code, IdentityError, StoreError
from appproxy.net.loop.turns import FairTurns
from appproxy.pki.client_path import ClientCertificate
from appproxy.pki.pem import load_chain
from appproxy.pki.revocation.crl import issuer_id
from appproxy.pki.revocation.ocsp import LARGEST_ANSWER, NONCE_SIZE, question, read_answer
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.policy.sender import SENDER
from appproxy.service.regular_look import RegularLook
from appproxy.service.revocation.fetching import Fetching
from appproxy.store.database.live import LiveStore
from appproxy.store.devices import statuses
from appproxy.store.devices.statuses import DeviceStatus
from appproxy.store.snapshot import DeviceAuthority

#: Seconds between two looks for answers that grow old. All that was heard in one of them reaches nodes at once, since each
#: change makes them judge what is under way again; a certificate that was found revoked there counts for so much longer.
LOOK_EVERY = 15.0
#: Questions at the same time, to all responders and to one host: one that sends a byte a second has a part of the places, for
#: `fetching.ANSWER_SECONDS` each. And those that wait, of all and of one network.
_PLACES, _OF_HOST, _WAITING, _OF_ONE = 32, 8, 500, 50
#: Certificates that one look asks about again.
_AT_ONCE = 200
#: Seconds for which a responder that did not answer is left alone. Whoever comes meanwhile hears of that at once.
_PAUSE = 10.0


class StatusAsker:
    """`wall_clock` gives seconds since 1970. `start` it, and `stop` it at the end."""

    log = Logger()

    def __init__(
        self, live: LiveStore, fetching: Fetching, reactor: Any, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._fetching = fetching
        self._wall_clock = wall_clock
        self._seconds: Callable[[], float] = reactor.seconds
        self._random_bytes = random_bytes
        self._turns = _turns(_PLACES)
        #: The same of each host that was asked: those that administrators have named, a few.
        self._turns_of: dict[str, FairTurns] = {}
        self._looks = RegularLook(reactor, LOOK_EVERY, self._refresh, failed="responders could not be asked")
        #: Who waits for the answer about a certificate, by its id.
        self._waiting: dict[str, list[Deferred[DeviceStatus]]] = {}
        #: Responders that did not answer: until when they are left alone (by the clock that is never set), and why.
        self._away: dict[str, tuple[float, str]] = {}
        #: Of this node since its start: by the authority's name and what came of it (good, revoked, failed).
        self.asked: Counter[tuple[str, str]] = Counter()

    def start(self) -> None:
        """Begin to look for answers that grow old."""
        self._looks.start()

    def stop(self) -> None:
        """Ask nothing more."""
        self._looks.stop()

    async def until(self, found: ClientCertificate) -> float:
        """Until when a certificate counts that was just proved, as its responder says; 0.0 where nobody has to be asked, or
        nothing was heard and it counts all the same.

        Raises IdentityError(PROOF_MISSING) for a revoked one, and where that is not known and has to be.
        """
        authority = self._live.snapshot.device_authorities.get(found.authority)
        if authority is None or not authority.sources.ocsp:
            return 0.0
        now = self._wall_clock()
        status = await self._live.read(statuses.find, found.path[0])
        status = None if status is None else status.as_of(now)
        if status is None or status.due <= now or status.until <= now:
            status = await self._ask_once(found, authority, status)
        if status.is_revoked:
            raise IdentityError(Code.PROOF_MISSING, "the certificate is revoked, as the responder of its authority says")
        if status.until > self._wall_clock():
            return status.until
        if authority.sources.ocsp_soft:
            self.log.warn("whether a certificate of {name} is revoked is not known ({problem}), and it counts all the same",
                          name=authority.name, problem=status.problem)
            return 0.0
        raise IdentityError(
            Code.PROOF_MISSING, f"whether the certificate is revoked is not known: {status.problem or 'there is no answer'}")

    def _ask_once(
        self, found: ClientCertificate, authority: DeviceAuthority, known: DeviceStatus | None
    ) -> Deferred[DeviceStatus]:
        """Whoever asks about a certificate that is being asked about waits for the same answer."""
        id_, mine = found.path[0], Deferred[DeviceStatus]()
        waiting = self._waiting.get(id_)
        if waiting is not None:
            waiting.append(mine)
            return mine
        self._waiting[id_] = [mine]
        named, now = authority.sources.ocsp, self._wall_clock()
        url = next((one for one in found.responders if one in named), named[0])
        status = DeviceStatus(id_, found.authority, found.issuer, found.serial, url, now) if known is None else replace(
            known, url=url, proved=now)
        # Not the user's own: one who leaves ends it for nobody else.
        Deferred.fromCoroutine(self._ask_and_keep(status, authority)).addBoth(self._tell, id_)
        return mine

    async def _ask_and_keep(self, status: DeviceStatus, authority: DeviceAuthority) -> DeviceStatus:
        heard = await self._ask(status, authority)
        await self._live.write(statuses.keep, [heard])
        return heard

    def _tell(self, result: DeviceStatus | Failure, id_: str) -> None:
        for one in self._waiting.pop(id_):
            if not one.called:
                one.callback(result)

    async def _ask(self, status: DeviceStatus, authority: DeviceAuthority) -> DeviceStatus:
        """The status with what the responder says, or with why it says nothing. Raises RequestError(OVERLOADED)."""
        issuer = _issuer(status, authority)
        if issuer is None:
            return status.unanswered("the certificate of its issuer is not among the authority's", self._wall_clock())
        try:
            heard = await self._heard(status, issuer)
        except AppProxyError as error:
            if isinstance(error, StoreError):
                raise
            self.asked[authority.name, "failed"] += 1
            return status.unanswered(str(error), self._wall_clock())
        # One that is left alone, or gives an older answer than before, leaves what is known as it is, with a problem.
        outcome = "failed" if heard.problem else "revoked" if heard.is_revoked else "good"
        self.asked[authority.name, outcome] += 1
        return heard

    async def _heard(self, status: DeviceStatus, issuer: x509.Certificate) -> DeviceStatus:
        """Raises FetchFailed or ConfigError."""
        host = urlsplit(status.url).netloc.lower()
        # The host's own first: what waits for a slow one holds no place of others.
        of_host = self._turns_of.setdefault(host, _turns(_OF_HOST))
        await of_host.take(Lane.DEVICE, SENDER.get())
        try:
            await self._turns.take(Lane.DEVICE, SENDER.get())
            try:
                return await self._answered(status, issuer)
            finally:
                self._turns.give_back()
        finally:
            of_host.give_back()

    async def _answered(self, status: DeviceStatus, issuer: x509.Certificate) -> DeviceStatus:
        """Once it has its turn, which may have taken a while. Raises FetchFailed or ConfigError."""
        until, problem = self._away.get(status.url, (0.0, ""))
        if self._seconds() < until:
            return status.unanswered(problem, self._wall_clock())
        try:
            nonce = self._random_bytes(NONCE_SIZE)
            data = await self._fetching.post(
                status.url, "application/ocsp-request", question(issuer, status.serial, nonce), LARGEST_ANSWER)
        except AppProxyError as error:
            self._away = {**self._away, status.url: (self._seconds() + _PAUSE, str(error))}
            raise
        now = self._wall_clock()
        return status.as_of(now).answered(read_answer(data, issuer, status.serial, nonce, now), now)

    async def _refresh(self) -> None:
        """Ask again about what was proved lately, before the answers end."""
        if not await self._live.read(statuses.is_due, self._wall_clock()):
            return
        known = self._live.snapshot.device_authorities
        heard: list[DeviceStatus] = []
        to_ask = [one for one in await self._live.write(statuses.claim, _AT_ONCE)
                  if one.authority in known and known[one.authority].sources.ocsp]
        while to_ask:
            some, to_ask = to_ask[:_PLACES], to_ask[_PLACES:]
            asking = [Deferred.fromCoroutine(self._ask(one, known[one.authority])) for one in some]
            heard += [one for is_good, one in await DeferredList(asking, consumeErrors=True) if is_good]
        await self._live.write(statuses.keep, heard, again=True)


def _turns(places: int) -> FairTurns:
    return FairTurns(
        places, LaneQueue(_WAITING, _OF_ONE), "too many questions wait for the responder of the devices' authority")


def _issuer(status: DeviceStatus, authority: DeviceAuthority) -> x509.Certificate | None:
    for pem in authority.certificates:
        for one in load_chain(pem):
            if issuer_id(one) == status.issuer:
                return one
    return None
