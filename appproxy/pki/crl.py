"""Lists of revoked certificates (CRLs, RFC 5280 section 5), read once and kept as what they come to.

Only whole lists that one of the authority's own certificates has signed are read. What a part of a list leaves out would be
taken for good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appproxy.errors import ConfigError
from appproxy.pki.pem import UNREADABLE

#: Characters of all lists of an authority, as PEM: some 15,000 revoked certificates, and what the admin API takes.
LARGEST_LISTS = 700_000
#: Lists of one authority: one for each of its certificates.
_MOST_LISTS = 20
_LIST = re.compile(r"-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----")


@dataclass(frozen=True, slots=True)
class Revocations:
    """What lists say. `until`: for each issuer (`issuer_id`), when its list ends, in seconds since 1970; `revoked`: the
    certificates (`certificate_id`) that are in one.
    """

    until: Mapping[str, float]
    revoked: frozenset[str]


def issuer_id(issuer: x509.Certificate) -> str:
    """An authority's certificate by its key, so that a renewed one is the same: 32 hex digits."""
    return _digits(_key(issuer))


def certificate_id(certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    """A certificate by its issuer's key and its number, as lists name it: 32 hex digits."""
    return _numbered(issuer, certificate.serial_number)


def read_lists(pem: str, authority: Sequence[x509.Certificate], now: float) -> Revocations:
    """All lists of a PEM text, which certificates of the authority have signed. `now`: seconds since 1970.

    Raises ConfigError, which begins with `crl`.
    """
    if len(pem) > LARGEST_LISTS:
        raise ConfigError(f"crl: {len(pem)} characters are too many", hint=f"{LARGEST_LISTS} are possible")
    pieces = _LIST.findall(pem)
    if not pieces:
        raise ConfigError("crl: no PEM list in it (-----BEGIN X509 CRL-----)",
                          hint="make PEM of another form: openssl crl -inform DER -in FILE")
    if len(pieces) > _MOST_LISTS:
        raise ConfigError(f"crl: {len(pieces)} lists are too many", hint=f"{_MOST_LISTS} are possible")
    until: dict[str, float] = {}
    revoked: set[str] = set()
    try:
        for piece in pieces:
            found = x509.load_pem_x509_crl(piece.encode())
            issuer = _issuer(found, authority)
            _check(found, now)
            until[issuer_id(issuer)] = _ends(found)
            # What is on hold counts as revoked as long as the list says so.
            revoked.update(_numbered(issuer, one.serial_number) for one in found)
    except UNREADABLE as error:
        raise ConfigError(f"crl: not a readable list ({error})") from error
    return Revocations(until, frozenset(revoked))


def _issuer(found: x509.CertificateRevocationList, authority: Sequence[x509.Certificate]) -> x509.Certificate:
    for one in authority:
        key = one.public_key()
        if (one.subject == found.issuer and isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
                                                       | rsa.RSAPublicKey) and found.is_signature_valid(key)):
            return one
    raise ConfigError(f"crl: none of the authority's certificates has signed the list of {found.issuer.rfc4514_string()}",
                      hint="give the certificate of its issuer among the authority's")


def _check(found: x509.CertificateRevocationList, now: float) -> None:
    issuer = found.issuer.rfc4514_string()
    if isinstance(found.signature_hash_algorithm, SHA1 | MD5):
        raise ConfigError(f"crl: the list of {issuer} is signed with {found.signature_hash_algorithm.name.upper()}",
                          hint="have it signed with SHA-256")
    critical = [one.oid.dotted_string for one in found.extensions if one.critical]
    if critical:
        raise ConfigError(f"crl: the list of {issuer} is only a part of one (critical extension {critical[0]})",
                          hint="give the whole list, neither a delta nor an indirect one")
    if _ends(found) <= now:
        raise ConfigError(f"crl: the list of {issuer} has ended", hint="give the newest one")


def _ends(found: x509.CertificateRevocationList) -> float:
    """Raises ConfigError for a list without end: nobody could tell that it is an old one."""
    ends = found.next_update_utc
    if ends is None:
        raise ConfigError(f"crl: the list of {found.issuer.rfc4514_string()} does not say until when it counts",
                          hint="have it issued with nextUpdate")
    return ends.timestamp()


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _numbered(issuer: x509.Certificate, serial: int) -> str:
    # The key has its own length in front, so that no two pairs come to the same bytes.
    return _digits(_key(issuer) + serial.to_bytes((serial.bit_length() + 8) // 8, "big", signed=True))


def _digits(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
