"""appproxy blocklist"""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appproxy.cli.running.blocklist import commands, refused
from appproxy.errors import ConfigError
from tests.cli.conftest import Typing


def met(who: str, count: int, limit: str = "limit address") -> dict[str, object]:
    """As the service tells it."""
    return {"who": who, "application": "wiki", "limit": limit, "count": count, "seconds_ago": 1.0}


def test_who_is_named() -> None:
    """Addresses and networks that were refused often enough, at all applications together; no user, and nobody for less."""
    found = refused([
        met("192.0.2.1", 60), met("192.0.2.1", 50), met("2001:db8::/64", 500), met("192.0.2.2", 99),
        met("ann", 10_000, "limit user"), met("everybody", 10_000, "limit all"), met("192.0.2.3", 10_000, "QUEUE_FULL"),
        met("2001:db8::/48", 10_000, "limit site"),
    ], 100)  # fmt: skip
    assert found == {ip_network("2001:db8::/64"): 500, ip_network("192.0.2.1"): 110}
    assert list(found.values()) == [500, 110]
    with pytest.raises(ConfigError, match="read users"):
        refused([met("", 100)], 100)


def test_what_a_firewall_is_told() -> None:
    """Sets with an end for each address; a second time nothing is there twice."""
    assert commands({ip_network("2001:db8::/64"): 5, ip_network("192.0.2.1"): 5}, "inet t", "30m") == (
        "add table inet t\n"
        "add set inet t blocked4 { type ipv4_addr; flags interval, timeout; auto-merge; }\n"
        "add set inet t blocked6 { type ipv6_addr; flags interval, timeout; auto-merge; }\n"
        "add element inet t blocked6 { 2001:db8::/64 timeout 30m }\n"
        "add element inet t blocked4 { 192.0.2.1/32 timeout 30m }\n")


def test_typed(typed: Typing) -> None:
    """Without a service nobody was refused; what would be something else to a firewall is not passed on."""
    assert typed("blocklist", "--json").json == []
    assert typed("blocklist").out.startswith("add table inet appproxy\n")
    assert typed("blocklist", "--table", "inet a; flush ruleset").code == 2
    assert typed("blocklist", "--timeout", "1h } ; flush").code == 2
