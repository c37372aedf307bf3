"""A certificate that a client has proved in TLS: does it lead to an authority that an admin has named, now, and unrevoked?

TLS has only proved that the client has the key. Everything else is looked at here, so that whoever is refused can be told
why, in place of a handshake that breaks off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki.issuing.request import is_strong
from appproxy.pki.path import is_issued_by, trusted_path
from appproxy.pki.pem import UNREADABLE, load_chain
from appproxy.pki.revocation.crl import Revocations, certificate_id, issuer_id
from appproxy.pki.revocation.ocsp import responders_of

#: Certificates that a client may show: one, and those of a few authorities above it.
LONGEST_SHOWN = 6
#: Certificates of one authority: a root and what issues below it.
_MOST_OF_ONE = 20
#: Signs of a subject, with the names of its parts: it travels in a cookie.
LONGEST_SUBJECT = 400
_CLIENT = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_X = TypeVar("_X", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class ClientAuthority:
    """Whose certificates count. Each of `certificates` ends a path. `revocations`: those that are known; where it has lists,
    each issuer needs one. `needs_lists`: there are lists, also where none has come yet.
    """

    certificates: tuple[x509.Certificate, ...]
    revocations: Revocations | None = None
    needs_lists: bool = False


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What is believed. `subject`: its parts, such as `("CN", "laptop-7")`; `uris`: its names that are URIs.

    `path`: ids (`crl.certificate_id`) of it and of what is between it and the authority, whose revocation ends it; `ends`:
    when the first of all these ends, in seconds since 1970. `issuer` (`crl.issuer_id`), `serial`, `responders` (URLs): whom to
    ask about it.
    """

    authority: str
    fingerprint: str
    subject: tuple[tuple[str, str], ...]
    uris: tuple[str, ...]
    path: tuple[str, ...]
    ends: float
    issuer: str
    serial: int
    responders: tuple[str, ...]


def load_authority(pem: str, now: float) -> tuple[x509.Certificate, ...]:
    """The certificates of an authority that clients' are to lead to. Raises ConfigError, which begins with `certificate`."""
    found = tuple(dict.fromkeys(load_chain(pem)))
    if len(found) > _MOST_OF_ONE:
        raise ConfigError(f"certificate: {len(found)} are too many", hint=f"{_MOST_OF_ONE} are possible")
    for one in found:
        name = subject_of(one)
        try:
            if not _is_authority(one):
                raise ConfigError(f"certificate: {name} is no authority's", hint="give the certificate of who issues")
            if not is_strong(one.public_key()):
                raise ConfigError(f"certificate: the key of {name} is too weak, or of a kind that is not taken",
                                  hint="EC P-256, EC P-384, Ed25519, or RSA of 2048 to 8192 bits")
            if one.not_valid_after_utc.timestamp() <= now:
                raise ConfigError(f"certificate: {name} ended on {one.not_valid_after_utc:%Y-%m-%d}", hint="give a newer one")
        except UNREADABLE as error:
            raise ConfigError(f"certificate: {name} cannot be read ({error})") from error
    return found


def check_client_certificate(
    shown: Sequence[bytes], authorities: Mapping[str, ClientAuthority], now: float
) -> ClientCertificate:
    """What a client's certificate proves. `shown`: all that it has sent (DER), its own first; `now`: seconds since 1970.

    Raises IdentityError(PROOF_MISSING), whose detail says what is wrong with it.
    """
    if not shown:
        raise _refused("the browser has shown no certificate")
    if len(shown) > LONGEST_SHOWN:
        raise _refused(f"the browser has shown {len(shown)} certificates, and {LONGEST_SHOWN} are possible")
    try:
        leaf, *others = map(x509.load_der_x509_certificate, shown)
        return _checked(leaf, others, authorities, datetime.fromtimestamp(now, UTC))
    except UNREADABLE as error:
        raise _refused(f"the certificate cannot be read ({error})") from error


def subject_of(certificate: x509.Certificate) -> str:
    """What a certificate calls its owner."""
    return certificate.subject.rfc4514_string() or f"number {certificate.serial_number:x}"


