"""Where the metrics of all workers of a connector are read."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.config import ConnectorSettings
from appproxy.config.values import Address
from appproxy.net.descriptors.inherited import Inherited
from appproxy.testing.network import MemoryNetwork
from appproxy.twistd.connector_workers.page import ConnectorPage

SETTINGS = ConnectorSettings(address="connect.example.com:8443", name="connect.example.com", id="c1", workers=2)


def listening(settings: ConnectorSettings) -> tuple[MemoryNetwork, ConnectorPage]:
    """A parent's, without workers."""
    network = MemoryNetwork()
    parent: Any = SimpleNamespace(workers={}, restarts=0, why_not_ready=lambda: "")
    page = ConnectorPage(network, parent)
    page.listen(settings, Inherited())
    return network, page


def test_the_page_is_where_the_settings_say() -> None:
    """And nowhere once it is closed."""
    network, page = listening(replace(SETTINGS, metrics_listen=Address("127.0.0.1", 9100)))
    assert 9100 in network.ports
    network.run(Deferred.fromCoroutine(page.close()))
    assert 9100 not in network.ports


def test_without_the_setting_there_is_none() -> None:
    """Closing it is nothing then."""
    network, page = listening(SETTINGS)
    assert network.ports == {}
    network.run(Deferred.fromCoroutine(page.close()))
