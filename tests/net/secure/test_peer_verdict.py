"""What we make of a peer's certificate."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, cast

import pytest
from cryptography import x509
from OpenSSL.crypto import X509

from appproxy.net.secure.peer_verdict import CertificateRefused, is_address, judge, judge_named, take_any
from tests.pki.chains import make


class Connection:
    """A TLS connection whose protocol remembers why a certificate was refused, unless it cannot."""

    def __init__(self, *, remembers: bool = True) -> None:
        self.reasons: list[CertificateRefused] = []
        if remembers:
            self.certificate_refused = self.reasons.append

    def get_app_data(self) -> Connection:
        return self


def shown(*names: str, address: str = "", extensions: tuple[x509.ExtensionType, ...] = ()) -> X509:
    """A server's certificate for these names, or an address."""
    if address:
        extensions = (x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]),)
    return X509.from_cryptography(make("Server", names=names, extensions=extensions).certificate)


def verdict(wanted: str, certificate: X509, depth: int = 0, ok: int = 1, problem: int = 0) -> tuple[bool, list[str]]:
    """Whether it is believed, and the reasons against it."""
    connection = Connection()
    believed = judge_named(wanted)(cast("Any", connection), certificate, problem, depth, ok)
    return believed, [str(one) for one in connection.reasons]


@pytest.mark.parametrize(("name", "is_one"), [
    ("192.0.2.1", True), ("2001:db8::1", True), ("wiki.example.com", False), ("", False), ("192.0.2", False), ("[::1]",
    False)])
def test_addresses_and_names(name: str, is_one: bool) -> None:
    """A certificate has either at another place."""
    assert is_address(name) is is_one


@pytest.mark.parametrize(("problem", "said"), [
    (9, "it is not valid yet: compare the clocks"), (10, "it has expired"), (18, "it is self-signed"),
    *((number, "its authority is not one that we trust") for number in (19, 20, 21)),
    (26, "it is made for another use (server instead of client, or the reverse)"), (23, "OpenSSL's verification error 23")])
def test_openssl_s_own_verdict(problem: int, said: str) -> None:
    """In words that say what to do; where all is well nothing is said."""
    connection = Connection()
    assert not judge(cast("Any", connection), cast("Any", None), problem, 0, 0)
    assert [str(one) for one in connection.reasons] == [f"the peer's certificate is refused: {said}"]
    assert judge(cast("Any", connection), cast("Any", None), 0, 0, 1) and len(connection.reasons) == 1
    assert not judge(cast("Any", Connection(remembers=False)), cast("Any", None), problem, 0, 0)


def test_where_somebody_else_decides() -> None:
    """Anything is taken."""
    assert take_any(cast("Any", None), cast("Any", None), 20, 0, 0)


@pytest.mark.parametrize(("wanted", "certificate", "said"), [
    ("wiki.example.com", shown("wiki.example.com"), ""), ("WIKI.example.com", shown("wiki.example.com"), ""),
    ("wiki.example.com", shown("a.example.com", "*.example.com"), ""),
    ("wiki.example.com", shown("a.example.com", "b.example.com"),
    "it is for a.example.com, b.example.com, not for wiki.example.com"),
    ("x.wiki.example.com", shown("*.example.com"), "it is for *.example.com, not for x.wiki.example.com"),
    ("Server", shown(), "it is for no name, not for Server"),
    ("192.0.2.1", shown(address="192.0.2.1"), ""),
    ("192.0.2.2", shown(address="192.0.2.1"), "it is for 192.0.2.1, not for 192.0.2.2"),
    ("192.0.2.1", shown("192.0.2.1.example.com"), "it is for 192.0.2.1.example.com, not for 192.0.2.1"),
])
def test_the_leaf_has_to_be_for_the_name(wanted: str, certificate: X509, said: str) -> None:
    """RFC 9525: what its subject is called counts for nothing, and an address is no name."""
    believed, reasons = verdict(wanted, certificate)
    assert believed is (not said) and reasons == ([f"the peer's certificate is refused: {said}"] if said else [])


def test_authorities_above_it_have_other_names() -> None:
    """Theirs are not looked at; what OpenSSL says of them counts."""
    assert verdict("wiki.example.com", shown("ca.example.com"), depth=1) == (True, [])
    believed, (reason,) = verdict("wiki.example.com", shown("wiki.example.com"), ok=0, problem=10)
    assert not believed and reason.endswith("it has expired")


def test_names_that_cannot_be_read() -> None:
    """Are no reason to break in the middle of a handshake."""
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x05a")
    believed, (reason,) = verdict("wiki.example.com", shown(extensions=(broken,)))
    assert not believed and "its names cannot be read" in reason
