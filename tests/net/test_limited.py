"""How often one client may ask an end point."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from appproxy.net.web import Limit, limited


def request(address: str) -> Request:
    """From an address."""
    made = Request(DummyChannel())
    made.client = IPv4Address("TCP", address, 1)
    return made


def test_each_address_has_its_own() -> None:
    """A burst, and then as many as come back with time; others do not notice."""
    now = 0.0
    limit: Limit = limited(3, 0.5, lambda: now)
    assert [limit(request("192.0.2.1")) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert limit(request("192.0.2.2")) == 0.0
    now = 2.0
    assert limit(request("192.0.2.1")) == 0.0
