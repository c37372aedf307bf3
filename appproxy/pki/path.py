"""From a certificate to the first key that is trusted, as OpenSSL's `verify -trusted_first -partial_chain` finds it.

What is trusted ends the path, wherever else its certificates lead: one of several certificates of the same name and key may
have ended (a cross-signed root, a renewed intermediate), and another one still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from OpenSSL import crypto

_NOT_ISSUED = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm)


def trusted_path(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime
) -> tuple[list[x509.Certificate], str]:
    """The path from `leaf` over some of `others` to one of `roots` (the end included), all valid at `moment`; or [], and why.

    The leaf's own uses and names are not looked at.
    """
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    store.set_time(moment)
    for root in roots:
        store.add_cert(crypto.X509.from_cryptography(root))
    between = [crypto.X509.from_cryptography(one) for one in others]
    context = crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf), between)
    try:
        return [one.to_cryptography() for one in context.get_verified_chain()], ""
    except crypto.X509StoreContextError as error:
        return [], f"{_subject(error.certificate.to_cryptography())}: {error}"


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By name and signature; whether it may issue, and when, is another question."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except _NOT_ISSUED:
        return False
    return True


def related(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Those of `others` that issued `leaf`, or another one of them that did, in the order in which they are met."""
    found, rest = [leaf], list(others)
    for one in found:  # it grows
        above = [other for other in rest if is_issued_by(one, other)]
        found += above
        rest = [other for other in rest if other not in above]
    return found[1:]


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or f"number {certificate.serial_number:x}"
