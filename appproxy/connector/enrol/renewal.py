"""A new key and certificate in good time, with no request lost.

The new pair is written first, then new signal connections are dialled with it, and the old ones drained.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.enrol.control import Issued
from appproxy.connector.enrol.identity import AGAIN, Identity, fits
from appproxy.connector.enrol.shared_identity import LOOK_EVERY, SharedIdentity
from appproxy.errors import ConfigError
from appproxy.net.loop.seldom import LogThinning
from appproxy.pki import Credential, certificate_request, new_key

DAY = 86400.0
#: How often the certificate's age is looked at.
LOOK_SECONDS = 3600.0
#: Whatever the service says, the last third of the certificate's life is time to renew it.
LATEST_SHARE = 2 / 3


def is_due(identity: Identity, renew_after_days: int, now: float) -> bool:
    """Is it time for a new certificate? `now` in seconds since 1970."""
    life = identity.not_after - identity.not_before
    return now >= identity.not_before + min(DAY + renew_after_days * DAY, life * LATEST_SHARE)


class RenewalSigner(Protocol):
    """The service's end point for renewal."""

    async def renew(self, csr: str) -> Issued:
        """A certificate for this request (PEM). Raises ControlError."""


class CertificateRenewal:
    """Looks at the certificate's age once an hour, and at every WELCOME."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        wall_clock: Callable[[], float],
        control: RenewalSigner,
        identity: Callable[[], Identity],
        take: Callable[[Identity], None],
        shared: SharedIdentity | None = None,
    ) -> None:
        """`shared`: the identity's files, which other processes may write, too."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._control = control
        self._identity = identity
        self._take = take
        self._shared = shared
        self._seldom = LogThinning(LOOK_SECONDS)
        self._watching: IDelayedCall | None = None
        self._after_days: int | None = None
        self._tried = -LOOK_SECONDS
        self._running: Deferred[None] | None = None
        self._later: IDelayedCall | None = None

    def welcome(self, renew_after_days: int) -> None:
        """The service says at which age a certificate is to be renewed."""
        self._after_days = renew_after_days
        self.look()

    def look(self) -> None:
        """Renew if it is time."""
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = self._clock.callLater(LOOK_SECONDS, self.look)
        self._check_end()
        after, now = self._after_days, self._clock.seconds()
        # A new certificate that is due at once (clocks that differ by months) must not lead round in a circle.
        if self._running is not None or after is None or now < self._tried + LOOK_SECONDS:
            return
        if is_due(self._identity(), after, self._wall_clock()) and self._may_renew():
            self._tried = now
            self._running = Deferred.fromCoroutine(self._renew())
            self._running.addErrback(self._failed)

    def watch(self) -> None:
        """Look now and then whether another worker has renewed it, and keep what could not be kept before."""
        if self._shared is not None:
            self._watching = self._clock.callLater(LOOK_EVERY, self.watch)
            if self._running is None:
                self._take_newer(self._shared)
            self._attempt(lambda shared: shared.keep_trust(self._identity()))

    def trust(self, anchors: tuple[str, ...]) -> None:
        """The service has named new anchors: keep them. What cannot be kept now is tried again."""
        self._attempt(lambda shared: shared.trust(anchors, self._identity()))

    def _attempt(self, keep: Callable[[SharedIdentity], None]) -> None:
        try:
            if self._shared is not None:
                keep(self._shared)
        except (ConfigError, OSError) as error:
            self._complain("the service's trust anchors cannot be kept: {reason}", error)

    def _complain(self, text: str, error: Exception) -> None:
        """Once an hour: it is tried every few seconds."""
        if self._seldom.is_due((text, str(error)), self._clock.seconds()):
            self.log.error(text, reason=str(error))

    def _take_newer(self, shared: SharedIdentity) -> bool:
        try:
            taken = shared.take_newer(self._identity())
        except (ConfigError, OSError) as error:
            self._complain("the certificate that another worker has renewed cannot be used: {reason}", error)
            return False
        if taken:
            self._tried = self._clock.seconds()  # it, too, may be due at once, and each of many workers would renew it
            self.log.info("another worker has renewed the certificate")
        return taken

    def _may_renew(self) -> bool:
        """Of several workers one renews, and not what another has renewed a moment ago."""
        shared = self._shared
        if shared is None:
            return True
        try:
            if not shared.begin():
                return False
        except ConfigError as error:
            self.log.error("the certificate cannot be renewed: {reason}", reason=str(error))
            return False
        if not self._take_newer(shared):
            return True
        shared.end()
        return False

    def _check_end(self) -> None:
        """Whoever was away for longer than the certificate holds cannot renew it: the service does not take it any more."""
        end = self._identity().not_after
        if self._wall_clock() >= end:
            self.log.error("this connector's certificate ended on {date:%Y-%m-%d}, and the service does not let it in; {hint}",
                           date=datetime.fromtimestamp(end, UTC), hint=AGAIN)

    def stop(self) -> None:
        """Look no more."""
        self._after_days = None
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None
        if self._watching is not None and self._watching.active():
            self._watching.cancel()
        if self._running is not None:
            self._running.cancel()
        self._renewed_or_not()

    async def _renew(self) -> None:
        key = new_key()
        if self._shared is not None:
            self._shared.prepare(key, self._identity())
        issued = await self._control.renew(certificate_request(key))
        if not fits(key, issued.certificate):
            raise ConfigError("the service has signed another key")
        self._take(Identity(Credential(issued.certificate, key), issued.trust))
        self._renewed_or_not()
        self.log.info("the certificate has been renewed")

    def _renewed_or_not(self) -> None:
        self._running = None
        if self._shared is not None:
            self._shared.end()

    def _failed(self, reason: Failure) -> None:
        self._renewed_or_not()
        if self._after_days is not None:
            days = (self._identity().not_after - self._wall_clock()) / DAY
            self.log.error("the certificate cannot be renewed: {reason}; it holds for {days:.0f} more days",
                           reason=reason.getErrorMessage(), days=days)
