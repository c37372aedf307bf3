"""PEM text to certificates and keys, with errors that say which of the two is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from appproxy.errors import ConfigError

#: The keys that a certificate of ours may have; what else cryptography knows (DSA, X25519, ...) cannot serve TLS.
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

#: What `cryptography` raises, at once or when an extension is asked for, over a certificate or request that is none.
UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def split_chain(pem: str) -> list[str]:
    """Each certificate of a PEM text as a PEM text of its own, LF-ended, in the order of the text: [] when none."""
    return [found.replace("\r\n", "\n") + "\n" for found in _CERTIFICATE.findall(pem)]


def load_chain(pem: str, what: str = "certificate") -> list[x509.Certificate]:
    """All certificates of a PEM text, leaf first as TLS wants it.

    Raises ConfigError, which begins with `what`, when there is none or one cannot be read.
    """
    pieces = split_chain(pem)
    if not pieces:
        raise ConfigError(f"{what}: no PEM certificate in it (-----BEGIN CERTIFICATE-----)")
    try:
        return [x509.load_pem_x509_certificate(piece.encode()) for piece in pieces]
    except UNREADABLE as error:
        raise ConfigError(f"{what}: not a readable certificate ({error})") from error


def load_key(pem: str, what: str = "key") -> PrivateKey:
    """The private key of a PEM text without a passphrase.

    Raises ConfigError, which begins with `what` and never quotes the key.
    """
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError as error:
        raise ConfigError(f"{what}: has a passphrase", hint="store it without one, in a file that only we can read") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{what}: not a readable PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise ConfigError(f"{what}: must be an EC, Ed25519 or RSA key")
    return key


def certificate_names(certificate: x509.Certificate) -> Sequence[str]:
    """The DNS names of a certificate, lower case, wildcards as they stand; () when it has none (RFC 6125: no CN)."""
    names = _alternatives(certificate)
    return () if names is None else tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))


def certificate_addresses(certificate: x509.Certificate) -> Sequence[str]:
    """The IP addresses of a certificate."""
    names = _alternatives(certificate)
    return () if names is None else tuple(map(str, names.get_values_for_type(x509.IPAddress)))


def _alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
