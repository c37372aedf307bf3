"""The authority of connectors, and what it issues."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from appproxy.errors import ConfigError
from appproxy.pki import (
    Credential,
    certificate_request,
    connector_id,
    create_authority,
    issue_connector,
    issue_server,
    load_chain,
    new_key,
    not_after,
    not_before,
    public_key_from_request,
    serial,
)
from tests.pki.authorities import DAY, NOW, OURS, SERVICE, authority, connector, number, server


def first(pem: str) -> x509.Certificate:
    """The first certificate of a PEM text."""
    return load_chain(pem)[0]


class TestAuthority:
    """The trust anchor."""

    def test_it_can_issue_leaves_and_nothing_else(self) -> None:
        """An authority is one, below which there is no other authority."""
        anchor = first(OURS.certificate)
        constraints = anchor.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and constraints.value == x509.BasicConstraints(ca=True, path_length=0)
        usage = anchor.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign
        assert not usage.value.digital_signature

    def test_it_lives_ten_years(self) -> None:
        """From a day before it was made, for slow clocks, to ten years after."""
        made = authority()
        assert not_before(made.certificate) == int(NOW - DAY)
        assert not_after(made.certificate) == int(NOW + 3652.5 * DAY)

    def test_two_are_never_alike(self) -> None:
        """Each has a key and a serial number of its own."""
        one, other = authority(), authority()
        assert one.key != other.key
        assert serial(one.certificate) != serial(other.certificate)

    def test_one_with_names_vouches_for_those_alone(self) -> None:
        """An authority that users import can vouch for their service's domain, and not for their bank."""
        narrow = create_authority("users", NOW, serial=number(), names=["example.com"])
        verifier = PolicyBuilder().store(Store([first(narrow.certificate)])).time(datetime.fromtimestamp(NOW, UTC))
        good = issue_server(narrow, ["example.com", "*.example.com"], NOW, 90, number())
        verifier.build_server_verifier(x509.DNSName("wiki.example.com")).verify(first(good.certificate), [])
        bad = issue_server(narrow, ["bank.example"], NOW, 90, number())
        with pytest.raises(VerificationError):
            verifier.build_server_verifier(x509.DNSName("bank.example")).verify(first(bad.certificate), [])

    def test_the_key_is_not_printed(self) -> None:
        """A credential that ends up in a log shows its certificate and not its key."""
        assert "PRIVATE" not in repr(OURS) and OURS.key not in repr(OURS)

    @pytest.mark.parametrize("raw", [b"", b"1234567", b"x" * 21])
    def test_a_serial_number_has_8_to_20_bytes(self, raw: bytes) -> None:
        """Too few could be guessed, more are not allowed."""
        with pytest.raises(ValueError, match="8 to 20"):
            create_authority("x", NOW, serial=raw)

    @pytest.mark.parametrize("raw", [b"\xff" * 20, b"\x80" + bytes(19), bytes(8), b"\xff" * 8])
    def test_any_random_bytes_make_a_good_serial_number(self, raw: bytes) -> None:
        """Whatever bytes chance gives, the number is positive and fits 20 octets."""
        found = first(create_authority("x", NOW, serial=raw).certificate).serial_number
        assert 0 < found < 2**159


class TestConnectors:
    """Certificates of connectors."""

    def test_its_only_name_is_its_id(self) -> None:
        """A connector's certificate may be a TLS client, under one name, which is its id."""
        leaf = first(connector(OURS, "abc123").certificate)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert list(names) == [x509.UniformResourceIdentifier("urn:appproxy:connector:abc123")]
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and not constraints.value.ca
        key_usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
        assert key_usage.critical and key_usage.value.digital_signature and not key_usage.value.key_cert_sign

    def test_it_names_its_issuer_by_key(self) -> None:
        """Key identifiers tell two authorities of one name apart."""
        anchor, leaf = first(OURS.certificate), first(connector(OURS).certificate)
        above = anchor.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        below = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert below.key_identifier == above.digest
        leaf.verify_directly_issued_by(anchor)

    def test_it_holds_the_days_asked_for(self) -> None:
        """From a day ago, to so many days from now."""
        made = connector(OURS, days=365).certificate
        assert not_before(made) == int(NOW - DAY)
        assert not_after(made) == int(NOW + 365 * DAY)

    def test_it_never_outlives_its_authority(self) -> None:
        """Nor begins before it."""
        young = create_authority("young", NOW, 1, serial=number())
        made = connector(young, days=825).certificate
        assert not_after(made) == not_after(young.certificate)
        early = connector(young, now=NOW - DAY / 2).certificate
        assert not_before(early) == not_before(young.certificate)

    def test_an_expired_authority_issues_nothing(self) -> None:
        """The admin is told what to do."""
        old = create_authority("old", NOW - 400 * DAY, 1, serial=number())
        with pytest.raises(ConfigError, match=r"authority: expired on \d{4}-\d\d-\d\d; make a new one"):
            connector(old)

    @pytest.mark.parametrize("id", ["", "a/b", "a b", "ä", "a:b", "-a", "x" * 65, "a\n"])
    def test_only_plain_ids(self, id: str) -> None:
        """An id is letters, digits, hyphens and underscores: it also stands in logs and headers."""
        with pytest.raises(ValueError, match="connector id"):
            connector(OURS, id)

    def test_it_bears_the_key_of_the_request(self) -> None:
        """The certificate is for the key whose possession was proved."""
        key = new_key()
        public = public_key_from_request(certificate_request(key))
        made = issue_connector(OURS, public, "abc", NOW, 365, number())
        assert connector_id(made) == "abc"
        again = public_key_from_request(certificate_request(key))
        assert again == public

    def test_a_key_that_signs_nothing_is_refused(self) -> None:
        """A key exchange key cannot be a connector's."""
        from cryptography.hazmat.primitives.asymmetric import x25519
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = x25519.X25519PrivateKey.generate().public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        with pytest.raises(ValueError, match="must be EC"):
            issue_connector(OURS, pem, "abc", NOW, 365, number())


class TestServers:
    """Certificates of the service."""

    def test_the_anchor_comes_along(self) -> None:
        """The chain shows the anchor, which a joining connector knows only by its fingerprint."""
        leaf, anchor = load_chain(SERVICE.certificate)
        assert anchor == first(OURS.certificate)
        leaf.verify_directly_issued_by(anchor)

    def test_it_is_for_servers_alone(self) -> None:
        """The service's certificate does not make a connector."""
        usage = first(SERVICE.certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]

    def test_long_names(self) -> None:
        """A host name longer than a common name may be is fine: clients read the other field."""
        name = ".".join(["a" * 60] * 3)
        leaf = first(server(OURS, name).certificate)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [name]

    def test_no_name_no_certificate(self) -> None:
        """A server's certificate without a name would be for nobody."""
        with pytest.raises(ValueError, match="name"):
            issue_server(OURS, [], NOW, 90, number())

    def test_an_authority_with_another_key_algorithm(self) -> None:
        """An authority of RSA or Ed25519, brought along by an admin, issues as well."""
        from cryptography.hazmat.primitives.asymmetric import ed25519
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ed25519.Ed25519PrivateKey.generate()
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "theirs")])
        now = datetime.fromtimestamp(NOW, UTC)
        anchor = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
            .not_valid_before(now).not_valid_after(now + timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, None)
        )
        theirs = Credential(
            anchor.public_bytes(Encoding.PEM).decode(),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        )
        first(connector(theirs).certificate).verify_directly_issued_by(anchor)
        with pytest.raises(ConfigError, match="authority"):
            connector(replace(theirs, key="nothing"))
