"""The picture that a node decides with: what of it counts now, and for whom."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from math import inf
from typing import Any

import pytest

from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM
from appproxy.policy.risk.user_risk import UserRisk
from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router
from appproxy.store.snapshot import (
    ConnectorRecord,
    ConnectorState,
    DeviceAuthority,
    Entitlement,
    ProviderRecord,
    RelyingParty,
    RevocationSources,
    RoleAssignment,
    SealingKey,
    ServiceToken,
    Snapshot,
)

WIKI = Application("a1", "wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://wiki/"))


def snapshot(**parts: Any) -> Snapshot:
    """With the wiki and nothing else, but for these parts."""
    whole: dict[str, Any] = {
        "revision": 1, "applications": {"a1": WIKI}, "router": Router([WIKI]), "connectors": {}, "connector_groups": {},
        "providers": {}, "keys": (), "trust_bundle": (), **parts}
    return Snapshot(**whole)


def test_no_secret_is_in_what_is_printed() -> None:
    """As in a traceback, or the log of somebody who looks for a fault."""
    canary = "canary"
    one = snapshot(
        providers={"corp": ProviderRecord("corp", "corp", "https://i", "c", canary, ca_bundle=canary)},
        keys=(SealingKey(1, canary.encode(), 0.0),),
        service_tokens={"t": ServiceToken("t", "t", frozenset(), {canary: inf}, (), {}, 0.0)},
        relying_parties={"r": RelyingParty("r", "r", (), (), {canary: inf}, 0.0)})
    assert canary not in repr(one) and "wiki" in repr(one)


def test_a_group_has_connectors_once_one_is_approved() -> None:
    """Nobody waits for one that an administrator has not let in, or has thrown out."""
    states = {"new": ConnectorState.PENDING, "old": ConnectorState.REVOKED, "good": ConnectorState.APPROVED}
    one = snapshot(connectors={name: ConnectorRecord(name, name, name, state, 0.0) for name, state in states.items()})
    assert [one.has_connectors(group) for group in ("new", "old", "good", "none")] == [False, False, True, False]


def test_when_an_assignment_ends_next() -> None:
    """Of those that end by themselves, and have not yet."""
    one = snapshot(applications={
        "a1": replace(WIKI, ending_users=(("ann", 5.0), ("bob", 9.0))),
        "a2": replace(WIKI, ending_groups=(("staff", 7.0),)), "a3": WIKI})
    assert [one.next_end(now) for now in (0.0, 5.0, 7.0, 9.0)] == [5.0, 7.0, 9.0, inf]


def test_what_is_held_against_a_user() -> None:
    """Until it has faded, and of this provider's user alone."""
    one = snapshot(user_risks={("corp", "ann"): UserRisk(20.0, 10.0)})
    assert [one.user_risk("corp", "ann", now) for now in (0.0, 10.0, 20.0)] == [HIGH, MEDIUM, LOW]
    assert one.user_risk("other", "ann", 0.0) == one.user_risk("corp", "bob", 0.0) == LOW


def test_a_service_token_is_taken_from_its_networks() -> None:
    """From everywhere where it names none; an address that cannot be read is in none."""
    token = ServiceToken("t", "t", frozenset(), {}, (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), {}, 0.0)
    addresses = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "198.51.100.7", "", "unix"]
    assert [token.takes(one) for one in addresses] == [True, True, True, False, False, False]
    assert all(replace(token, networks=()).takes(one) for one in addresses)


@pytest.mark.parametrize(("expires", "holds"), [(0.0, True), (11.0, True), (10.0, False), (9.0, False)])
def test_a_role_and_the_right_to_ask_for_one_end(expires: float, holds: bool) -> None:
    """At their moment, and not at the next look; without an end they are for good."""
    role = RoleAssignment("r", "reader", "corp", "user", "ann", "", 0.0, expires)
    right = Entitlement("e", "reader", "corp", "user", "ann", "", 60.0, False, 0.0, expires)
    assert role.holds(10.0) is right.holds(10.0) is holds


def test_a_role_that_is_asked_for_ends_with_the_right_to_ask() -> None:
    """Nobody keeps it for longer by asking just before."""
    right = Entitlement("e", "reader", "corp", "user", "ann", "", 60.0, True, 0.0, 100.0)
    assert (right.reach(10.0), right.reach(70.0), replace(right, expires=0.0).reach(70.0)) == (60.0, 30.0, 60.0)
    assert right.holder == ("corp", "user", "ann")


class TestDeviceAuthority:
    """What policies believe of an authority's lists and responders."""

    def test_without_lists_its_certificates_count(self) -> None:
        """That it has none was an administrator's decision."""
        assert DeviceAuthority("corp", ()).trusted.until == inf

    def test_the_list_that_ends_first_counts(self) -> None:
        """Devices of any of its issuers count no longer then: nobody knows which of them are revoked."""
        one = DeviceAuthority("corp", (), {"root": 9.0, "sub": 5.0}, frozenset({"x"}))
        assert (one.trusted.until, one.trusted.revoked) == (5.0, {"x"})

    def test_before_the_first_list_has_come_nothing_counts(self) -> None:
        """Where lists are fetched. Where a responder is asked in their place, its answers count."""
        fetched = DeviceAuthority("corp", (), sources=RevocationSources(crl_urls=("http://x",)))
        asked = DeviceAuthority("corp", (), sources=RevocationSources(ocsp=("http://x",)), answers={"c": 5.0})
        assert (fetched.trusted.until, asked.trusted.until) == (0.0, inf)

    def test_a_silent_responder(self) -> None:
        """Without an answer a device does not count, unless an administrator has said that it may."""
        hard = DeviceAuthority("corp", (), sources=RevocationSources(ocsp=("http://x",)), answers={"c": 5.0})
        soft = replace(hard, sources=RevocationSources(ocsp=("http://x",), ocsp_soft=True))
        assert hard.trusted.answers == {"c": 5.0} and soft.trusted.answers is None
        assert DeviceAuthority("corp", ()).trusted.answers is None


class TestProvider:
    """What follows from a provider's settings."""

    def test_addresses(self) -> None:
        """Metadata are below the issuer, with or without a slash at its end, unless a URL is given."""
        one = ProviderRecord("corp", "corp", "https://i.example/", "c", "s")
        assert one.discovery_url == "https://i.example/.well-known/openid-configuration"
        given = replace(one, settings=replace(one.settings, discovery_url="https://other.example/x"))
        assert given.discovery_url == "https://other.example/x"
        own = replace(one, settings=replace(one.settings, redirect_uri="own"))
        assert (replace(one, settings=replace(one.settings, redirect_uri="shared")).callback_path, own.callback_path) == (
            "/callback", "/callback/corp")

    def test_idle_sessions(self) -> None:
        """0 minutes is no limit, and not a session that ends at once."""
        one = ProviderRecord("corp", "corp", "https://i.example", "c", "s", idle_minutes=2.0)
        assert (one.idle, replace(one, idle_minutes=0.0).idle) == (120.0, inf)

    def test_one_that_needs_no_key_publishes_none(self) -> None:
        """A client with a secret."""
        one = ProviderRecord("corp", "corp", "https://i.example", "c", "s")
        assert one.key_set(0.0) is None and one.tls_credential(0.0) is None
