"""Traces of a node: nothing at all where they are off."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from appproxy.config.traces import SampledTraceSettings
from appproxy.errors import ConfigError
from appproxy.service.exchange.hooks import Hooks
from appproxy.twistd.assembly.tracing import service_tracing
from tests.service.test_node import NodeRig

ON = SampledTraceSettings(collector="http://127.0.0.1:4318/v1/traces")


def test_off_costs_nothing(tmp_path: Path) -> None:
    """No hook hears of a request, and no connector is told to trace."""
    rig = NodeRig(tmp_path)
    before = [getattr(rig.node.hooks, event) for event in Hooks.EVENTS]
    assert service_tracing(SampledTraceSettings(), tmp_path, rig.node, rig.network, lambda: 0.0) is None
    assert [getattr(rig.node.hooks, event) for event in Hooks.EVENTS] == before
    assert rig.node.end_point.offers == {}


def test_on(tmp_path: Path) -> None:
    """Requests are heard of, the metrics count its spans, and connectors are told."""
    rig = NodeRig(tmp_path)
    made = service_tracing(ON, tmp_path, rig.node, rig.network, lambda: 0.0)
    assert made is not None and rig.node.hooks.started is not None
    assert rig.node.end_point.offers == {"traces": 1} and rig.node.end_point._welcome().limits["traces"] == 1
    made.exporter.counts.dropped = 3
    assert rig.node.traffic.spans.dropped == 3
    assert made.stop().called


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is told at the start."""
    name = secrets.token_hex(4)
    with pytest.raises(ConfigError, match=f"traces.ca_bundle: {name}: cannot be read"):
        service_tracing(replace(ON, ca_bundle=name), tmp_path, NodeRig(tmp_path).node, None, lambda: 0.0)
