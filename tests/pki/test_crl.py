"""Lists of revoked certificates: what is read of them, and which are refused."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from appproxy.errors import ConfigError
from appproxy.pki.crl import _check, certificate_id, issuer_id, read_lists
from tests.pki.chains import CLIENT, DAY, NOW, crl, make

ROOT = make("Device Root", authority=True)
TWIN = make("Device Root", authority=True)
ONE, TWO = (make(name, ROOT, extensions=(CLIENT,)) for name in ("one", "two"))
KNOWN = (ROOT.certificate,)


class _Old:
    """What `cryptography` no longer makes: a list with a broken signature, and one without an end."""

    issuer = ROOT.certificate.subject
    signature_hash_algorithm: object = SHA256()
    extensions: tuple[object, ...] = ()
    next_update_utc: object = None


def test_lists_that_nobody_makes_any_more() -> None:
    """Signed with SHA-1, or without an end: whoever could forge or keep one back could hide a revocation."""
    endless, broken = _Old(), _Old()
    broken.signature_hash_algorithm = SHA1()
    for found, said in ((endless, "does not say until when it counts"), (broken, "signed with SHA1")):
        with pytest.raises(ConfigError, match=said):
            _check(found, NOW)  # type: ignore[arg-type]


def test_what_is_in_one() -> None:
    """The revoked certificates, by the issuer's key and their numbers; and until when the list counts."""
    found = read_lists(crl(ROOT, ONE), KNOWN, NOW)
    assert found.revoked == {certificate_id(ONE.certificate, ROOT.certificate)}
    assert certificate_id(TWO.certificate, ROOT.certificate) not in found.revoked
    assert list(found.until) == [issuer_id(ROOT.certificate)]
    assert found.until[issuer_id(ROOT.certificate)] == pytest.approx(NOW + DAY, abs=1.0)


@pytest.mark.parametrize(("pem", "said"), [
    ("nothing", "no PEM list"),
    ("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----", "not a readable list"),
    (crl(TWIN, ONE), "none of the authority's certificates has signed"),
    (crl(ROOT, ends=NOW - 60), "has ended"),
    (crl(ROOT, critical=x509.DeltaCRLIndicator(1)), "only a part"),
    (crl(ROOT, critical=x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier("http://ca.example/part1.crl")], relative_name=None,
        only_contains_user_certs=False, only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
        only_contains_attribute_certs=False)), "only a part"),
    (crl(ROOT) * 21, "too many"),
    ("x" * 700_001, "too many"),
], ids=["none", "rubbish", "signed by a twin", "ended", "delta", "partition", "many lists", "large"])
def test_what_is_refused(pem: str, said: str) -> None:
    """With what is wrong: a list that is not whole, new and signed would let in what is revoked."""
    with pytest.raises(ConfigError, match=f"^crl: .*{said}"):
        read_lists(pem, KNOWN, NOW)
