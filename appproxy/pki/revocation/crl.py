"""Lists of revoked certificates (CRLs, RFC 5280 section 5), read once and kept as what they come to.

Only whole lists that one of the authority's own certificates has signed are read. What a part of a list leaves out would be
taken for good. None takes the place of a newer one: who was revoked since the older one would be let in again.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appproxy.errors import ConfigError
from appproxy.pki.pem import UNREADABLE
from appproxy.pki.revocation.crl_signature import Signer, has_signed
from appproxy.pki.revocation.revoked_ids import SIZE, RevokedIds

#: Characters of all lists that are given for an authority, as PEM: some 15,000 revoked certificates, and what the admin API
#: takes.
LARGEST_LISTS = 700_000
#: Bytes of all lists that are fetched for an authority: some 400,000 revoked certificates as authorities of the web have
#: them (40 bytes each), 800,000 at most; 13 MB of what is kept, and 60 MB while one is read.
LARGEST_FETCHED = 16 << 20
#: Lists of one authority: one for each of its certificates.
_MOST_LISTS = 20
_LIST = re.compile(r"-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----")
#: Bits of a list's number (RFC 5280 section 5.2.3: 20 octets).
_NUMBER_BITS = 160
#: In seconds: a clock of an issuer may be ahead of ours by so much. A list of next year would shut out all until then.
_AHEAD = 3600.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Edition:
    """Which one of its issuer's lists. `number`: its CRL number (RFC 5280 section 5.2.3), None without; `begins`: its
    thisUpdate, in seconds since 1970.
    """

    number: int | None
    begins: float

    def __str__(self) -> str:
        """For people."""
        moment = f"{datetime.fromtimestamp(self.begins, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"of {moment}" if self.number is None else f"number {self.number} of {moment}"

    def is_older(self, other: Edition) -> bool:
        """Is it older than another one of the same issuer? By either mark: neither ever goes back."""
        numbered = self.number is not None and other.number is not None and self.number < other.number
        return numbered or self.begins < other.begins


@dataclass(frozen=True, slots=True)
class Revocations:
    """What lists say. `until`: for each issuer (`issuer_id`), when its list ends, in seconds since 1970; `revoked`: the
    certificates (`certificate_id`) that are in one; `editions`: which list of each issuer it is.
    """

    until: Mapping[str, float]
    revoked: Set[str]
    editions: Mapping[str, Edition] = field(default_factory=dict)


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
    return _read(((x509.load_pem_x509_crl(piece.encode()), b"") for piece in _pieces(pem, LARGEST_LISTS)), authority, now)


def read_fetched(answers: Sequence[bytes], authority: Sequence[x509.Certificate], now: float) -> Revocations:
    """The same of what was fetched: each answer a list as DER, or some as PEM. Up to seconds of work for lists that are large:
    for a thread of its own, which lets others run meanwhile.

    Raises ConfigError, which begins with `crl`.
    """
    size = sum(map(len, answers))
    if size > LARGEST_FETCHED:
        raise ConfigError(f"crl: {size} bytes are too many",
                          hint=f"{LARGEST_FETCHED} are possible for all lists of an authority")
    return _read((one for answer in answers for one in _lists_of(answer)), authority, now)


def _lists_of(answer: bytes) -> Iterator[tuple[x509.CertificateRevocationList, bytes]]:
    """Each with its DER, where it is large."""
    if not answer.strip():
        raise ConfigError("crl: the answer is empty, and so no list")
    if answer.startswith(b"\x30"):
        ders = [answer]
    else:
        # Not those of `cryptography`, which have no DER to be hashed as it came.
        ders = [b64decode("".join(piece.split("-----")[2].split()), validate=True)
                for piece in _pieces(answer.decode("ascii", "replace"), LARGEST_FETCHED)]
    for der in ders:
        yield x509.load_der_x509_crl(der), der if len(der) > LARGEST_LISTS else b""


def _read(
    lists: Iterable[tuple[x509.CertificateRevocationList, bytes]], authority: Sequence[x509.Certificate], now: float
) -> Revocations:
    until: dict[str, float] = {}
    revoked: list[bytes] = []
    editions: dict[str, Edition] = {}
    try:
        for found, der in lists:
            issuer = _issuer(found, authority, der)
            _check(found, now)
            id_ = issuer_id(issuer)
            if id_ in until:
                raise ConfigError(f"crl: there are two lists of {found.issuer.rfc4514_string()}", hint="give the newer one")
            until[id_], editions[id_] = _ends(found), _edition(found)
            # What is on hold counts as revoked as long as the list says so.
            revoked.extend(_serials(found, issuer))
    except UNREADABLE as error:
        raise ConfigError(f"crl: not a readable list ({error})") from error
    return Revocations(until, RevokedIds.sorted_from(revoked), editions)


def read_editions(pem: str, authority: Sequence[x509.Certificate]) -> Mapping[str, Edition]:
    """Which lists a PEM text has, by issuer, ended ones too. What cannot be read any more, or is no list of the authority's,
    is none.
    """
    editions: dict[str, Edition] = {}
    for piece in _LIST.findall(pem)[:_MOST_LISTS]:
        try:
            found = x509.load_pem_x509_crl(piece.encode())
            editions[issuer_id(_issuer(found, authority))] = _edition(found)
        except UNREADABLE:
            continue
        except ConfigError:
            continue
    return editions


def first_end(pem: str) -> tuple[float, float] | None:
    """Of the lists of a PEM text, the one that ends first: its thisUpdate and nextUpdate, seconds since 1970. Whether they
    count is not looked at. None where none can be read.
    """
    found = []
    for piece in _LIST.findall(pem)[:_MOST_LISTS]:
        try:
            one = x509.load_pem_x509_crl(piece.encode())
            found.append((_ends(one), one.last_update_utc.timestamp()))
        except UNREADABLE:
            continue
        except ConfigError:
            continue
    return min(found)[::-1] if found else None


def list_ends_soon(begins: float, ends: float, now: float) -> bool:
    """Less than a day is left of a list, and less than a quarter of its time: the next one should be there."""
    return ends - now < min(_DAY, (ends - begins) / 4.0)


def check_newer(found: Mapping[str, Edition], known: Mapping[str, Edition], force: str) -> None:
    """Raises ConfigError where one of these lists is older than the one of the same issuer that is known. `force`: how to put
    it there all the same.
    """
    for issuer, edition in found.items():
        before = known.get(issuer)
        if before is not None and edition.is_older(before):
            raise ConfigError(
                f"crl: the list {edition} is older than the one that counts, {before}: who was revoked since would be let in",
                hint=f"give the newest list; after the authority was restored from a backup: {force}")


def _pieces(pem: str, most: int) -> list[str]:
    if len(pem) > most:
        raise ConfigError(f"crl: {len(pem)} characters are too many",
                          hint=f"{most} are possible; larger ones the service fetches itself (--crl-url)")
    pieces = _LIST.findall(pem)
    if not pieces:
        raise ConfigError("crl: no PEM list in it (-----BEGIN X509 CRL-----)",
                          hint="make PEM of another form: openssl crl -inform DER -in FILE")
    if len(pieces) > _MOST_LISTS:
        raise ConfigError(f"crl: {len(pieces)} lists are too many", hint=f"{_MOST_LISTS} are possible")
    return pieces


def _serials(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> Iterator[bytes]:
    """The ids. Raises ConfigError for an entry that is of another issuer, or has another meaning than that it is revoked."""
    key = _key(issuer)
    for one in found:
        # RFC 5280 section 5.3: with a critical extension that is not understood, nothing of the list counts.
        if any(extension.critical for extension in one.extensions):
            raise ConfigError(f"crl: an entry of the list of {found.issuer.rfc4514_string()} has a critical extension",
                              hint="give a list of the issuer's own certificates, no indirect one")
        yield _digest(key, one.serial_number)


def _edition(found: x509.CertificateRevocationList) -> Edition:
    """Raises ConfigError."""
    try:
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        number = None
    if number is not None and not 0 <= number < 1 << _NUMBER_BITS:
        raise ConfigError("crl: the number of the list has more than 20 octets, or is below 0",
                          hint="have it issued as RFC 5280 section 5.2.3 says")
    return Edition(number, found.last_update_utc.timestamp())


def _issuer(
    found: x509.CertificateRevocationList, authority: Sequence[x509.Certificate], der: bytes = b""
) -> x509.Certificate:
    for one in authority:
        key = one.public_key()
        if one.subject == found.issuer and isinstance(key, Signer) and (
                has_signed(key, found, der) if der else found.is_signature_valid(key)):
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
    if found.last_update_utc.timestamp() > now + _AHEAD:
        raise ConfigError(f"crl: the list of {issuer} counts only from {found.last_update_utc:%Y-%m-%d %H:%M} UTC",
                          hint="are the clocks of the authority and of this machine right?")


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
    return _digest(_key(issuer), serial).hex()


def _digest(key: bytes, serial: int) -> bytes:
    # The key has its own length in front, so that no two pairs come to the same bytes.
    return sha256(key + serial.to_bytes((serial.bit_length() + 8) // 8, "big", signed=True)).digest()[:SIZE]


def _digits(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
