"""Certificates on the pages."""

from __future__ import annotations

from tests.console.conftest import House, Seat
from tests.pki.authorities import authority, server


def test_one_is_added_replaced_and_removed(house: House, alice: Seat) -> None:
    """Its key is never shown; one that ends soon is replaced in its place; what is not ordered has no button to order it."""
    now = house.playground.wall_clock()
    issuer = authority(now=now)
    one, other = server(issuer, "wiki.example.org", now=now), server(issuer, "wiki.example.org", now=now)
    form = {"name": "for wiki", "certificate": one.certificate, "key": one.key, "authority": issuer.certificate}
    page = alice.send("/certificates/new", form, of="/certificates/new")
    assert page.status == 200 and "PRIVATE KEY" not in page.text and "Renew now" not in page.text, page.text
    (made,) = house.call("GET", "/certificates")
    path = f"/certificates/{made['id']}"
    new = {"certificate": other.certificate, "key": other.key, "authority": issuer.certificate}
    assert alice.send(f"{path}/replace", {**new, "key": "no key"}, of=path).status == 422
    assert alice.send(f"{path}/replace", new, of=path).status == 200
    assert house.call("GET", "/certificates")[0]["serial"] != made["serial"]
    assert alice.send(f"{path}/remove", {}, of=path).status == 200 and house.call("GET", "/certificates") == []


def test_an_authority_is_chosen(house: House, alice: Seat) -> None:
    """Its terms have to be agreed to; what is wrong is said in the form that was sent, with what was typed."""
    form = {"directory": "https://acme.example.org/directory", "contacts": "ops@example.org"}
    refused = alice.send("/certificates/authority", {**form, "agree_terms": "no"}, of="/certificates")
    assert refused.status == 422 and "https://acme.example.org/directory" in refused.text
    assert '<details class="act" open' in refused.text
    assert alice.send("/certificates/authority", {**form, "agree_terms": "yes"}, of="/certificates").status == 200
    assert "https://acme.example.org/directory" in alice.see("/certificates").text


def test_the_authority_that_browsers_import(house: House, alice: Seat) -> None:
    """Is taken away as a file, where the service made its own."""
    assert 'href="/trust-anchor.pem"' in alice.see("/certificates").text
    file = alice.see("/trust-anchor.pem")
    assert file.status == 200 and file.text == house.call("GET", "/trust-anchor")["certificate"]
    assert 'filename="trust-anchor.pem"' in str(file.headers)