def _checked(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], authorities: Mapping[str, ClientAuthority], moment: datetime
) -> ClientCertificate:
    _check_leaf(leaf, moment)
    anchors = {one: id for id, authority in authorities.items() for one in authority.certificates}
    path, problem = trusted_path(leaf, others, list(anchors), moment)
    if len(path) < 2 or path[-1] not in anchors:
        if leaf.issuer == leaf.subject:
            raise _refused("the certificate is self-signed, and no authority vouches for it")
        raise _refused("no authority that was named vouches for the certificate, which is from "
                       f"{leaf.issuer.rfc4514_string()} ({problem or 'it is in the list itself'})")
    for one in path[:-1]:
        _check_signed(one)
    for one in path[1:-1]:
        _check_uses(one, "an authority between", _CLIENT)
    name = anchors[path[-1]]
    ids = _check_revocation(path, authorities[name], moment.timestamp())
    ends = min(one.not_valid_after_utc.timestamp() for one in path)
    return ClientCertificate(
        name, leaf.fingerprint(SHA256()).hex(), _subject(leaf), _uris(leaf), ids, ends, issuer_id(path[1]),
        leaf.serial_number, responders_of(leaf))


def _check_leaf(leaf: x509.Certificate, moment: datetime) -> None:
    if moment >= leaf.not_valid_after_utc:
        raise _refused(f"the certificate ended on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if moment < leaf.not_valid_before_utc:
        raise _refused(f"the certificate is valid only from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    if _is_authority(leaf):
        raise _refused("the certificate is an authority's own, not a client's")
    uses = _extension(leaf, x509.ExtendedKeyUsage)
    if uses is None:
        # By RFC 5280 it would be for everything; but then a server's, or one for mail, would do as well.
        raise _refused("the certificate does not say that it is for clients (its extended key usage lacks clientAuth)")
    _check_uses(leaf, "the certificate", {ExtendedKeyUsageOID.CLIENT_AUTH})
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise _refused("the certificate's key may not sign (its key usage lacks digitalSignature)")


def _check_uses(certificate: x509.Certificate, what: str, wanted: set[x509.ObjectIdentifier]) -> None:
    uses = _extension(certificate, x509.ExtendedKeyUsage)
    if uses is not None and not wanted & set(uses):
        raise _refused(f"{what} is for another use than clients (its extended key usage lacks clientAuth)")


def _check_signed(certificate: x509.Certificate) -> None:
    """The key, and the signature above it."""
    if not is_strong(certificate.public_key()):
        raise _refused(f"the key of {subject_of(certificate)} is too weak, or of a kind that is not taken")
    if isinstance(certificate.signature_hash_algorithm, SHA1 | MD5):
        name = certificate.signature_hash_algorithm.name.upper()
        raise _refused(f"{subject_of(certificate)} is signed with {name}, which proves nothing")


def _check_revocation(path: Sequence[x509.Certificate], authority: ClientAuthority, now: float) -> tuple[str, ...]:
    """The ids of all below the authority, and of its own certificate where another one of its certificates has issued that.

    Where it has lists, each issuer on the path has one that has not ended.
    """
    anchor, known = path[-1], authority.revocations
    above = [one for one in authority.certificates if one != anchor and is_issued_by(anchor, one)]
    issued = [*zip(path, path[1:], strict=False), *((anchor, one) for one in above)]
    ids = tuple(certificate_id(*pair) for pair in issued)
    if known is None:
        return ids
    revoked = next((one for (one, _), id in zip(issued, ids, strict=True) if id in known.revoked), None)
    if revoked is not None:
        raise _refused(f"{subject_of(revoked)} is revoked")
    for one, issuer in issued[:len(path) - 1] if known.until or authority.needs_lists else ():
        until = known.until.get(issuer_id(issuer))
        if until is None or until <= now:
            raise _refused(f"whether {subject_of(one)} is revoked is not known: the list of {subject_of(issuer)} "
                           + ("is not there" if until is None else "has ended"))
    return ids


def _subject(leaf: x509.Certificate) -> tuple[tuple[str, str], ...]:
    parts = tuple(
        (one.rfc4514_attribute_name, one.value if isinstance(one.value, str) else one.value.hex()) for one in leaf.subject)
    if sum(len(name) + len(value) for name, value in parts) > LONGEST_SUBJECT:
        raise _refused(f"the subject of the certificate has more than {LONGEST_SUBJECT} signs")
    return parts


def _uris(leaf: x509.Certificate) -> tuple[str, ...]:
    names = _extension(leaf, x509.SubjectAlternativeName)
    return () if names is None else tuple(names.get_values_for_type(x509.UniformResourceIdentifier))


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: x509.Certificate, kind: type[_X]) -> _X | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _refused(reason: str) -> IdentityError:
    return IdentityError(Code.PROOF_MISSING, reason)
