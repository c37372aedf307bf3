"""Certificates and nodes on the pages."""

from __future__ import annotations

from tests.console.conftest import House, Seat
from tests.pki.authorities import authority, server


def test_certificates(house: House, alice: Seat) -> None:
    """Until when each holds and what it answers for; what is not ordered cannot be renewed here."""
    now = house.playground.wall_clock()
    issuer = authority(now=now)
    made = server(issuer, "wiki.example.org", now=now)
    house.call("POST", "/certificates", {
        "name": "for wiki", "certificate": made.certificate, "key": made.key, "authority": issuer.certificate})
    text = alice.see("/certificates").text
    assert "for wiki" in text and "wiki.example.org" in text and "Default certificate ends" in text
    (one,) = house.call("GET", "/certificates")
    assert alice.send(f"/certificates/{one['id']}/renew", {}, of="/certificates").status == 422
    assert house.seat("rita").send(f"/certificates/{one['id']}/renew", {}).status == 403
    assert made.key not in text and "PRIVATE KEY" not in text
    house.call("DELETE", "/certificates/for%20wiki")


def test_nodes(house: House, alice: Seat) -> None:
    """Which there are, and what the one that answers says of itself; one that is there is not forgotten."""
    text = alice.see("/nodes").text
    (node,) = house.call("GET", "/nodes")
    assert node["name"] in text and "active" in text and "Open files" in text and "Forget" not in text
    assert alice.send(f"/nodes/{node['id']}/forget", {}).status in (409, 422)
    assert house.seat("rita").send(f"/nodes/{node['id']}/forget", {}).status == 403
