"""What a connector says to those who watch it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport

from appproxy.config.values import Address
from appproxy.connector.counters import Counters
from appproxy.connector.observation import ConnectorCollector, ObservationListener
from appproxy.errors import Code
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.traces.export import SpanCounts

PAGE = Path(__file__).parents[2] / "docs" / "observation.md"


@dataclass
class Observed:
    """A connector's numbers."""

    counters: Counters = field(default_factory=Counters)
    in_flight: int = 0
    nodes_up: dict[str, bool] = field(default_factory=dict)
    outages: dict[str, str] = field(default_factory=dict)
    lag_seconds: float = 0.0
    certificate_end: float = 10 * 86_400.0
    configuration_version: int = 0
    why_not_ready: str = ""
    trace_counts: SpanCounts = field(default_factory=SpanCounts)

    def now(self) -> float:
        return 86_400.0


class Reader:
    """Asks the listener."""

    def __init__(self, observed: Observed) -> None:
        self.reactor = MemoryReactorClock()
        self.listener = ObservationListener(observed, self.reactor, Address("127.0.0.1", 9100), Inherited())
        self.listener.open()

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        [(port, site, _, host)] = self.reactor.tcpServers
        assert (host, port) == ("127.0.0.1", 9100)
        protocol = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 50_000))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        head, _, body = transport.value().partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()


def samples(observed: Observed) -> dict[str, float]:
    """The numbers, by what stands before them."""
    registry = CollectorRegistry()
    registry.register(ConnectorCollector(observed))
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_numbers() -> None:
    """Each under its own name and labels."""
    observed = Observed(
        in_flight=3, nodes_up={"a": True, "b": False}, outages={"wiki": "ORIGIN_REFUSED"}, lag_seconds=0.25,
        configuration_version=7)
    observed.counters.failures[Code.ORIGIN_REFUSED] += 2
    names = ("in_line", "streamed", "rejected", "failed", "cancelled", "received", "sent", "upgrades")
    for number, name in enumerate(names, 1):
        setattr(observed.counters, name, number)
    assert samples(observed) == {
        'appproxy_connector_requests_total{result="in_line"}': 1, 'appproxy_connector_requests_total{result="streamed"}': 2,
        'appproxy_connector_requests_total{result="rejected"}': 3, 'appproxy_connector_requests_total{result="failed"}': 4,
        'appproxy_connector_requests_total{result="cancelled"}': 5, "appproxy_connector_body_received_bytes_total": 6,
        "appproxy_connector_body_sent_bytes_total": 7, "appproxy_connector_upgrades_total": 8,
        'appproxy_connector_failures_total{failure="ORIGIN_REFUSED"}': 2, "appproxy_connector_requests_under_way": 3,
        'appproxy_connector_node_up{node="a"}': 1, 'appproxy_connector_node_up{node="b"}': 0,
        'appproxy_connector_application_down{application="wiki",failure="ORIGIN_REFUSED"}': 1,
        "appproxy_connector_lag_seconds": 0.25, "appproxy_connector_certificate_days_left": 9,
        "appproxy_connector_configuration": 7,
        **{f'appproxy_connector_trace_spans_total{{result="{result}"}}': 0 for result in ("sent", "dropped", "refused")},
    }


def test_the_page_names_all_metrics() -> None:
    """docs/observation.md has a row for each, and none besides."""
    families = {f"{one.name}{'_total' if one.type == 'counter' else ''}" for one in ConnectorCollector(Observed()).collect()}
    table = PAGE.read_text().split("## Metrics of a connector")[1]
    assert set(re.findall(r"^\| `(appproxy_connector_[a-z_]+)`", table, re.MULTILINE)) == families


def test_metrics_live_and_ready() -> None:
    """And nothing else is there."""
    observed = Observed(in_flight=5)
    reader = Reader(observed)
    status, body = reader.get("/metrics")
    assert status == 200 and "\nappproxy_connector_requests_under_way 5.0\n" in body
    assert reader.get("/live") == (200, "ok\n")
    assert reader.get("/ready") == (200, "ok\n")
    assert [reader.get(path)[0] for path in ("/", "/metrics/more", "/Metrics")] == [404, 404, 404]
    assert reader.get("/metrics", "POST")[0] == 405


def test_not_ready() -> None:
    """With the reason; it lives all the same."""
    reader = Reader(Observed(why_not_ready="draining"))
    assert reader.get("/ready") == (503, "draining\n")
    assert reader.get("/live") == (200, "ok\n")


@pytest.mark.parametrize("is_left", [False, True])
def test_a_successor_gets_the_socket(is_left: bool) -> None:
    """What it has taken over is not closed by the predecessor: that would end its queue."""
    closed: list[None] = []
    listener = ObservationListener(Observed(), _ReactorOf(closed), Address("127.0.0.1", 9100), Inherited())
    listener.open()
    assert listener.descriptors() == {"metrics_listen 127.0.0.1:9100": 44}
    if is_left:
        listener.leave()
    listener.close()
    assert closed == ([] if is_left else [None])


class _ReactorOf(MemoryReactorClock):
    def __init__(self, closed: list[None]) -> None:
        super().__init__()
        self._closed = closed

    def listenTCP(self, *given: object, **named: object) -> _Port:
        return _Port(self._closed)


class _Port:
    def __init__(self, closed: list[None]) -> None:
        self._closed = closed

    def fileno(self) -> int:
        return 44

    def stopReading(self) -> None:
        """Accept nothing more."""

    def stopListening(self) -> None:
        self._closed.append(None)
