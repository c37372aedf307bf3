"""PEM texts."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.pki import certificate_names, load_chain, load_key, new_key, split_chain
from tests.pki.authorities import CONNECTOR, OURS, SERVICE, server


def test_a_chain_is_taken_apart() -> None:
    """A file of several certificates, with remarks and Windows line ends, is read in its order."""
    text = f"my server\r\n{SERVICE.certificate}"
    pieces = split_chain(text.replace("\n", "\r\n"))
    assert "".join(pieces) == SERVICE.certificate
    assert [one.public_bytes for one in load_chain(text)] and len(load_chain(text)) == 2


def test_no_certificate() -> None:
    """The error names what it is about."""
    with pytest.raises(ConfigError, match="wiki.pem: no PEM certificate"):
        load_chain("hello", "wiki.pem")
    with pytest.raises(ConfigError, match="wiki.pem: not a readable certificate"):
        load_chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "wiki.pem")
    assert split_chain(OURS.key) == []


def test_no_key() -> None:
    """So does this one, and it never quotes the key."""
    with pytest.raises(ConfigError, match="wiki.key: not a readable PEM private key"):
        load_key("hello", "wiki.key")
    broken = new_key().replace("A", "B")
    with pytest.raises(ConfigError) as caught:
        load_key(broken)
    assert broken.splitlines()[1] not in str(caught.value)


def test_a_key_of_a_kind_that_does_not_sign() -> None:
    """A key for another purpose is refused."""
    from cryptography.hazmat.primitives.asymmetric import x25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ConfigError, match="must be an EC, Ed25519 or RSA key"):
        load_key(key)


def test_names() -> None:
    """The DNS names of a certificate, in lower case; none when it has none."""
    chain = load_chain(server(OURS, "Example.com", "*.example.com").certificate)
    assert certificate_names(chain[0]) == ("example.com", "*.example.com")
    assert certificate_names(chain[1]) == ()
    assert certificate_names(load_chain(CONNECTOR.certificate)[0]) == ()
