"""Where the parent's metrics are read: asked over a connection of a user who watches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.net.descriptors.inherited import Inherited
from appproxy.testing.network import MemoryNetwork
from appproxy.twistd.workers.page import PageListener


def listening(settings: ServiceSettings) -> tuple[MemoryNetwork, PageListener]:
    """A parent's, without workers."""
    network = MemoryNetwork()
    parent: Any = SimpleNamespace(workers={}, restarts=0, why_not_ready=lambda: "")
    page = PageListener(network, parent)
    page.listen(settings, Inherited())
    return network, page


def test_the_page_is_where_the_settings_say() -> None:
    """And nowhere once it is closed, so that a next service can have the port."""
    settings = ServiceSettings(domain="example.com", metrics_listen=Address("127.0.0.1", 9100))
    network, page = listening(settings)
    assert 9100 in network.ports
    network.run(Deferred.fromCoroutine(page.close()))
    assert 9100 not in network.ports


def test_without_the_setting_there_is_none() -> None:
    """Closing it is nothing then."""
    network, page = listening(ServiceSettings(domain="example.com"))
    network.run(Deferred.fromCoroutine(page.close()))
