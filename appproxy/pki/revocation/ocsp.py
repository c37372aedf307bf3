"""What a responder says of one certificate (OCSP, RFC 6960): the question, and an answer that is believed.

Believed is what the issuer has signed, or who it has certified for that (id-kp-OCSPSigning, section 4.2.2.2), about this very
certificate, now. A nonce (RFC 9654) in the answer is ours; many responders sign in advance and send none. Such an answer
may be a kept one, which is why it counts until its end only, and never in the place of a newer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from appproxy.errors import ConfigError
from appproxy.pki.issuing.request import is_strong
from appproxy.pki.path import is_issued_by
from appproxy.pki.pem import UNREADABLE

#: Bytes of an answer: one with a chain of four RSA-4096 certificates has some 9,000.
LARGEST_ANSWER = 64 * 1024
#: Bytes of a nonce: what RFC 9654 (section 2.1) has servers take.
NONCE_SIZE = 32
#: In seconds: how long an answer counts that does not say it, or that says more. Of what was revoked since it knows nothing.
SHORTEST, LONGEST = 300.0, 86_400.0
#: A responder's clock may be ahead by so many seconds.
_AHEAD = 300.0


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """Of one certificate. `begins`: the time that it is about; `until`: when it counts no more, in seconds since 1970."""

    is_revoked: bool
    begins: float
    until: float


def question(issuer: x509.Certificate, serial: int, nonce: bytes) -> bytes:
    """A request (DER) about the certificate of this number."""
    # SHA-1 only names the issuer here, and is what all responders know (RFC 5019 section 2.1.1).
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        _hashed(issuer.subject.public_bytes(), SHA1()), _hashed(_key_bits(issuer), SHA1()), serial, SHA1())
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)


def responders_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The URLs of responders that a certificate names (authority information access)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(
        one.access_location.value for one in found if one.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(one.access_location, x509.UniformResourceIdentifier))


def read_answer(data: bytes, issuer: x509.Certificate, serial: int, nonce: bytes, now: float) -> OcspAnswer:
    """What an answer (DER) says. `now`: seconds since 1970. Raises ConfigError, which begins with `ocsp`, for one that does
    not count, also where the responder does not know the certificate.
    """
    if len(data) > LARGEST_ANSWER:
        raise ConfigError(f"ocsp: {len(data)} bytes are too many for an answer")
    try:
        found = ocsp.load_der_ocsp_response(data)
        if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise ConfigError(f"ocsp: the responder says {found.response_status.name.lower().replace('_', ' ')}",
                              hint="does it answer for this authority?")
        _check_signed(found, issuer, now)
        _check_nonce(found, nonce)
        critical = [one.oid.dotted_string for one in found.extensions if one.critical]
        if critical:
            raise ConfigError(f"ocsp: the answer has a critical extension that is not known ({critical[0]})")
        return _about(found, issuer, serial, now)
    except UNREADABLE as error:
        raise ConfigError(f"ocsp: not a readable answer ({error})") from error


def _about(found: ocsp.OCSPResponse, issuer: x509.Certificate, serial: int, now: float) -> OcspAnswer:
    for one in found.responses:
        if one.serial_number != serial or not _names(one, issuer):
            continue
        begins = one.this_update_utc.timestamp()
        ends = begins + SHORTEST if one.next_update_utc is None else one.next_update_utc.timestamp()
        if begins > now + _AHEAD:
            raise ConfigError("ocsp: the answer is of a time to come", hint="are the clocks right?")
        if ends <= now:
            raise ConfigError("ocsp: the answer has ended", hint="does the responder get new lists of its authority?")
        if one.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise ConfigError("ocsp: the responder does not know the certificate", hint="does it answer for this authority?")
        return OcspAnswer(one.certificate_status is ocsp.OCSPCertStatus.REVOKED, begins, min(ends, now + LONGEST))
    raise ConfigError("ocsp: the answer is about another certificate")


def _names(one: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    algorithm = one.hash_algorithm
    return (
        isinstance(algorithm, SHA1 | SHA256) and one.issuer_name_hash == _hashed(issuer.subject.public_bytes(), algorithm)
        and one.issuer_key_hash == _hashed(_key_bits(issuer), algorithm))


def _check_nonce(found: ocsp.OCSPResponse, nonce: bytes) -> None:
    try:
        sent = found.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return
    if sent != nonce:
        raise ConfigError("ocsp: the answer is to another question (its nonce is not ours)",
                          hint="is there a cache before the responder?")


def _check_signed(found: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    algorithm = found.signature_hash_algorithm
    if isinstance(algorithm, SHA1 | MD5):
        raise ConfigError(f"ocsp: the answer is signed with {algorithm.name.upper()}",
                          hint="have the responder sign with SHA-256")
    for one in (issuer, *_delegated(found.certificates, issuer, now)):
        if _is_responder(found, one) and _has_signed(found, one, algorithm):
            return
    raise ConfigError("ocsp: neither the issuer has signed the answer, nor one whom it has certified for that",
                      hint="the responder's certificate has to come from the very issuer, for OCSPSigning")


def _delegated(
    shown: Sequence[x509.Certificate], issuer: x509.Certificate, now: float
) -> list[x509.Certificate]:
    """Those whom the issuer itself lets sign answers, now. A few are enough: each costs the check of a signature."""
    moment = datetime.fromtimestamp(now, UTC)
    return [
        one for one in shown[:4]
        if one.not_valid_before_utc <= moment < one.not_valid_after_utc and _may_sign_answers(one)
        and is_strong(one.public_key()) and not isinstance(one.signature_hash_algorithm, SHA1 | MD5)
        and is_issued_by(one, issuer)]


def _may_sign_answers(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _is_responder(found: ocsp.OCSPResponse, one: x509.Certificate) -> bool:
    """Does the answer name this certificate as its signer?"""
    if found.responder_name is not None:
        return found.responder_name == one.subject
    return found.responder_key_hash == _hashed(_key_bits(one), SHA1())


def _has_signed(found: ocsp.OCSPResponse, one: x509.Certificate, algorithm: HashAlgorithm | None) -> bool:
    key, signature, content = one.public_key(), found.signature, found.tbs_response_bytes
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, content, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, content, PKCS1v15(), algorithm)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The key as OCSP hashes it: without the algorithm around it (RFC 6960 section 4.1.1)."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    raise ConfigError("ocsp: the key of the issuer is of a kind that is not taken")


def _hashed(data: bytes, algorithm: HashAlgorithm) -> bytes:
    made = Hash(algorithm)
    made.update(data)
    return made.finalize()
