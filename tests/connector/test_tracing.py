"""What traces of a connector are made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from appproxy.config.connector import ConnectorSettings
from appproxy.config.traces import TraceSettings
from appproxy.connector.tracing import ConnectorTracing
from appproxy.errors import ConfigError


def tracing(directory: Path, **settings: str) -> ConnectorTracing:
    """Of a connector with these settings."""
    whole = ConnectorSettings(address="a:1", name="a.example", id="0123", traces=TraceSettings(
        collector="http://127.0.0.1:4318/v1/traces", **settings))
    return ConnectorTracing(whole, directory, MemoryReactorClock(), dict, lambda: 0.0, bytes)


def test_it_says_who_it_is(tmp_path: Path) -> None:
    """By its id, which the service's spans have as `appproxy.connector`."""
    made = tracing(tmp_path)
    assert made.exporter._resource["service.name"] == "appproxy-connector"
    assert made.exporter._resource["service.instance.id"] == "0123"
    told: list[object] = []
    made.hearing(told.append)("request")  # type: ignore[arg-type]
    assert told == ["request"]
    assert made.stop().called


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Is told at the start."""
    with pytest.raises(ConfigError, match="traces.collector_fields: key: cannot be read"):
        tracing(tmp_path, collector_fields="key")
