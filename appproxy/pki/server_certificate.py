"""Certificates that an admin gives for users' browsers: what is wrong with one is said before anybody meets it.

Browsers say "your connection is not private" and no more; each rule here names the reason and the fix. The rules are
those that today's browsers share (CA/Browser Forum's baseline requirements, RFC 5280, RFC 9525).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.path import is_issued_by, related, trusted_path
from appproxy.pki.pem import UNREADABLE, certificate_names, load_chain, load_key

#: RSA below 2048 bits is weak; above 8192 one handshake costs the service tens of milliseconds.
_RSA_BITS = range(2048, 8193)
#: A chain from a public authority has two or three; each is sent in every full handshake.
_LONGEST_CHAIN = 10
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)(\*\.)?{_LABEL}(\.{_LABEL})*")
_X = TypeVar("_X", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself. Times are seconds since 1970; `key` is such as `EC 256` or `RSA 2048`."""

    names: tuple[str, ...]
    issuer: str
    serial: str
    fingerprint: str
    key: str
    not_before: float
    not_after: float


def certificate_facts(certificate: str) -> CertificateFacts:
    """Of the first certificate of a PEM text. Raises ConfigError when it cannot be read."""
    leaf = load_chain(certificate)[0]
    try:
        names = host_names(leaf)
        key = leaf.public_key()
    except UNREADABLE as error:
        raise ConfigError(f"certificate: not a readable certificate ({error})") from error
    kind = type(key).__name__.lstrip("_")
    if isinstance(key, ec.EllipticCurvePublicKey):
        kind = f"EC {key.curve.key_size}"
    elif isinstance(key, rsa.RSAPublicKey):
        kind = f"RSA {key.key_size}"
    return CertificateFacts(
        names, leaf.issuer.rfc4514_string(), f"{leaf.serial_number:x}", leaf.fingerprint(SHA256()).hex(), kind,
        leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp(),
    )  # fmt: skip


