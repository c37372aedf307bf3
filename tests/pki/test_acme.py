"""Requests, proofs and times of ACME."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.pki import load_chain, new_key
from appproxy.pki.acme import alpn_credential, check_issued, renewal_due, retry_due, server_request
from tests.pki.chains import DAY, NOW, chain, leaf

KEY = new_key()
CHANCE = st.floats(0, 1, exclude_max=True)


def test_a_request_names_the_hosts_and_nothing_else() -> None:
    """The authority learns whom it is for, and that we have the key."""
    request = x509.load_pem_x509_csr(server_request(KEY, ["a.example.com", "b.example.com"]).encode())
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example.com", "b.example.com"]
    assert list(request.subject) == [] and request.is_signature_valid


def test_what_was_not_ordered_is_not_served() -> None:
    """Another's key, or a host left out: the old certificate is better."""
    made = leaf("a.example.com", "b.example.com")
    assert check_issued(chain(made), made.key, ["b.example.com"]).certificate == chain(made)
    with pytest.raises(ConfigError, match="another key"):
        check_issued(chain(made), KEY, ["a.example.com"])
    with pytest.raises(ConfigError, match=r"not for c\.example\.com"):
        check_issued(chain(made), made.key, ["a.example.com", "c.example.com"])
    with pytest.raises(ConfigError, match="no PEM certificate"):
        check_issued("<html>", made.key, ["a.example.com"])


def test_the_proof_is_what_rfc_8737_says() -> None:
    """One name, and the digest of the key authorization in a critical extension."""
    made = alpn_credential("a.example.com", "token.thumbprint", NOW, b"\xff" * 16)
    (certificate,) = load_chain(made.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["a.example.com"]
    proof = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31"))
    assert isinstance(proof.value, x509.UnrecognizedExtension)
    assert proof.critical and proof.value.value == b"\x04\x20" + sha256(b"token.thumbprint").digest()
    assert certificate.not_valid_before_utc.timestamp() < NOW < certificate.not_valid_after_utc.timestamp()
    certificate.verify_directly_issued_by(certificate)
    assert "PRIVATE" not in repr(made)


@given(st.floats(1, 400 * DAY), CHANCE)
def test_renewal_begins_with_a_third_left(life: float, chance: float) -> None:
    """Spread over a fiftieth of the life, so that many certificates of one day are not renewed at one moment."""
    assert 0.3133 < 1 - renewal_due(0, life, chance) / life < 0.3334
    assert renewal_due(0, 90 * DAY, 0) == pytest.approx(60 * DAY)


@given(st.integers(1, 10_000), CHANCE)
def test_failures_are_followed_by_longer_pauses(failures: int, chance: float) -> None:
    """From a quarter of an hour to a day, and a fifth more at the most: never more than five attempts an hour."""
    pause = retry_due(0, failures, chance)
    assert 900 <= pause <= 86_400 * 1.2
    assert retry_due(0, failures + 1, 0) >= retry_due(0, failures, 0)
    assert retry_due(0, 1, 0) == 900 and retry_due(0, 2, 0) == 1800 and retry_due(0, 50, 0) == 86_400
