"""One owner's connections are bounded, and keep nobody else's out."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from appproxy.net.secure.crowd import BoundedConnections, subscriber


def test_the_oldest_of_one_owner_goes() -> None:
    """Not the newcomer, and not another owner's."""
    crowd: BoundedConnections[int] = BoundedConnections(2)
    assert [crowd.enter("a", number) for number in range(3)] == [None, None, 0]
    assert crowd.enter("b", 9) is None
    assert (crowd.count("a"), crowd.count("b"), len(crowd)) == (2, 1, 2)


def test_who_leaves_makes_room() -> None:
    """Twice is as once; nothing is kept of owners who have none."""
    crowd: BoundedConnections[int] = BoundedConnections(1)
    crowd.enter("a", 1)
    for _ in range(2):
        crowd.leave("a", 1)
    assert (crowd.count("a"), len(crowd)) == (0, 0)
    assert crowd.enter("a", 2) is None


@pytest.mark.parametrize(("one", "other", "same"), [
    ("2001:db8::1", "2001:db8::ffff:1", True), ("2001:db8::1", "2001:db8:0:1::1", False),
    ("::ffff:192.0.2.7", "192.0.2.7", True), ("192.0.2.7", "192.0.2.8", False),
])
def test_a_subscriber_has_many_addresses(one: str, other: str, same: bool) -> None:
    """Of IPv6 a /64 counts."""
    found = [subscriber((IPv6Address if ":" in host else IPv4Address)("TCP", host, 1)) for host in (one, other)]
    assert (found[0] == found[1]) is same


def test_an_address_that_nobody_knows() -> None:
    """A socket in the file system, or none."""
    assert subscriber(UNIXAddress("/x")) == subscriber(None) == ""
