"""Chains of certificates as admins get them, and as they go wrong."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from OpenSSL.crypto import X509, PKey

NOW = datetime.now(UTC).timestamp()
DAY = 86_400.0
_serials = count(1000)


@dataclass(frozen=True)
class Made:
    """A certificate with its key, and who issued it."""

    certificate: x509.Certificate
    private: Any = field(repr=False)

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key(self) -> str:
        """Its private key."""
        pem: bytes = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()


def usage(digital_signature: bool, key_cert_sign: bool) -> x509.KeyUsage:
    """The two that matter here."""
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=False, key_encipherment=True, data_encipherment=False,
        key_agreement=False, key_cert_sign=key_cert_sign, crl_sign=False, encipher_only=False, decipher_only=False)


def make(
    subject: str, issuer: Made | None = None, *, names: tuple[str, ...] = (), authority: bool = False, private: Any = None,
    begins: float = NOW - DAY, ends: float = NOW + 90 * DAY, digest: str = "",
    extensions: tuple[x509.ExtensionType, ...] = (), below: int | None = None,
) -> Made:
    """A certificate; self-signed without an issuer. `below`: how many authorities there may be below this one."""
    private = private or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(private.public_key()).serial_number(next(_serials))
        .not_valid_before(datetime.fromtimestamp(begins, UTC)).not_valid_after(datetime.fromtimestamp(ends, UTC))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=below), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = issuer.private if issuer else private
    made = builder.sign(signer, SHA256())
    if digest:
        # cryptography no longer signs with what is broken; OpenSSL still does.
        resigned = X509.from_cryptography(made)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            resigned.sign(PKey.from_cryptography_key(signer), digest)
        made = resigned.to_cryptography()
    return Made(made, private)


ROOT = make("Test Root", authority=True, ends=NOW + 3650 * DAY, extensions=(usage(False, True),))
BETWEEN = make("Test Intermediate", ROOT, authority=True, ends=NOW + 1000 * DAY)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
ISSUER_AT = x509.AuthorityInformationAccess([
    x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/between.crt"))])


def crl(
    issuer: Made, *revoked: Made, ends: float = NOW + DAY, critical: x509.ExtensionType | None = None,
    number: int | None = None, begins: float | None = None,
) -> str:
    """A list of revoked certificates (PEM)."""
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        .last_update(datetime.fromtimestamp(min(NOW, ends) - DAY if begins is None else begins, UTC))
        .next_update(datetime.fromtimestamp(ends, UTC)))
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
            .revocation_date(datetime.fromtimestamp(NOW - DAY, UTC)).build())
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    return builder.sign(issuer.private, SHA256()).public_bytes(Encoding.PEM).decode()


def large_crl(issuer: Made, serials: Iterable[int], ends: float = NOW + DAY) -> bytes:
    """A list with very many entries (DER), of version 2 and with reasons, as authorities of the web have them (RFC 5280
    section 5.1). `cryptography` needs a square of the time for it.
    """
    moment = f"{datetime.fromtimestamp(NOW - DAY, UTC):%y%m%d%H%M%SZ}".encode()
    reason = bytes.fromhex("300c300a0603551d1504030a0104")
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    entries = b"".join(
        _der(0x30, _der(2, one.to_bytes(one.bit_length() // 8 + 1, "big")) + _der(0x17, moment) + reason) for one in serials)
    head = b"\x02\x01\x01" + algorithm + issuer.certificate.subject.public_bytes()
    times = _der(0x17, moment) + _der(0x17, f"{datetime.fromtimestamp(ends, UTC):%y%m%d%H%M%SZ}".encode())
    listed = _der(0x30, head + times + _der(0x30, entries))
    return _der(0x30, listed + algorithm + _der(3, b"\0" + issuer.private.sign(listed, ec.ECDSA(SHA256()))))


def _der(tag: int, content: bytes) -> bytes:
    """One value (X.690 section 8.1)."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([128 + (size.bit_length() + 7) // 8]) + size.to_bytes(
        (size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + content


def leaf(*names: str, issuer: Made = BETWEEN, **other: Any) -> Made:
    """A server's certificate for these names, `wiki.example.com` without any."""
    other.setdefault("extensions", (SERVER, usage(True, False), ISSUER_AT))
    return make("server", issuer, names=names or ("wiki.example.com",), **other)


def chain(one: Made) -> str:
    """What an admin gives: the leaf, then its intermediate."""
    return one.pem + BETWEEN.pem
