"""Certificates that the service's own device authority issues: for one user, on one device."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_public_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from appproxy.pki.issuing.authority import Credential, PublicKey, issue
from appproxy.pki.issuing.request import is_strong
from appproxy.pki.pem import load_chain, load_key

#: What precedes the id of a user of the built-in provider in the certificates of their devices, as a URI.
OWNER_URN = "urn:appproxy:user:"


def issue_device(
    authority: Credential, public_key_pem: str, owner: str, name: str, now: float, days: int, serial: bytes
) -> str:
    """The certificate (PEM) of a device that is called `name`, for the user whose id is `owner`.

    `public_key_pem` comes from `public_key_from_request`. Raises ConfigError when the authority has expired.
    """
    key = load_pem_public_key(public_key_pem.encode())
    if not is_strong(key):
        raise ValueError("a device's key must be strong")
    strong: PublicKey = key  # type: ignore[assignment]  # as is_strong has found
    return issue(
        authority, strong, [x509.UniformResourceIdentifier(OWNER_URN + owner)], ExtendedKeyUsageOID.CLIENT_AUTH, name[:64],
        now, days, serial)


def owner_of(uris: tuple[str, ...]) -> str:
    """The user's id among a certificate's URIs; "" where there is not just one."""
    found = [one.removeprefix(OWNER_URN) for one in uris if one.startswith(OWNER_URN)]
    return found[0] if len(found) == 1 else ""


def key_file(certificate: str, key: str, authority: str, name: str, password: str) -> bytes:
    """Key and certificate as a file that browsers and systems import (PKCS #12, RFC 7292), under a password."""
    return pkcs12.serialize_key_and_certificates(
        name.encode(), load_key(key), load_chain(certificate)[0], load_chain(authority),
        BestAvailableEncryption(password.encode()))


