"""Traces of a connector: what makes spans of requests, and what exports those."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

import appproxy
from appproxy.config.connector import ConnectorSettings
from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.traces import ConnectorTracer
from appproxy.trace.otlp import encode_span

if TYPE_CHECKING:
    from appproxy.net.traces.export import SpanExporter


class ConnectorTracing:
    """Of one connector whose settings name a collector. Raises ConfigError."""

    def __init__(
        self, settings: ConnectorSettings, directory: Path, reactor: Any, routes: Callable[[], Mapping[str, OriginRoute]],
        wall_clock: Callable[[], float], random_bytes: Callable[[int], bytes],
    ) -> None:
        from appproxy.net.traces.collector import exporter_of  # with it comes twisted.web: some 5 MiB

        resource = {"service.name": "appproxy-connector", "service.version": appproxy.__version__,
                    "service.instance.id": settings.id}
        self.exporter: SpanExporter = exporter_of(
            settings.traces, directory, reactor, wall_clock, resource, appproxy.__version__)
        self.tracer = ConnectorTracer(
            routes, wall_clock, random_bytes, lambda span: self.exporter.add(encode_span(span)))

    def hearing(self, log: Callable[[LiveRequest], None]) -> Callable[[LiveRequest], None]:
        """What hears of each request that is over: the log, and this."""

        def both(forward: LiveRequest) -> None:
            log(forward)
            self.tracer.ended(forward)

        return both

    def stop(self) -> Deferred[None]:
        """Send what is here, for a moment."""
        return self.exporter.stop()
