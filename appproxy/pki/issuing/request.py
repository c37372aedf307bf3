"""Certificate requests: how a connector proves that it has a key, and shows nothing but that (RFC 2986)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from appproxy.errors import Code, IdentityError
from appproxy.pki.pem import UNREADABLE, load_key

#: The largest request that is read: one with an RSA key of 8192 bits has 3 kB.
LARGEST_REQUEST = 16_384

#: RSA below 2048 bits is weak; above 8192 one handshake costs the service tens of milliseconds.
_RSA_BITS = range(2048, 8193)
#: Everybody's is 65537 (Baseline Requirements section 6.1.6); with one of 3,000 bits a check takes as long as signing.
_LARGEST_EXPONENT = 2**32


def new_key() -> str:
    """A new EC P-256 private key (PEM, PKCS #8, no passphrase)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def certificate_request(key_pem: str) -> str:
    """A request (PEM) signed with this key. It names nobody: the service decides whose certificate it will be."""
    key = load_key(key_pem)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode("ascii")


def public_key_from_request(csr_pem: str) -> str:
    """The public key (PEM) of a request whose sender has the private one.

    Subject, names and extensions that the request asks for are not looked at. Raises IdentityError(TOKEN_REFUSED) for
    what is no request, bears a wrong signature, or has a key other than EC P-256, EC P-384, Ed25519 and RSA of 2048 to
    8192 bits.
    """
    if len(csr_pem) > LARGEST_REQUEST:
        raise _refused(f"the certificate request has more than {LARGEST_REQUEST} bytes")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        key = request.public_key()
        if not is_strong(key):  # before the signature, so that a monstrous key costs nothing
            raise _refused("the key must be EC P-256, EC P-384, Ed25519, or RSA of 2048 to 8192 bits with a small exponent")
        proved = request.is_signature_valid
    except UNREADABLE as error:
        raise _refused(f"the certificate request cannot be read ({error})") from error
    if not proved:
        raise _refused("the certificate request's signature is wrong")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def is_strong(key: object) -> bool:
    """Is this public key of a kind and size that is taken?"""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        return True
    if isinstance(key, ed25519.Ed25519PublicKey):
        return True
    return (
        isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS and key.public_numbers().e <= _LARGEST_EXPONENT)


def _refused(reason: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, reason)
