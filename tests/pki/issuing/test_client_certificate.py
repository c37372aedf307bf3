"""Key pairs of our client at identity providers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from appproxy.errors import ConfigError
from appproxy.pki.issuing.client_certificate import check_client_credential, new_client_credential
from appproxy.pki.pem import load_chain, load_key

NOW = 1_800_000_000.0


@pytest.mark.parametrize(("type", "kind"), [("EC", ec.EllipticCurvePrivateKey), ("RSA", rsa.RSAPrivateKey)])
def test_one_of_our_making(type: str, kind: type) -> None:
    """For clients in TLS only, in force at once, and of its own key."""
    made = new_client_credential(type, "the client", NOW, b"\xff" * 16)
    assert isinstance(load_key(made.key), kind) and check_client_credential(made.certificate, made.key) == type
    [certificate] = load_chain(made.certificate)
    assert certificate.subject == certificate.issuer and "the client" in certificate.subject.rfc4514_string()
    assert certificate.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC) < certificate.not_valid_after_utc
    usages = [one.value for one in certificate.extensions if one.oid.dotted_string == "2.5.29.37"]
    assert [*usages[0]] == [ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate.verify_directly_issued_by(certificate)
    assert new_client_credential(type, "x", NOW, b"\xff" * 16).key != made.key


def test_a_key_of_another_certificate() -> None:
    """And what is neither."""
    one, other = (new_client_credential("EC", "x", NOW, b"\x01" * 16) for _ in range(2))
    for certificate, key, name in ((one.certificate, other.key, "tls_key"), ("x", one.key, "tls_certificate"),
                                   (one.certificate, "x", "tls_key")):
        with pytest.raises(ConfigError, match=f"^{name}: "):
            check_client_credential(certificate, key)
