"""Certificate requests: a key that was proved, and nothing else."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki import certificate_request, issue_connector, load_chain, new_key, public_key_from_request
from appproxy.pki.issuing.request import LARGEST_REQUEST
from tests.pki.authorities import NOW, OURS, number


def pem(key: object) -> str:
    """A private key as PEM."""
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    return written.decode()


def swapped(key: rsa.RSAPrivateKey) -> rsa.RSAPrivateKey:
    """A key whose two exponents have changed places: to check its signatures takes as long as making them usually does."""
    numbers = key.private_numbers()
    public = rsa.RSAPublicNumbers(numbers.d, numbers.public_numbers.n)
    d = numbers.public_numbers.e
    odd = rsa.RSAPrivateNumbers(numbers.p, numbers.q, d, d % (numbers.p - 1), d % (numbers.q - 1), numbers.iqmp, public)
    return odd.private_key(unsafe_skip_rsa_key_validation=True)


def request(key: object, builder: x509.CertificateSigningRequestBuilder | None = None) -> str:
    """A request that is signed with this key, whatever its kind."""
    builder = builder or x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()  # type: ignore[arg-type]


def refused(csr: str) -> str:
    """The reason of the refusal."""
    with pytest.raises(IdentityError) as caught:
        public_key_from_request(csr)
    assert caught.value.code is Code.TOKEN_REFUSED
    return caught.value.detail


def test_a_new_key_and_its_request() -> None:
    """A connector's own key is EC P-256, and its request names nobody."""
    key = new_key()
    csr = x509.load_pem_x509_csr(certificate_request(key).encode())
    assert list(csr.subject) == [] and list(csr.extensions) == []
    public = load_pem_public_key(public_key_from_request(certificate_request(key)).encode())
    assert isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65_537, 2048),
    ],
    ids=["P-256", "P-384", "Ed25519", "RSA 2048"],
)
def test_keys_that_are_taken(key: object) -> None:
    """Keys that are strong and that TLS knows make a working certificate."""
    public = public_key_from_request(certificate_request(pem(key)))
    issue_connector(OURS, public, "abc", NOW, 365, number())


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        rsa.generate_private_key(65_537, 1024),
        dsa.generate_private_key(2048),
        swapped(rsa.generate_private_key(65_537, 2048)),
    ],
    ids=["P-521", "secp256k1", "Ed448", "RSA 1024", "DSA", "RSA with a large exponent"],
)
def test_keys_that_are_refused(key: object) -> None:
    """Weak and outlandish keys are refused."""
    assert "the key must be" in refused(request(key))


def test_only_the_public_key_is_taken() -> None:
    """A request that asks to be an authority, a server and somebody else gets a connector's certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    greedy = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "connect.example.com")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=3), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("connect.example.com"), x509.UniformResourceIdentifier("urn:appproxy:connector:admin")]
            ),
            critical=False,
        )
    )
    made = load_chain(issue_connector(OURS, public_key_from_request(request(key, greedy)), "abc", NOW, 365, number()))[0]
    assert made.subject.rfc4514_string() == "CN=connector abc"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["urn:appproxy:connector:abc"]
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_signature_by_another_key() -> None:
    """Who does not have the private key gets no certificate for it."""
    mine = x509.load_pem_x509_csr(certificate_request(new_key()).encode()).public_bytes(Encoding.DER)
    forged = bytearray(mine)
    forged[-1] ^= 1
    import base64

    text = base64.encodebytes(bytes(forged)).decode()
    assert "signature is wrong" in refused(
        f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"
    )


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"])
def test_what_is_no_request(text: str) -> None:
    """Anything else is refused by name."""
    assert "cannot be read" in refused(text)


def test_a_request_that_is_too_large() -> None:
    """A megabyte is not even parsed."""
    assert "more than" in refused(certificate_request(new_key()) + " " * LARGEST_REQUEST)


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Whatever is sent, it is refused, and nothing else happens."""
    with pytest.raises(IdentityError):
        public_key_from_request(text)


def test_a_key_with_a_passphrase() -> None:
    """The error says what to do, and does not show the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")).decode()
    with pytest.raises(ConfigError, match="key: has a passphrase") as caught:
        certificate_request(locked)
    assert locked.splitlines()[1] not in str(caught.value)
