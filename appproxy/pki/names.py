"""Reading certificates: whose it is, how long it holds, and whether the first contact is with the right service."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki.issuing.authority import CONNECTOR_ID, CONNECTOR_URN
from appproxy.pki.pem import UNREADABLE, certificate_names, load_chain

#: A chain of ours has two certificates; the bound keeps a stranger from making us read a thousand.
LONGEST_CHAIN = 10

#: All that speaks against a certificate.
_DISBELIEVED: tuple[type[Exception], ...] = (
    *UNREADABLE, ConfigError, InvalidSignature, VerificationError, x509.ExtensionNotFound,
)


def connector_id(certificate: str | bytes) -> str:
    """The id in a connector's certificate (PEM text, or DER bytes as TLS has them).

    The chain must have been verified before, by TLS; this reads the verified leaf alone. It has exactly one name, which
    is ours, and may be a TLS client and nothing else. Raises IdentityError(TOKEN_REFUSED).
    """
    leaf = _load(certificate)
    try:
        usage = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        names = list(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound as error:
        raise _refused(f"not a connector's certificate: it lacks {error.oid}") from error
    except UNREADABLE as error:
        raise _refused(f"not a connector's certificate ({error})") from error
    if usage != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise _refused("not a connector's certificate: its use is not clientAuth alone")
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise _refused("not a connector's certificate: it must have one name, a URI")
    name = names[0].value
    found = name.removeprefix(CONNECTOR_URN)
    if found == name or not CONNECTOR_ID.fullmatch(found):
        raise _refused(f"not a connector's certificate: its name is not {CONNECTOR_URN}ID")
    return found


def fingerprint(certificate: str | bytes) -> str:
    """SHA-256 of the (first) certificate's DER, 64 lower-case hex digits."""
    return _load(certificate).fingerprint(SHA256()).hex()


def not_after(certificate: str | bytes) -> float:
    """When the (first) certificate ends, in seconds since 1970."""
    return _load(certificate).not_valid_after_utc.timestamp()


def not_before(certificate: str | bytes) -> float:
    """When the (first) certificate begins, in seconds since 1970: a day before it was made."""
    return _load(certificate).not_valid_before_utc.timestamp()


def serial(certificate: str | bytes) -> str:
    """The (first) certificate's serial number, lower-case hex."""
    return f"{_load(certificate).serial_number:x}"


def check_first_contact(chain_pem: Sequence[str], anchor_fingerprint: str, tls_name: str, now: float) -> str:
    """Is this the service that the join token names? Gives its trust anchor (PEM).

    `chain_pem` is what the service showed, leaf first, anchor included. The anchor is recognised by its SHA-256; the
    leaf must be issued by it, be valid now, serve TLS, and bear `tls_name`. Raises IdentityError(TOKEN_REFUSED) with
    the reason; nothing secret may be sent to that service then.
    """
    if not 1 <= len(chain_pem) <= LONGEST_CHAIN:
        raise _refused(f"the service showed {len(chain_pem)} certificates")
    chain = [_load(pem) for pem in chain_pem]
    wanted = anchor_fingerprint.lower()
    anchor = next((one for one in chain[1:] if hmac.compare_digest(one.fingerprint(SHA256()).hex(), wanted)), None)
    if anchor is None:
        raise _refused("the service does not show the trust anchor of the join token: it is another service, or one "
                       "in between; compare the address, or make a new token")
    leaf = chain[0]
    moment = datetime.fromtimestamp(now, UTC)
    _check_issued(leaf, anchor)
    _check_dates(leaf, "the service's certificate", moment)
    _check_dates(anchor, "the trust anchor", moment)
    _check_serves(leaf, tls_name)
    try:
        # Ours above give the reasons that people understand; this one has the last word.
        verifier = PolicyBuilder().store(Store([anchor])).time(moment).build_server_verifier(x509.DNSName(tls_name))
        verifier.verify(leaf, [])
    except _DISBELIEVED as error:
        raise _refused(f"the service's certificate is refused: {error}") from error
    return anchor.public_bytes(Encoding.PEM).decode("ascii")


def _check_issued(leaf: x509.Certificate, anchor: x509.Certificate) -> None:
    try:
        leaf.verify_directly_issued_by(anchor)
    except _DISBELIEVED as error:
        raise _refused("the service's certificate is not signed by the trust anchor of the join token") from error


def _check_dates(certificate: x509.Certificate, what: str, moment: datetime) -> None:
    if moment < certificate.not_valid_before_utc:
        raise _refused(f"{what} is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; it is now "
                       f"{moment:%Y-%m-%d %H:%M}: check this machine's clock")
    if moment >= certificate.not_valid_after_utc:
        raise _refused(f"{what} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; it is now "
                       f"{moment:%Y-%m-%d %H:%M}: check this machine's clock")


def _check_serves(leaf: x509.Certificate, tls_name: str) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        names = certificate_names(leaf)
    except _DISBELIEVED as error:
        raise _refused("the service's certificate does not say that it is for servers") from error
    if ExtendedKeyUsageOID.SERVER_AUTH not in usage:
        raise _refused("the service's certificate is not for servers")
    if tls_name.lower() not in names and "*." + tls_name.lower().partition(".")[2] not in names:
        raise _refused(f"the service's certificate is for {', '.join(names) or 'no name'}, not for {tls_name}")


def _load(certificate: str | bytes) -> x509.Certificate:
    """The first certificate of a PEM text, or a DER one; IdentityError when unreadable."""
    try:
        if isinstance(certificate, bytes):
            return x509.load_der_x509_certificate(certificate)
        return load_chain(certificate)[0]
    except _DISBELIEVED as error:
        raise _refused(f"not a certificate ({error})") from error


def _refused(reason: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, reason)
