"""The authority that says which connectors are ours, and the certificates that it issues (RFC 5280).

All keys are EC P-256: 128 bits of strength, what every TLS library speaks, and the cheapest handshake. Serial numbers
come in as random bytes, so that nothing here draws them; the private keys themselves are drawn by `cryptography`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appproxy.errors import ConfigError
from appproxy.pki.pem import load_chain, load_key

#: A certificate is valid from a day before it was made: a machine whose clock is up to a day slow (the most that we
#: promise to survive) can use it at once. It lends nothing: the key did not exist before.
BACKDATED = timedelta(days=1)

#: What precedes the id of a connector in its certificate, as a URI (RFC 8141 name, under an informal namespace).
CONNECTOR_URN = "urn:appproxy:connector:"

#: A connector id: no character that means anything in a URI, a header field or a log line.
CONNECTOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

#: RFC 5280 section 4.1.2.2: at most 20 octets, positive. 8 random ones are what the browsers' rules ask for.
_SERIAL_BYTES = range(8, 21)

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its private key, both PEM; `certificate` may be a whole chain, leaf first."""

    certificate: str
    key: str = field(repr=False)


def create_authority(
    common_name: str, now: float, years: int = 10, *, serial: bytes, names: Sequence[str] = ()
) -> Credential:
    """Make a new trust anchor, self-signed, that can issue leaves but no further authorities.

    With `names` it can vouch only for those DNS names and what is below them (RFC 5280 section 4.2.1.10): who imports
    it trusts it with that much and no more. An authority of connectors needs none.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begin = datetime.fromtimestamp(now, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(_serial_number(serial))
        .not_valid_before(begin - BACKDATED)
        .not_valid_after(begin + timedelta(days=365.25 * years))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names:
        permitted = [x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return Credential(_pem(builder.sign(key, SHA256())), _key_pem(key))


def issue_connector(
    authority: Credential, public_key_pem: str, connector_id: str, now: float, days: int, serial: bytes
) -> str:
    """The certificate (PEM) of one connector: it may be a TLS client, and its only name is its id.

    `public_key_pem` comes from `public_key_from_request`; nothing else of a request is ever looked at.
    Raises ConfigError when the authority has expired, ValueError for an id that is none.
    """
    if not CONNECTOR_ID.fullmatch(connector_id):
        raise ValueError(f"{connector_id!r} cannot be a connector id")
    public_key = load_pem_public_key(public_key_pem.encode())
    if not isinstance(public_key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise ValueError("a connector's key must be EC, Ed25519 or RSA")
    name = x509.UniformResourceIdentifier(CONNECTOR_URN + connector_id)
    return issue(
        authority, public_key, [name], ExtendedKeyUsageOID.CLIENT_AUTH, f"connector {connector_id}"[:64], now, days, serial)


def issue_server(authority: Credential, names: Sequence[str], now: float, days: int, serial: bytes) -> Credential:
    """A new key and the certificate of a TLS server with these DNS names (`*.example.com` is one).

    The certificate is the chain that the server sends: the leaf, then the anchor, because a connector's first contact
    recognises the anchor by its fingerprint alone. Raises ConfigError when the authority has expired.
    """
    if not names:
        raise ValueError("a server's certificate needs a name")
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [x509.DNSName(name) for name in names]
    leaf = issue(
        authority, key.public_key(), alternatives, ExtendedKeyUsageOID.SERVER_AUTH, names[0][:64], now, days, serial
    )
    return Credential(leaf + _pem(load_chain(authority.certificate)[0]), _key_pem(key))


def issue(
    authority: Credential, public_key: PublicKey, names: Sequence[x509.GeneralName], usage: x509.ObjectIdentifier,
    common_name: str, now: float, days: int, serial: bytes,
) -> str:
    """One leaf (PEM); it never outlives its authority, because TLS would not believe it longer anyway.

    Raises ConfigError when the authority has expired.
    """
    anchor = load_chain(authority.certificate, "authority")[0]
    begin = datetime.fromtimestamp(now, UTC)
    if begin >= anchor.not_valid_after_utc:
        raise ConfigError(f"authority: expired on {anchor.not_valid_after_utc:%Y-%m-%d}", hint="make a new one")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(anchor.subject)
        .public_key(public_key)
        .serial_number(_serial_number(serial))
        .not_valid_before(max(begin - BACKDATED, anchor.not_valid_before_utc))
        .not_valid_after(min(begin + timedelta(days=days), anchor.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_authority_key_identifier(anchor), critical=False)
    )
    signer = load_key(authority.key, "authority")
    return _pem(builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256()))


def _authority_key_identifier(anchor: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = anchor.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=key_cert_sign, crl_sign=crl_sign, encipher_only=False, decipher_only=False,
    )


def _serial_number(serial: bytes) -> int:
    """A positive number that fits 20 octets with its sign bit; never 0."""
    if len(serial) not in _SERIAL_BYTES:
        raise ValueError("a serial number is made of 8 to 20 random bytes")
    return int.from_bytes(serial, "big") & ((1 << (8 * len(serial) - 1)) - 1) or 1


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