def host_names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The DNS names that browsers take: host names, and those whose first label is `*`."""
    return tuple(name for name in certificate_names(leaf) if _NAME.fullmatch(name))


def check_server_certificate(
    certificate: str, key: str, now: float, roots: Sequence[x509.Certificate]
) -> Credential:
    """The chain in the order that TLS wants, leaf first and without its root, and the key: fit to be served now.

    `certificate` and `key` are PEM; `roots` are the authorities that users' browsers trust. Raises ConfigError with the
    reason and the fix; no error quotes the key.
    """
    private = load_key(key)
    given = load_chain(certificate)
    if len(given) > _LONGEST_CHAIN:
        raise _refused(f"{len(given)} certificates are given; give the chain of one, at most {_LONGEST_CHAIN}")
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        leaf = next((one for one in given if _public(one) == public), None)
        if leaf is None:
            raise _refused("it does not belong to this key; give both of one pair")
        _check_leaf(leaf)
        others = _others(leaf, given)
        moment = datetime.fromtimestamp(now, UTC)
        _check_dates(leaf, "it", moment)
        path, problem = trusted_path(leaf, others, roots, moment)
        if not path:
            _explain(leaf, others, roots, moment)
            raise _refused(f"no authority that browsers trust vouches for it ({problem})")
        sent = _to_send(path, others, moment)
        for one in sent:
            _check_signature(one)
    except UNREADABLE as error:
        raise _refused(f"it cannot be read ({error})") from error
    return Credential("".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in sent), key)


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _check_leaf(leaf: x509.Certificate) -> None:
    """Its key, names and uses."""
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            raise _refused(f"its RSA key has {key.key_size} bits; make one of 2048 to 8192, or EC P-256")
    elif not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        raise _refused("not every browser takes its kind of key; make one of EC P-256, EC P-384 or RSA 2048")
    if not host_names(leaf):
        raise _refused("it has no DNS name among its alternative names, and browsers look nowhere else "
                       "(RFC 9525); order one with a subjectAltName")
    if _is_authority(leaf):
        raise _refused("it is an authority's own, not a server's; have it issue one for the host")
    uses = _extension(leaf, x509.ExtendedKeyUsage)
    if uses is not None and not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses):
        raise _refused("it is made for another use than a TLS server (its extended key usage lacks serverAuth)")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise _refused("its key usage lacks digitalSignature, without which TLS 1.3 cannot use it")


def _others(leaf: x509.Certificate, given: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """All but the leaf, from there upwards. An admin's file often has them in another order.

    What does not belong is refused.
    """
    rest = [one for one in dict.fromkeys(given) if one != leaf]
    above = related(leaf, rest)
    stray = next((one for one in rest if one not in above), None)
    if stray is not None:
        for one in (leaf, *above):
            _check_signature(one)  # of a broken kind: who issued it cannot be told
        last = above[-1] if above else leaf
        raise _refused(f"{_subject(stray)} is in the file and issued none of the others; leave it out, or add "
                       f"what is between: the certificate of {last.issuer.rfc4514_string()}")
    return above


def _to_send(
    path: Sequence[x509.Certificate], others: Sequence[x509.Certificate], moment: datetime
) -> list[x509.Certificate]:
    """The path without the root that ends it; and what else was given above it, for browsers that trust another root.

    What has ended, or repeats a name and key, helps nobody.
    """
    sent = [one for one in path if one is path[0] or (one in others and not _is_root(one))]
    for one in others:
        known = {(each.subject, _public(each)) for each in sent}
        if (not _is_root(one) and (one.subject, _public(one)) not in known and is_issued_by(sent[-1], one)
                and _is_authority(one) and one.not_valid_before_utc <= moment < one.not_valid_after_utc):
            sent.append(one)
    return sent


def _explain(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime
) -> None:
    """Why there is no path, by what would lead furthest. Raises ConfigError; returns when it finds nothing wrong."""
    chain = [leaf]
    while True:
        above = [one for one in others if one not in chain and is_issued_by(chain[-1], one)]
        if not above or (len(chain) > 1 and _is_root(chain[-1])):
            break
        best = max(above, key=lambda one: (_is_authority(one), one.not_valid_before_utc <= moment, one.not_valid_after_utc))
        if not _is_authority(best):
            raise _refused(f"{_subject(best)} is no authority and may issue nothing (basicConstraints)")
        chain.append(best)
    for one in chain[1:]:
        _check_dates(one, f"its intermediate {_subject(one)}", moment)
    _check_root(chain, roots, moment)


def _check_dates(certificate: x509.Certificate, what: str, moment: datetime) -> None:
    if moment >= certificate.not_valid_after_utc:
        raise _refused(f"{what} ended on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; order a new one")
    if moment < certificate.not_valid_before_utc:
        raise _refused(f"{what} is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC, and it is "
                       f"{moment:%Y-%m-%d %H:%M} here; wait, or set this machine's clock")


def _check_signature(certificate: x509.Certificate) -> None:
    """A root's signature over itself proves nothing, so that its strength does not matter."""
    if isinstance(certificate.signature_hash_algorithm, SHA1 | MD5) and not _is_root(certificate):
        name = certificate.signature_hash_algorithm.name.upper()
        raise _refused(f"{_subject(certificate)} is signed with {name}, which no browser believes; order a new one")


def _check_root(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime) -> None:
    """Does the chain lead to an authority that browsers trust?"""
    top = chain[-1]
    for root in roots:
        if root == top or (root.subject == top.issuer and is_issued_by(top, root)):
            if moment >= root.not_valid_after_utc:
                raise _refused(f"the authority above it, {_subject(root)}, ended on {root.not_valid_after_utc:%Y-%m-%d}")
            return
    if _is_root(top):
        raise _refused(f"its authority {_subject(top)} is none that browsers trust by themselves; if they were told to, "
                       "give that authority's certificate too (--authority)")
    raise _refused(f"the certificate of its issuer, {top.issuer.rfc4514_string()}, is missing; append it to the file"
                   f"{_download(top)}, or give your own authority's certificate (--authority)")


def _download(certificate: x509.Certificate) -> str:
    """Where the certificate itself says that its issuer's is to be had."""
    access = _extension(certificate, x509.AuthorityInformationAccess)
    for one in access or ():
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            return f" (it is at {one.access_location.value})"
    return ""


def _is_root(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: x509.Certificate, kind: type[_X]) -> _X | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or f"number {certificate.serial_number:x}"


def _refused(reason: str) -> ConfigError:
    return ConfigError(f"certificate: {reason}")
