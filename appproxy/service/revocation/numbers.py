"""What metrics tell of revocation: how long lists still count, and what came of asking."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from appproxy.pki.revocation.crl import first_end
from appproxy.service.revocation.lists import ListFetcher
from appproxy.service.revocation.statuses import StatusAsker
from appproxy.store.snapshot import Snapshot

#: Applications whose lists are told of, as many as there may be series of one kind.
_MOST = 1000


class RevocationNumbers:
    """Of one node, at each scrape."""

    def __init__(self, lists: ListFetcher, statuses: StatusAsker) -> None:
        self._lists = lists
        self._statuses = statuses
        #: Of applications' lists, which are texts: when they begin and end. They are read once.
        self._read: dict[str, tuple[float, float] | None] = {}

    def families(self, snapshot: Snapshot, now: float) -> Iterator[Metric]:
        """`now`: seconds since 1970."""
        labels = ["kind", "name"]
        left = GaugeMetricFamily(
            "appproxy_crl_seconds_left", "Until a list of revoked certificates ends, below 0 when it has.",
            labels=labels)
        whole = GaugeMetricFamily("appproxy_crl_seconds", "For how long that list counts in all.", labels=labels)
        for kind, name, begins, ends in self._ends(snapshot):
            left.add_metric([kind, name], ends - now)
            whole.add_metric([kind, name], ends - begins)
        yield left
        yield whole
        yield from self._counts(snapshot)

    def _counts(self, snapshot: Snapshot) -> Iterator[Metric]:
        labels = ["authority"]
        fetched = CounterMetricFamily("appproxy_crl_fetches", "Times that lists of an authority were fetched.", labels=labels)
        failures = CounterMetricFamily("appproxy_crl_fetch_failures", "Times that they did not come.", labels=labels)
        asked = CounterMetricFamily(
            "appproxy_ocsp_questions", "Questions to responders, by what came of them.", labels=["authority", "outcome"])
        for one in snapshot.device_authorities.values():
            if one.sources.crl_urls:
                fetched.add_metric([one.name], self._lists.fetched[one.name])
                failures.add_metric([one.name], self._lists.failures[one.name])
            for outcome in ("good", "revoked", "failed") if one.sources.ocsp else ():
                asked.add_metric([one.name, outcome], self._statuses.asked[one.name, outcome])
        yield from (fetched, failures, asked)

    def _ends(self, snapshot: Snapshot) -> Iterator[tuple[str, str, float, float]]:
        """Kind, name, begin and end of the list that ends first."""
        for one in snapshot.device_authorities.values():
            if one.lists:
                yield "device", one.name, one.begun, min(one.lists.values())
        texts = [(each.name, each.machine_crl) for each in islice(
            (each for each in snapshot.applications.values() if each.machine_crl), _MOST)]
        self._read = {text: self._read[text] if text in self._read else first_end(text) for _, text in texts}
        for name, text in texts:
            if (found := self._read[text]) is not None:
                yield "machine", name, *found
