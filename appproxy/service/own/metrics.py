"""Prometheus metrics: plain numbers on the hot path, put into words only when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from appproxy.errors import Code
from appproxy.net.loop.exhaustion import EXHAUSTION
from appproxy.net.traces.export import SpanCounts
from appproxy.net.traces.numbers import span_family
from appproxy.pki.expiry import days_left
from appproxy.policy.risk.levels import LEVELS
from appproxy.service.dispatch.stages.rates import LIMITS, RateLimits
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.connectors.shortages import SHORTAGES
from appproxy.store.connectors.sightings import STATUSES
from appproxy.store.service.audit_exports import Backlog

if TYPE_CHECKING:
    from appproxy.service.ending import NodeEnd
    from appproxy.service.front.front import Front
    from appproxy.service.own.served_certificates import Certificates
    from appproxy.service.relay.relay import Relay
    from appproxy.service.tunnel.listener import TunnelListener
    from appproxy.service.tunnel.sightings import Sightings
    from appproxy.store.database.live import LiveStore
    from appproxy.store.snapshot import Snapshot

#: Seconds: from a cached page near by to the longest usual back-end timeout.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 85.0, 180.0)
#: More applications than this share the label `other`: labels must stay few.
_MOST_APPLICATIONS = 1000
#: Statuses with a label of their own: those that are registered, and 499. An application may answer with any three digits, so
#: all others are one label for each class.
_STATUSES = frozenset({*map(int, HTTPStatus), 499})
#: More certificates than this have no gauge of their own; the log warns of all.
_MOST_CERTIFICATES = 1000
#: Of what is answered on the metrics listener.
TEXT_FIELDS = b"content-type: text/plain; charset=utf-8\ncache-control: no-store\n"
METRICS_FIELDS = b"content-type: text/plain; version=0.0.4; charset=utf-8\ncache-control: no-store\n"


def _unheard(exchange: Exchange) -> None:
    """Nobody wants to know."""


class Traffic:
    """What the users' exchanges add up to. `seconds`: monotonic time, as exchanges have it."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.requests: Counter[tuple[str, int | str]] = Counter()
        self._applications: set[str] = set()
        self.failures: Counter[Code] = Counter()
        #: Sign-ins whose risk was judged, by level; whoever judges them counts them.
        self.judged: Counter[str] = Counter()
        #: Sign-ins of break-glass users against policies; whoever sees them counts them.
        self.break_glass: Callable[[], int] = int
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.received = 0
        self.sent = 0
        #: What became of spans; whoever exports them counts them.
        self.spans = SpanCounts()
        #: Hears of each exchange that has failed.
        self.failed: Callable[[Exchange], None] = _unheard

    def add(self, exchange: Exchange) -> None:
        """Count one exchange that is over."""
        key: tuple[str, int | str] = (exchange.application, exchange.status or 499)
        if key not in self.requests:
            key = self._labels(exchange.application, exchange.status or 499)
        self.requests[key] += 1
        if exchange.failure is not None:
            self.failures[exchange.failure] += 1
            self.failed(exchange)
        self.received += exchange.received
        self.sent += exchange.sent
        if exchange.status != 101:  # how long a WebSocket was open is no latency
            took = self._seconds() - exchange.started
            self.seconds += took
            self.buckets[bisect_left(BOUNDS, took)] += 1

    def _labels(self, application: str, status: int) -> tuple[str, int | str]:
        """What an exchange is counted under."""
        if application not in self._applications:
            if len(self._applications) < _MOST_APPLICATIONS:
                self._applications.add(application)
            else:
                application = "other"
        return application, status if status in _STATUSES else f"{status // 100}xx"

    def families(self) -> Iterator[Metric]:
        """The counters in Prometheus' words."""
        requests = CounterMetricFamily("appproxy_requests", "Requests answered, or left by their users (499).",
                                       labels=["application", "status"])
        for (application, status), count in self.requests.items():
            requests.add_metric([application, str(status)], count)
        yield requests
        failures = CounterMetricFamily("appproxy_failures", "Failures by name.", labels=["failure"])
        for code, count in self.failures.items():
            failures.add_metric([code.name], count)
        yield failures
        judged = CounterMetricFamily("appproxy_sign_ins_judged", "Sign-ins by the level of risk that was judged.",
                                     labels=["level"])
        for level in ("unknown", *LEVELS):
            judged.add_metric([level], self.judged[level])
        yield judged
        yield CounterMetricFamily(
            "appproxy_break_glass_sign_ins", "Sign-ins of users whom no policy concerns, against policies.",
            value=self.break_glass())
        yield CounterMetricFamily("appproxy_body_received_bytes", "Bytes of request bodies.", value=self.received)
        yield CounterMetricFamily("appproxy_body_sent_bytes", "Bytes of answers' bodies.", value=self.sent)
        yield HistogramMetricFamily("appproxy_request_seconds", "From a request's head to the end of its answer.",
                                    buckets=self._cumulative(), sum_value=self.seconds)
        yield span_family("appproxy_trace_spans", self.spans)

    def _cumulative(self) -> list[tuple[str, float]]:
        total = 0
        buckets = []
        for bound, count in zip((*BOUNDS, "+Inf"), self.buckets, strict=True):
            total += count
            buckets.append((str(bound), float(total)))
        return buckets


