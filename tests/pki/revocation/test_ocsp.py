"""Questions to responders, and which of their answers are believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.pki.revocation.ocsp import LONGEST, SHORTEST, question, read_answer, responders_of
from tests.pki.chains import CLIENT, DAY, NOW, Made, make

SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
ROOT = make("Device Root", authority=True)
TWIN = make("Device Root", authority=True)
LAPTOP = make("laptop-7", ROOT, extensions=(CLIENT,))
OTHER = make("laptop-8", ROOT, extensions=(CLIENT,))
SIGNER = make("Responder", ROOT, extensions=(SIGNING,))
NONCE = bytes(range(32))
GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN


def moment(seconds: float) -> datetime:
    """As the library wants it."""
    return datetime.fromtimestamp(seconds, UTC)


def answer(
    about: Made = LAPTOP, status: Any = GOOD, *, issuer: Made = ROOT, signer: Made = ROOT, begins: float = NOW - 60,
    ends: float | None = NOW + 3600, nonce: bytes | None = NONCE, algorithm: Any = SHA1, digest: Any = SHA256,
    shown: tuple[Made, ...] = (), by: Any = ocsp.OCSPResponderEncoding.HASH,
) -> bytes:
    """An answer of a responder."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about.certificate, issuer=issuer.certificate, algorithm=algorithm(), cert_status=status,
        this_update=moment(begins), next_update=None if ends is None else moment(ends),
        revocation_time=moment(begins) if status is REVOKED else None, revocation_reason=None,
    ).responder_id(by, signer.certificate)
    if shown:
        builder = builder.certificates([one.certificate for one in shown])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.sign(signer.private, digest()).public_bytes(Encoding.DER)


def read(data: bytes, about: Made = LAPTOP, issuer: Made = ROOT) -> Any:
    """What is believed."""
    return read_answer(data, issuer.certificate, about.certificate.serial_number, NONCE, NOW)


def test_a_question() -> None:
    """Is about one certificate of one issuer, with a nonce."""
    made = ocsp.load_der_ocsp_request(question(ROOT.certificate, 7, NONCE))
    wanted = ocsp.load_der_ocsp_request(ocsp.OCSPRequestBuilder().add_certificate(
        LAPTOP.certificate, ROOT.certificate, SHA1()).build().public_bytes(Encoding.DER))
    assert (made.serial_number, made.issuer_name_hash, made.issuer_key_hash) == (
        7, wanted.issuer_name_hash, wanted.issuer_key_hash)
    assert made.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE


@pytest.mark.parametrize("more", [
    {}, {"signer": SIGNER, "shown": (SIGNER,)}, {"nonce": None}, {"algorithm": SHA256}, {"digest": SHA384},
    {"signer": SIGNER, "shown": (OTHER, SIGNER), "by": ocsp.OCSPResponderEncoding.NAME},
], ids=["the issuer", "delegated", "no nonce", "SHA-256", "SHA-384", "by name"])
def test_what_is_believed(more: dict[str, Any]) -> None:
    """Signed by the issuer, or by whom it has certified for that."""
    for status in (GOOD, REVOKED):
        found = read(answer(status=status, **more))
        assert (found.is_revoked, found.until) == (status is REVOKED, pytest.approx(NOW + 3600, abs=1.0))


def test_every_kind_of_key() -> None:
    """RSA as well as EC, of the issuer as of the certificate."""
    root = make("RSA", authority=True, private=rsa.generate_private_key(65537, 2048))
    leaf = make("x", root, extensions=(CLIENT,))
    assert not read(answer(leaf, issuer=root, signer=root), leaf, root).is_revoked


def test_until_when() -> None:
    """One that does not say it counts for five minutes from its time, and none for more than a day."""
    assert read(answer(ends=None)).until == pytest.approx(NOW - 60 + SHORTEST, abs=1.0)
    assert read(answer(ends=NOW + 30 * DAY)).until == pytest.approx(NOW + LONGEST, abs=1.0)


NO_USE = make("Responder", ROOT)
ENDED = make("Responder", ROOT, extensions=(SIGNING,), ends=NOW - 60, begins=NOW - DAY)
LATER = make("Responder", ROOT, extensions=(SIGNING,), begins=NOW + 60)
STRANGER = make("Responder", TWIN, extensions=(SIGNING,))
BELOW = make("Responder", make("Between", ROOT, authority=True), extensions=(SIGNING,))


@pytest.mark.parametrize(("data", "said"), [
    (answer(signer=TWIN), "neither the issuer"), (answer(signer=NO_USE, shown=(NO_USE,)), "neither the issuer"),
    (answer(signer=ENDED, shown=(ENDED,)), "neither the issuer"),
    (answer(signer=LATER, shown=(LATER,)), "neither the issuer"),
    (answer(signer=STRANGER, shown=(STRANGER,)), "neither the issuer"),
    (answer(signer=BELOW, shown=(BELOW,)), "neither the issuer"),
    (answer(signer=SIGNER), "neither the issuer"), (answer(signer=LAPTOP, shown=(LAPTOP,)), "neither the issuer"),
    (answer(signer=SIGNER, shown=(OTHER, OTHER, OTHER, OTHER, SIGNER)), "neither the issuer"),
    (answer(OTHER), "another certificate"), (answer(issuer=TWIN), "another certificate"),
    (answer(nonce=b"x" * 32), "nonce is not ours"), (answer(ends=NOW - 1), "has ended"),
    (answer(begins=NOW + 600), "time to come"), (answer(status=UNKNOWN), "does not know the certificate"),
    (answer(ends=None, begins=NOW - 400), "has ended"), (answer(algorithm=SHA384), "another certificate"),
    (ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
     "says try later"),
    (b"", "not a readable answer"), (answer()[:-9], "not a readable answer"), (b"\x30" * 70_000, "too many"),
])
def test_what_is_not_believed(data: bytes, said: str) -> None:
    """With what is wrong. None of it says that a certificate is good."""
    with pytest.raises(ConfigError, match=f"^ocsp: .*{said}"):
        read(data)


@given(st.integers(0, len(answer()) - 1), st.integers(1, 255))
def test_an_answer_that_was_touched(at: int, change: int) -> None:
    """One other bit anywhere, and it says nothing, or the very same: what stands around the signature is not looked at."""
    data = bytearray(TOUCHED)
    data[at % len(TOUCHED)] ^= change
    try:
        found = read(bytes(data))
    except ConfigError:
        return
    assert found == read(TOUCHED)


TOUCHED = answer()


def test_which_responders_a_certificate_names() -> None:
    """Only those of OCSP, and only URLs."""
    access = x509.AuthorityInformationAccess([
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://o.example/")),
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.DNSName("o.example")),
        x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://c/")),
    ])
    assert responders_of(make("x", ROOT, extensions=(access,)).certificate) == ("http://o.example/",)
    assert responders_of(LAPTOP.certificate) == ()
