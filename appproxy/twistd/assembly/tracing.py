"""Traces of a service node: what draws requests, what keeps their spans, and what exports those."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from random import random
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

import appproxy
from appproxy.config.traces import SampledTraceSettings
from appproxy.service.own.traces import ServiceTracer
from appproxy.trace.otlp import encode_span
from appproxy.trace.sampling import Sampler

if TYPE_CHECKING:
    from appproxy.net.traces.export import SpanExporter
    from appproxy.service.node import ServiceNode


class ServiceTracing:
    """Of one node: it hears of requests from now on."""

    def __init__(
        self, settings: SampledTraceSettings, directory: Path, node: ServiceNode, reactor: Any,
        wall_clock: Callable[[], float],
    ) -> None:
        from appproxy.net.traces.collector import exporter_of  # with it comes twisted.web's client

        resource = {
            "service.name": "appproxy-service", "service.version": appproxy.__version__,
            "service.instance.id": node.sightings.node}
        self.exporter: SpanExporter = exporter_of(
            settings, directory, reactor, wall_clock, resource, appproxy.__version__)
        sampler = Sampler(settings.ratio, settings.users, random, secrets.token_bytes)
        ServiceTracer(sampler, wall_clock, lambda span: self.exporter.add(encode_span(span))).attach(node.hooks)
        node.traffic.spans = self.exporter.counts
        node.end_point.offers["traces"] = 1

    def stop(self) -> Deferred[None]:
        """Send what is here, for a moment."""
        return self.exporter.stop()


def service_tracing(
    settings: SampledTraceSettings, directory: Path, node: ServiceNode, reactor: Any, wall_clock: Callable[[], float],
) -> ServiceTracing | None:
    """None where nothing is traced: nothing is told, and nothing is loaded. Raises ConfigError."""
    return None if settings.collector is None else ServiceTracing(settings, directory, node, reactor, wall_clock)
