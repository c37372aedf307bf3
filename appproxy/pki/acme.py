"""What RFC 8555 (ACME) and RFC 8737 (tls-alpn-01) need of certificates, and when a certificate is ordered again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.pem import load_chain, load_key
from appproxy.pki.server_certificate import certificate_facts

#: RFC 8737 section 6.1: id-pe-acmeIdentifier.
_ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
#: A challenge is looked at within seconds; the certificate need not live longer than its order.
_CHALLENGE_DAYS = 7
#: Renewal begins with a third of the life left, up to a fiftieth of it later, so that not all come at once.
_LEFT, _SPREAD = 1 / 3, 1 / 50
#: Seconds after the first failure, doubled with each further one up to a day: authorities allow five an hour.
_FIRST_RETRY, _LONGEST_RETRY = 900.0, 86_400.0


def server_request(key: str, hosts: Sequence[str]) -> str:
    """A certificate request (PEM) for these hosts, signed with this key (PEM)."""
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    return builder.sign(load_key(key), SHA256()).public_bytes(Encoding.PEM).decode("ascii")


def check_issued(chain: str, key: str, hosts: Sequence[str]) -> Credential:
    """What the authority has sent, if it is what was ordered: for this key and all of these hosts. Raises ConfigError."""
    leaf = load_chain(chain)[0]
    if leaf.public_key() != load_key(key).public_key():
        raise ConfigError("certificate: the authority has sent one for another key")
    missing = sorted(set(hosts) - set(certificate_facts(chain).names))
    if missing:
        raise ConfigError(f"certificate: the authority has sent one that is not for {', '.join(missing)}")
    return Credential(chain, key)


def alpn_credential(host: str, key_authorization: str, now: float, serial: bytes) -> Credential:
    """The self-signed certificate that proves to the authority that we answer for this host (RFC 8737 section 3)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    begin = datetime.fromtimestamp(now, UTC)
    # A DER OCTET STRING of 32 bytes.
    proof = b"\x04\x20" + sha256(key_authorization.encode("ascii")).digest()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 or 1)
        .not_valid_before(begin - timedelta(days=1))
        .not_valid_after(begin + timedelta(days=_CHALLENGE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(_ACME_IDENTIFIER, proof), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return Credential(made.public_bytes(Encoding.PEM).decode("ascii"), private)


def renewal_due(not_before: float, not_after: float, chance: float) -> float:
    """When to order again; `chance` is from 0 to 1. All in seconds since 1970."""
    life = not_after - not_before
    return not_after - life * (_LEFT - _SPREAD * chance)


def retry_due(now: float, failures: int, chance: float) -> float:
    """When to try again after so many failures in a row, the last one now; `chance`, from 0 to 1, spreads by a fifth."""
    pause = min(_FIRST_RETRY * 2.0 ** min(failures - 1, 20), _LONGEST_RETRY)
    return now + pause * (1 + 0.2 * chance)
