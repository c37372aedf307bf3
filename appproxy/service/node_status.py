"""What a running node knows that its database does not, as an administrator's operations ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from appproxy.service.dispatch.request import SnapshotSource
from appproxy.service.dispatch.stages.rates import RateLimits
from appproxy.service.own.live_connectors import live_connectors
from appproxy.service.own.served_certificates import Certificates
from appproxy.service.relay.connectors.probe import ProbeResult, probe_all
from appproxy.service.relay.relay import Relay

#: Seconds for which it is of interest that somebody met a limit.
LATELY = 900.0


class NodeStatus:
    """Of one node. `new_id` names the requests of probes."""

    def __init__(
        self, store: SnapshotSource, relay: Relay, rates: RateLimits, certificates: Certificates, clock: IReactorTime,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._relay = relay
        self._rates = rates
        self._certificates = certificates
        self._clock = clock
        self._new_id = new_id

    def live(self) -> Mapping[str, object]:
        """The connectors that are online here, by id."""
        return live_connectors(self._relay.roster)

    def limits_met(self) -> Sequence[Mapping[str, object]]:
        """Which users met a limit that all share, in the last quarter of an hour."""
        return [*self._relay.shortages.recent(LATELY), *self._rates.recent(LATELY)]

    def symptoms(self) -> Sequence[tuple[str, str, int]]:
        """By application: what its answers show to be set wrongly, and how often."""
        return self._relay.symptoms.counts()

    @property
    def given_certificate(self) -> str | None:
        """The certificate of files that users are shown, None where there is none."""
        return self._certificates.given

    def probe(self, *ids: str) -> Deferred[Mapping[str, ProbeResult]]:
        """Ask each application, or these, whether it answers; fires with what came of it, by name."""
        snapshot = self._store.snapshot
        wanted = [found for one in ids or snapshot.applications if (found := snapshot.applications.get(one)) is not None]
        return probe_all(
            wanted, snapshot.router, lambda exchange, route: self._relay.start(exchange, route, None), self._clock,
            self._new_id)
