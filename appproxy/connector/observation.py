"""What a connector says of itself where `metrics_listen` is set: `/metrics` for Prometheus, `/live` and `/ready` for whoever
watches programs.

Plain numbers are put into words only when somebody asks. twisted.web answers; who does not set it never imports that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import Site

from appproxy.config.values import Address
from appproxy.connector.counters import Counters
from appproxy.net.descriptors.inherited import Inherited, listener_name
from appproxy.net.traces.export import SpanCounts
from appproxy.net.traces.numbers import span_family
from appproxy.pki.expiry import days_left

_SETTING = "metrics_listen"
#: Of what all pages answer.
TEXT = b"text/plain; version=0.0.4; charset=utf-8"
#: Seconds that a scraper's connection may be idle. Prometheus keeps one between two scrapes, a minute apart as a rule.
_IDLE = 120.0


class ObservedConnector(Protocol):
    """What the numbers are taken from: `connector.node.ConnectorNode`."""

    counters: Counters

    @property
    def in_flight(self) -> int:
        """Requests under way; upgraded streams are counted too."""

    @property
    def nodes_up(self) -> Mapping[str, bool]:
        """By the id of a service node: is a signal connection to it up?"""

    @property
    def outages(self) -> Mapping[str, str]:
        """By name of an application that does not answer: the failure's name."""

    @property
    def lag_seconds(self) -> float:
        """How late the reactor was when it was last measured."""

    @property
    def certificate_end(self) -> float:
        """When this connector's certificate ends, in seconds since 1970."""

    @property
    def configuration_version(self) -> int:
        """The service's configuration that is in use; 0 before there is one."""

    @property
    def trace_counts(self) -> SpanCounts:
        """What became of spans."""

    @property
    def why_not_ready(self) -> str:
        """What keeps it from serving requests; "" for nothing."""

    def now(self) -> float:
        """Seconds since 1970."""


class ConnectorCollector(Collector):
    """Asks a connector for its numbers at each scrape."""

    def __init__(self, connector: ObservedConnector) -> None:
        self._connector = connector

    def collect(self) -> Iterable[Metric]:
        """Called by prometheus_client."""
        connector, counters = self._connector, self._connector.counters
        requests = CounterMetricFamily("appproxy_connector_requests", "Requests that are over, by how they ended.",
                                       labels=["result"])
        for result in ("in_line", "streamed", "rejected", "failed", "cancelled"):
            requests.add_metric([result], getattr(counters, result))
        yield requests
        yield CounterMetricFamily("appproxy_connector_upgrades", "Upgrades, to WebSocket for example, that were accepted.",
                                  value=counters.upgrades)
        failures = CounterMetricFamily("appproxy_connector_failures", "Failures by name.", labels=["failure"])
        for code, count in counters.failures.items():
            failures.add_metric([code.name], count)
        yield failures
        yield CounterMetricFamily("appproxy_connector_body_received_bytes", "Bytes of request bodies.",
                                  value=counters.received)
        yield CounterMetricFamily("appproxy_connector_body_sent_bytes", "Bytes of answers' bodies.", value=counters.sent)
        yield GaugeMetricFamily("appproxy_connector_requests_under_way", "Requests and upgraded streams under way.",
                                value=connector.in_flight)
        nodes = GaugeMetricFamily("appproxy_connector_node_up", "Is a signal connection to this node of the service up?",
                                  labels=["node"])
        for node, is_up in connector.nodes_up.items():
            nodes.add_metric([node], float(is_up))
        yield nodes
        outages = GaugeMetricFamily("appproxy_connector_application_down", "1 for an application that does not answer.",
                                    labels=["application", "failure"])
        for name, failure in connector.outages.items():
            outages.add_metric([name, failure], 1)
        yield outages
        yield GaugeMetricFamily("appproxy_connector_lag_seconds", "How late the program was when it last looked.",
                                value=connector.lag_seconds)
        yield GaugeMetricFamily("appproxy_connector_certificate_days_left", "Days until its certificate ends.",
                                value=days_left(connector.certificate_end, connector.now()))
        yield GaugeMetricFamily("appproxy_connector_configuration", "The version of the configuration that is in use.",
                                value=connector.configuration_version)
        yield span_family("appproxy_connector_trace_spans", connector.trace_counts)


class _Metrics(Resource):
    def __init__(self, connector: ObservedConnector) -> None:
        super().__init__()
        self._registry = CollectorRegistry()
        self._registry.register(ConnectorCollector(connector))

    def render_GET(self, request: IRequest) -> bytes:
        request.setHeader(b"content-type", TEXT)
        return generate_latest(self._registry)


class LivePage(Resource):
    """The program runs."""

    def render_GET(self, request: IRequest) -> bytes:
        """Called by twisted.web."""
        request.setHeader(b"content-type", TEXT)
        return b"ok\n"


class ReadyPage(Resource):
    """`why_not`: what keeps it from serving requests; "" for nothing."""

    def __init__(self, why_not: Callable[[], str]) -> None:
        super().__init__()
        self._why_not = why_not

    def render_GET(self, request: IRequest) -> bytes:
        """Called by twisted.web."""
        request.setHeader(b"content-type", TEXT)
        reason = self._why_not()
        if reason:
            request.setResponseCode(503)
        return f"{reason or 'ok'}\n".encode()


class _Site(Site):
    """One whose readers are in no log, and where nobody sends a form."""

    displayTracebacks = False
    noisy = False
    _parsePOSTFormSubmission = False

    def log(self, request: object) -> None:
        """Called by twisted.web for each answer."""


def observation_site(pages: Mapping[bytes, Resource], reactor: Any) -> Site:
    """What answers these paths and no others."""
    root = Resource()
    for name, page in pages.items():
        root.putChild(name, page)
    return _Site(root, reactor=reactor, timeout=_IDLE)


class ObservationListener:
    """HTTP/1.1 without TLS and without sign-in at `address`. A socket inherited for it is used in place of a new one."""

    def __init__(self, connector: ObservedConnector, reactor: Any, address: Address, inherited: Inherited) -> None:
        pages: dict[bytes, Resource] = {
            b"metrics": _Metrics(connector), b"live": LivePage(), b"ready": ReadyPage(lambda: connector.why_not_ready)}
        self._site = observation_site(pages, reactor)
        self._reactor = reactor
        self._address = address
        self._inherited = inherited
        self._port: Any = None

    def open(self) -> None:
        """Listen. Raises CannotListenError."""
        self._port = self._inherited.listen(self._reactor, _SETTING, self._address, self._site)

    def descriptors(self) -> dict[str, int]:
        """The listening socket, for a successor."""
        return {} if self._port is None else {listener_name(_SETTING, self._address): self._port.fileno()}

    def leave(self) -> None:
        """A successor has the same socket: accept nothing more, and leave it open, for closing would end its queue."""
        port, self._port = self._port, None
        if port is not None:
            port.stopReading()

    def close(self) -> Deferred[None]:
        """Listen no more."""
        port, self._port = self._port, None
        return succeed(None) if port is None else maybeDeferred(port.stopListening)