class ExportNumbers(Protocol):
    """What is known of the audit's export: `service.exports.exporter.Exporter`."""

    backlogs: Sequence[Backlog]
    sent: Counter[str]
    failures: Counter[str]


class FamiliesOfSnapshots(Protocol):
    """What else has numbers: `service.revocation.numbers.RevocationNumbers`."""

    def families(self, snapshot: Snapshot, now: float) -> Iterator[Metric]:
        """`now`: seconds since 1970."""
        ...


class MeasuredNode(Protocol):
    """What the numbers are taken from: `service.node.ServiceNode`."""

    traffic: Traffic
    relay: Relay
    front: Front
    end_point: TunnelListener
    certificates: Certificates
    exporter: ExportNumbers | None
    revocation: FamiliesOfSnapshots | None
    sightings: Sightings
    rates: RateLimits
    end: NodeEnd

    @property
    def snapshot(self) -> Snapshot:
        """What the node works from now."""

    @property
    def store(self) -> LiveStore:
        """What the node works from."""

    @property
    def lost_log_lines(self) -> int:
        """Lines of the access log that could not be written."""

    def now(self) -> float:
        """Seconds since 1970."""


class NodeCollector(Collector):
    """Asks a node for its numbers at each scrape."""

    def __init__(self, node: MeasuredNode) -> None:
        self._node = node

    def collect(self) -> Iterable[Metric]:
        """Called by prometheus_client."""
        node = self._node
        yield from node.traffic.families()
        roster = node.relay.roster
        yield GaugeMetricFamily("appproxy_user_connections", "Open connections of users.",
                                value=len(node.front.connections))
        yield CounterMetricFamily("appproxy_user_connections_accepted", "Connections of users.", value=node.front.accepted)
        yield CounterMetricFamily("appproxy_user_connections_evicted", "Connections of users that gave way to others.",
                                  value=node.front.evicted)
        yield CounterMetricFamily("appproxy_user_connections_refused", "Connections of users that were one too many.",
                                  value=node.front.turned_away)
        yield CounterMetricFamily("appproxy_http2_floods", "HTTP/2 connections that were ended for a flood or a fault.",
                                  value=node.front.floods)
        yield GaugeMetricFamily("appproxy_requests_parked", "Requests that wait for a connector.", value=roster.waiting)
        in_flight = GaugeMetricFamily("appproxy_connector_in_flight", "Requests under way.", labels=["connector", "group"])
        online = GaugeMetricFamily("appproxy_connectors_online", "Connectors that take requests.", labels=["group"])
        under_way: dict[tuple[str, str], int] = {}
        for peer in roster.peers.values():
            under_way[peer.id, peer.group] = under_way.get((peer.id, peer.group), 0) + len(peer.in_flight)
        for labels, number in under_way.items():
            in_flight.add_metric(labels, number)
        for group in node.snapshot.connector_groups:
            online.add_metric([group], roster.online(group))
        yield in_flight
        yield online
        known = GaugeMetricFamily("appproxy_connectors", "Connectors by their status, once a minute.", labels=["status"])
        for status in STATUSES:
            known.add_metric([status], node.sightings.counts.get(status, 0))
        yield known
        yield self._limits()
        yield _rate_limits(node.rates)
        yield self._stream_ends()
        yield CounterMetricFamily("appproxy_tunnel_protocol_errors", "Times that a connector broke the tunnel protocol.",
                                  value=node.end_point.protocol_errors)
        yield self._certificates()
        yield GaugeMetricFamily("appproxy_snapshot_revision", "Revision of the store that this node works from.",
                                value=node.snapshot.revision)
        yield CounterMetricFamily("appproxy_connections_without_descriptor",
                                  "Connections that were closed because no file descriptor was free.", value=EXHAUSTION.closed)
        store = node.store
        yield GaugeMetricFamily("appproxy_database_up", "Does the database answer?", value=int(store.reachable))
        yield GaugeMetricFamily("appproxy_kept_snapshot_age_seconds", "Age of the kept snapshot that is worked from.",
                                value=0.0 if store.kept_at is None else node.now() - store.kept_at)
        yield GaugeMetricFamily("appproxy_kept_snapshot_timestamp_seconds", "When it was written last.",
                                value=store.kept_for_next)
        yield CounterMetricFamily("appproxy_access_log_lost_lines", "Lines that could not be written.",
                                  value=node.lost_log_lines)
        yield from _of_others(node)

    def _limits(self) -> Metric:
        met = CounterMetricFamily("appproxy_limits_met", "Requests that met a limit which all users share.",
                                  labels=["application", "limit"])
        for code in sorted(SHORTAGES):
            met.add_metric(["", code.name], 0)  # there from the beginning, so that the first one is a rise
        for (application, code), count in self._node.relay.shortages.counts.items():
            met.add_metric([application, code.name], count)
        return met

    def _stream_ends(self) -> Metric:
        ended = CounterMetricFamily(
            "appproxy_streams_ended", "Streams that the service has ended: closed with a word to the client, or cut.",
            labels=["kind", "how"])
        ends = self._node.relay.moves.ends
        for kind, how in sorted({("websocket", "closed"), ("event-stream", "closed"), *ends}):
            ended.add_metric([kind, how], ends[kind, how])
        return ended

    def _certificates(self) -> Metric:
        days = GaugeMetricFamily("appproxy_certificate_days_left", "Days until a certificate ends; below 0 when it has.",
                                 labels=["certificate", "source"])
        now = self._node.now()
        for one in islice(self._node.certificates.expiries(), _MOST_CERTIFICATES):
            days.add_metric([one.name, one.source], days_left(one.not_after, now))
        return days


