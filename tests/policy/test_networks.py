"""Whose address it is."""

from __future__ import annotations

import pytest

from appproxy.policy.networks import block_of, network_of, sender_of


@pytest.mark.parametrize(
    ("one", "other", "network", "block"),
    [
        ("2001:db8::1", "2001:db8::ffff", True, True),
        ("2001:db8::1", "2001:db8:0:1::1", False, True),
        ("2001:db8::1", "2001:db8:1::1", False, False),
        ("::ffff:192.0.2.1", "192.0.2.1", True, True),
        ("192.0.2.1", "192.0.2.2", False, False),
        ("unknown", "unknown", True, True),
    ],
)
def test_who_counts_as_one(one: str, other: str, network: bool, block: bool) -> None:
    """An IPv6 user cannot get around a count with other addresses of their own."""
    assert (network_of(one) == network_of(other)) is network
    assert (block_of(one) == block_of(other)) is block


def test_a_site_takes_eight_turns_at_most() -> None:
    """However many of its 65,536 networks it sends from; one network always takes the same, and others take their own."""
    site = {sender_of(f"2001:db8:7:{number:x}::1") for number in range(5000)}
    assert len(site) == 8
    assert sender_of("2001:db8:7:1::1") == sender_of("2001:db8:7:1::2")
    others = {sender_of(address) for address in ("2001:db8:8::1", "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.2", "unknown")}
    assert len(others) == 4 and not site & others and "192.0.2.1" in others


def test_what_is_no_address() -> None:
    """It fills no memory."""
    assert len(network_of("x" * 1000)) == len(block_of("x" * 1000)) == 64
