"""Whose certificate is it, and is this the service that the join token names?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import IdentityError
from appproxy.pki import (
    Credential,
    check_first_contact,
    connector_id,
    fingerprint,
    load_chain,
    load_key,
    not_after,
    serial,
    split_chain,
)
from tests.pki.authorities import CONNECT, DAY, NOW, OTHERS, OURS, SERVICE, authority, connector, server, unreadable

CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVES = ExtendedKeyUsageOID.SERVER_AUTH
URI = x509.UniformResourceIdentifier
OURS_URN = "urn:appproxy:connector:"


def leaf(
    names: list[x509.GeneralName] | None, usage: list[x509.ObjectIdentifier] | None, signer: Credential = OURS,
    ca: bool = False,
) -> str:
    """A certificate of any content, signed by this authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    anchor = load_chain(signer.certificate)[0]
    now = datetime.fromtimestamp(NOW, UTC)
    builder = (
        x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(anchor.subject).public_key(key.public_key())
        .serial_number(4711).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(anchor.public_key()), critical=False)  # type: ignore[arg-type]
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return builder.sign(load_key(signer.key), SHA256()).public_bytes(Encoding.PEM).decode()


class TestConnectorId:
    """Whose certificate is it?"""

    def test_text_and_bytes(self) -> None:
        """The id is read from PEM, as files have it, and from DER, as TLS has it."""
        mine = connector(OURS, "abc").certificate
        assert connector_id(mine) == "abc"
        assert connector_id(load_chain(mine)[0].public_bytes(Encoding.DER)) == "abc"

    @pytest.mark.parametrize(
        ("names", "usage"),
        [
            ([URI(OURS_URN + "a"), URI(OURS_URN + "b")], [CLIENT]),
            ([URI(OURS_URN + "a"), x509.DNSName("example.com")], [CLIENT]),
            ([x509.DNSName("a")], [CLIENT]),
            ([URI("urn:other:connector:a")], [CLIENT]),
            ([URI(OURS_URN)], [CLIENT]),
            ([URI(OURS_URN + "a/b")], [CLIENT]),
            ([URI(OURS_URN + "a%62")], [CLIENT]),
            ([URI("x" + OURS_URN + "a")], [CLIENT]),
            ([URI(OURS_URN.upper() + "a")], [CLIENT]),
            ([URI(OURS_URN + "a")], [SERVES]),
            ([URI(OURS_URN + "a")], [CLIENT, SERVES]),
            ([URI(OURS_URN + "a")], [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
            ([URI(OURS_URN + "a")], None),
            (None, [CLIENT]),
        ],
    )
    def test_what_is_no_connectors_certificate(
        self, names: list[x509.GeneralName] | None, usage: list[x509.ObjectIdentifier] | None
    ) -> None:
        """Two names, another name, another use: none of them is a connector."""
        with pytest.raises(IdentityError, match="not a connector's certificate"):
            connector_id(leaf(names, usage))

    def test_names_that_cannot_be_read(self) -> None:
        """Nor is one whose names are malformed."""
        with pytest.raises(IdentityError, match="not a connector's certificate"):
            connector_id(unreadable(OURS).certificate)

    def test_the_services_certificate(self) -> None:
        """Nor is the service."""
        with pytest.raises(IdentityError, match="not a connector's certificate"):
            connector_id(SERVICE.certificate)

    @given(st.binary(max_size=200) | st.text(max_size=200))
    def test_anything_else(self, certificate: str | bytes) -> None:
        """Whatever is given, it is an id or refused."""
        with pytest.raises(IdentityError):
            connector_id(certificate)


class TestFacts:
    """What certificates say."""

    def test_fingerprint(self) -> None:
        """It is that of the first certificate, as `openssl x509 -fingerprint -sha256` says it, without colons."""
        assert fingerprint(SERVICE.certificate) == load_chain(SERVICE.certificate)[0].fingerprint(SHA256()).hex()
        assert len(fingerprint(OURS.certificate)) == 64
        assert fingerprint(OURS.certificate) != fingerprint(OTHERS.certificate)

    def test_beyond_2038(self) -> None:
        """Times after 2038 are no trouble."""
        late = datetime(2039, 1, 1, tzinfo=UTC).timestamp()
        assert not_after(connector(authority(now=late), now=late, days=10).certificate) == late + 10 * DAY

    def test_serial(self) -> None:
        """The number that the store keeps is the certificate's."""
        mine = connector(OURS).certificate
        assert int(serial(mine), 16) == load_chain(mine)[0].serial_number


def contact(chain: list[str], anchor: str = "", name: str = CONNECT, now: float = NOW) -> str:
    """Check this chain against our anchor."""
    return check_first_contact(chain, anchor or fingerprint(OURS.certificate), name, now)


class TestFirstContact:
    """A joining connector knows a fingerprint and a name, and nothing else."""

    def test_our_service(self) -> None:
        """The right service shows its anchor, which is then believed."""
        assert fingerprint(contact(split_chain(SERVICE.certificate))) == fingerprint(OURS.certificate)

    def test_capital_letters(self) -> None:
        """A fingerprint or a name in capitals is the same."""
        contact(split_chain(SERVICE.certificate), fingerprint(OURS.certificate).upper(), CONNECT.upper())

    def test_a_wildcard(self) -> None:
        """A leaf for all of the domain is for the connect host too."""
        contact(split_chain(server(OURS, "*.example.com").certificate))

    def test_the_anchor_is_not_shown(self) -> None:
        """A chain without the anchor cannot be checked."""
        with pytest.raises(IdentityError, match="does not show the trust anchor"):
            contact(split_chain(SERVICE.certificate)[:1])

    def test_another_service(self) -> None:
        """Another authority's chain is refused."""
        with pytest.raises(IdentityError, match="does not show the trust anchor"):
            contact(split_chain(server(OTHERS).certificate))

    def test_our_anchor_beside_anothers_leaf(self) -> None:
        """Showing our anchor, which is public, does not help who has no leaf of it."""
        theirs = split_chain(server(OTHERS).certificate)
        with pytest.raises(IdentityError, match="not signed by"):
            contact([theirs[0], OURS.certificate])
        with pytest.raises(IdentityError, match="not signed by"):
            contact([*theirs, OURS.certificate])

    def test_an_authority_of_the_same_name(self) -> None:
        """Nor does a leaf of an authority that calls itself like ours."""
        false = split_chain(server(authority()).certificate)
        with pytest.raises(IdentityError, match="not signed by"):
            contact([false[0], OURS.certificate])

    def test_the_anchor_as_leaf(self) -> None:
        """The anchor itself is no server."""
        with pytest.raises(IdentityError, match="does not show the trust anchor"):
            contact([OURS.certificate])
        with pytest.raises(IdentityError, match="is not for servers|does not say"):
            contact([OURS.certificate, OURS.certificate])

    def test_a_connectors_certificate(self) -> None:
        """A connector's certificate of the same authority does not serve."""
        with pytest.raises(IdentityError, match="not for servers"):
            contact([connector(OURS).certificate, OURS.certificate])

    def test_a_leaf_without_a_use(self) -> None:
        """A leaf that does not say what it is for is refused."""
        with pytest.raises(IdentityError, match="does not say that it is for servers"):
            contact([leaf([x509.DNSName(CONNECT)], None), OURS.certificate])

    def test_an_authority_as_leaf(self) -> None:
        """A certificate that is itself an authority does not serve."""
        with pytest.raises(IdentityError, match="refused"):
            contact([leaf([x509.DNSName(CONNECT)], [SERVES], ca=True), OURS.certificate])

    @pytest.mark.parametrize("name", ["connect.example.org", "example.com", "a.connect.example.com", "com"])
    def test_another_name(self, name: str) -> None:
        """The leaf must bear the name of the token; the error says which it bears."""
        with pytest.raises(IdentityError, match=f"is for connect.example.com, not for {name}"):
            contact(split_chain(SERVICE.certificate), name=name)

    @pytest.mark.parametrize("later", [91 * DAY, 20 * 365 * DAY])
    def test_expired(self, later: float) -> None:
        """An expired leaf is refused, and the clock is mentioned."""
        with pytest.raises(IdentityError, match="expired on .* check this machine's clock"):
            contact(split_chain(SERVICE.certificate), now=NOW + later)

    def test_not_yet_valid(self) -> None:
        """So is one of the future."""
        with pytest.raises(IdentityError, match="valid only from .* check this machine's clock"):
            contact(split_chain(SERVICE.certificate), now=NOW - 2 * DAY)

    def test_a_clock_that_is_a_day_slow(self) -> None:
        """A machine whose clock is almost a day slow can join."""
        contact(split_chain(SERVICE.certificate), now=NOW - 0.99 * DAY)

    def test_names_that_cannot_be_read(self) -> None:
        """A leaf whose names are malformed is refused, like any other."""
        with pytest.raises(IdentityError):
            contact(split_chain(unreadable(OURS).certificate))

    @pytest.mark.parametrize("chain", [[], ["nonsense"], [SERVICE.certificate] * 11])
    def test_no_chain(self, chain: list[str]) -> None:
        """Nothing, nonsense and a hundred certificates are refused."""
        with pytest.raises(IdentityError):
            contact(chain)
