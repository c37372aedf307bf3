"""Key pairs by which the service proves to an identity provider that it is its client, each with a self-signed certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import BACKDATED, Credential
from appproxy.pki.pem import load_chain, load_key

#: Three times the work of 2048 bits is paid once a sign-in, and this is what FAPI 2.0 and providers' own tools make.
_RSA_BITS = 2048
#: The certificate is compared, not verified: it must only outlast its key, which an admin may keep for years.
_YEARS = 20


def new_client_credential(type: str, name: str, now: float, serial: bytes) -> Credential:
    """A new key pair (`type`: EC or RSA) with a self-signed certificate whose common name is the client's id.

    `serial`: 16 random bytes; `now`: seconds since 1970.
    """
    key = _new_pair(type)
    moment = datetime.fromtimestamp(now, UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(int.from_bytes(serial) >> 1 or 1)
        .not_valid_before(moment - BACKDATED).not_valid_after(moment + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    return Credential(certificate.public_bytes(Encoding.PEM).decode("ascii"), _private_pem(key))


def new_client_key(type: str) -> str:
    """A new key pair (`type`: EC or RSA) without a certificate, as private PEM."""
    return _private_pem(_new_pair(type))


def _new_pair(type: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    return ec.generate_private_key(ec.SECP256R1()) if type == "EC" else rsa.generate_private_key(65537, _RSA_BITS)


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def check_client_credential(certificate: str, key: str) -> str:
    """The type (EC or RSA) of a chain and key (PEM) that an authority has made for us. Raises ConfigError."""
    leaf = load_chain(certificate, "tls_certificate")[0]
    own = load_key(key, "tls_key")
    if leaf.public_key() != own.public_key():
        raise ConfigError("tls_key: does not belong to tls_certificate", hint="give both of one pair")
    return "RSA" if isinstance(own, rsa.RSAPrivateKey) else "EC"
