"""Authorities and certificates for tests, valid at the moment of the test run, because OpenSSL looks at the real clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as OID

from appproxy.pki import (
    Credential,
    certificate_request,
    create_authority,
    issue_connector,
    issue_server,
    load_chain,
    load_key,
    new_key,
    public_key_from_request,
)

NOW = datetime.now(UTC).timestamp()
DAY = 86_400.0
CONNECT = "connect.example.com"

_numbers = count(1)


def number() -> bytes:
    """A serial number that no other certificate of the run has."""
    return next(_numbers).to_bytes(16, "big")


def authority(name: str = "appproxy connectors", now: float = NOW) -> Credential:
    """A new trust anchor."""
    return create_authority(name, now, serial=number())


def connector(of: Credential, id: str = "c0ffee", now: float = NOW, days: int = 365) -> Credential:
    """A connector's certificate and key."""
    key = new_key()
    public = public_key_from_request(certificate_request(key))
    return Credential(issue_connector(of, public, id, now, days, number()), key)


def server(of: Credential, *names: str, now: float = NOW, days: int = 90) -> Credential:
    """A server's chain and key."""
    return issue_server(of, names or (CONNECT,), now, days, number())


def unreadable(of: Credential) -> Credential:
    """A certificate of this authority whose names are none (an x400Address of no content), and its key."""
    key = new_key()
    anchor, private = load_chain(of.certificate)[0], load_key(key)
    now = datetime.fromtimestamp(NOW, UTC)
    made = (
        x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(anchor.subject).public_key(private.public_key())
        .serial_number(4712).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        .add_extension(x509.ExtendedKeyUsage([OID.SERVER_AUTH]), critical=False)
        .add_extension(x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x02\xa3\x00"), critical=False)
        .sign(load_key(of.key), SHA256())
    )
    return Credential(made.public_bytes(Encoding.PEM).decode() + of.certificate, key)


#: Made 500 days ago, so that certificates below it can have expired.
OURS = authority(now=NOW - 500 * DAY)
OTHERS = authority("another service", now=NOW - 500 * DAY)
SERVICE = server(OURS)
CONNECTOR = connector(OURS)
