"""Who has signed a list: the same as the library says, for every kind of key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from appproxy.pki.pem import UNREADABLE
from appproxy.pki.revocation.crl_signature import has_signed
from tests.pki.chains import DAY, NOW, large_crl, make

RSA = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Device Root")])
PSS = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
KEYS: list[tuple[Any, Any, Any]] = [
    (ec.generate_private_key(ec.SECP256R1()), SHA256(), None), (ec.generate_private_key(ec.SECP384R1()), SHA384(), None),
    (RSA, SHA256(), None), (RSA, SHA512(), None), (RSA, SHA256(), PSS), (ed25519.Ed25519PrivateKey.generate(), None, None)]
IDS = ["P-256", "P-384", "RSA", "RSA-512", "PSS", "Ed25519"]


def listed(key: Any, digest: Any, how: Any) -> bytes:
    """A list that this key has signed."""
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(NAME).last_update(datetime.fromtimestamp(NOW - DAY, UTC))
        .next_update(datetime.fromtimestamp(NOW + DAY, UTC)).add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(7).revocation_date(datetime.fromtimestamp(NOW, UTC)).build()))
    more = {} if how is None else {"rsa_padding": how}
    return builder.sign(key, digest, **more).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("key", "digest", "how"), KEYS, ids=IDS)
def test_the_same_as_the_library(key: Any, digest: Any, how: Any) -> None:
    """Of this key and of every other one; and with each bit of some bytes turned round, where it can still be read."""
    der = listed(key, digest, how)
    found = x509.load_der_x509_crl(der)
    for other, _, _ in KEYS:
        expected = found.is_signature_valid(other.public_key())
        assert has_signed(other.public_key(), found, der) is expected is (other is key)
    refused = 0
    for at in range(0, len(der), 3):
        changed = der[:at] + bytes([der[at] ^ 1]) + der[at + 1:]
        try:
            read = x509.load_der_x509_crl(changed)
        except UNREADABLE:
            continue
        assert not has_signed(key.public_key(), read, changed), at
        refused += 1
    assert refused > 20


def test_another_algorithm_inside() -> None:
    """Is refused when it is read: what is counted on here."""
    der = listed(KEYS[0][0], SHA256(), None)
    named = bytes.fromhex("300a06082a8648ce3d040302")
    assert der.count(named) == 2
    other, last = named[:-1] + b"\x03", der.rindex(named)
    for changed in (der.replace(named, other, 1), der[:last] + other + der[last + len(named):]):
        with pytest.raises(ValueError, match="algorithms do not match"):
            x509.load_der_x509_crl(changed)


def test_a_large_one() -> None:
    """Lengths of several bytes."""
    root, twin = (make("Device Root", authority=True) for _ in range(2))
    der = large_crl(root, range(1, 20_000))
    found = x509.load_der_x509_crl(der)
    assert has_signed(root.private.public_key(), found, der) and found.is_signature_valid(root.private.public_key())
    assert not has_signed(twin.private.public_key(), found, der)