def _rate_limits(rates: RateLimits) -> Metric:
    met = CounterMetricFamily("appproxy_rate_limited", "Requests that were one too many for a limit of rate (429).",
                              labels=["application", "limit"])
    for limit in LIMITS:
        met.add_metric(["", limit], rates.met[("", limit)])  # there from the beginning, so that the first one is a rise
    for (application, limit), count in rates.met.items():
        if application:
            met.add_metric([application, limit], count)
    return met


def _of_others(node: MeasuredNode) -> Iterator[Metric]:
    """What is told by parts that a node may do without."""
    if node.exporter is not None:
        yield from _export_families(node.exporter, node.now())
    if node.revocation is not None:
        yield from node.revocation.families(node.snapshot, node.now())


def _export_families(exporter: ExportNumbers, now: float) -> Iterator[Metric]:
    """What waits and was given up is the same at each node; what arrived and failed is this one's doing."""
    labels = ["destination"]
    waiting = GaugeMetricFamily("appproxy_audit_export_waiting", "Entries that wait for a destination.", labels=labels)
    oldest = GaugeMetricFamily("appproxy_audit_export_lag_seconds", "Age of the first of them, 0 for none.", labels=labels)
    refused = CounterMetricFamily("appproxy_audit_export_refused", "Entries that it will never take.", labels=labels)
    lost = CounterMetricFamily("appproxy_audit_export_lost", "Entries that were forgotten before it had them.", labels=labels)
    sent = CounterMetricFamily("appproxy_audit_export_sent", "Entries that have arrived.", labels=labels)
    failures = CounterMetricFamily("appproxy_audit_export_failures", "Tries that have failed.", labels=labels)
    for one in exporter.backlogs:
        name = [one.export.name]
        waiting.add_metric(name, one.waiting)
        oldest.add_metric(name, max(0.0, now - one.since) if one.waiting else 0.0)
        refused.add_metric(name, one.export.refused)
        lost.add_metric(name, one.export.lost)
        sent.add_metric(name, exporter.sent[one.export.name])
        failures.add_metric(name, exporter.failures[one.export.name])
    yield from (waiting, oldest, refused, lost, sent, failures)


class MetricsPage:
    """The handler of the metrics listener: GET /metrics, /live (the program turns) and /ready (it takes users' requests)."""

    def __init__(self, node: MeasuredNode) -> None:
        self._node = node
        self._registry = CollectorRegistry()
        self._registry.register(NodeCollector(node))

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.exchange.Handler`)."""
        head = exchange.head
        path = head.target.partition(b"?")[0] if head.method in (b"GET", b"HEAD") else b""
        if path == b"/metrics":
            exchange.answer(200, METRICS_FIELDS, generate_latest(self._registry))
        elif path == b"/live":
            exchange.answer(200, TEXT_FIELDS, b"ok\n")
        elif path == b"/ready":
            draining = self._node.end.has_begun
            exchange.answer(503 if draining else 200, TEXT_FIELDS, b"draining\n" if draining else b"ok\n")
        else:
            exchange.answer(404, TEXT_FIELDS, b"only GET /metrics, /live and /ready are here\n")
