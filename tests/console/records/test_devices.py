"""Devices on the pages."""

from __future__ import annotations

from tests.console.conftest import House, Seat
from tests.pki.authorities import authority


def test_an_authority_is_believed(house: House, alice: Seat) -> None:
    """Added by its certificate, and no longer believed."""
    issuer = authority(now=house.playground.wall_clock())
    form = {"name": "mdm", "certificate": issuer.certificate}
    page = alice.send("/device-authorities/new", form, of="/device-authorities/new")
    assert page.status == 200 and "mdm" in alice.see("/device-authorities").text, page.text
    form = {"crl_urls": "http://pki.corp/a.crl\n", "ocsp": "http://ocsp.corp/\n", "ocsp_soft": "yes"}
    page = alice.send("/device-authorities/mdm", form, of="/device-authorities/mdm")
    assert page.status == 200, page.text
    [kept] = house.call("GET", "/device-authorities")
    assert (kept["crl_urls"], kept["ocsp"], kept["ocsp_soft"]) == (["http://pki.corp/a.crl"], ["http://ocsp.corp/"], True)
    assert "http://ocsp.corp/" in alice.see("/device-authorities/mdm").text.partition("<textarea")[2]
    form = {"crl_urls": "", "ocsp": "", "ocsp_soft": "no"}
    assert alice.send("/device-authorities/mdm", form, of="/device-authorities/mdm").status == 200
    [kept] = house.call("GET", "/device-authorities")
    assert (kept["crl_urls"], kept["ocsp"], kept["ocsp_soft"]) == ([], [], False), "nobody is asked any more"
    assert alice.send("/device-authorities/mdm/remove", {}, of="/device-authorities/mdm").status == 200
    assert house.call("GET", "/device-authorities") == []
