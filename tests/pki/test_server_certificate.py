"""What an admin is told of a certificate that browsers would not take, and how one that they take is kept."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from appproxy.errors import ConfigError
from appproxy.pki import Credential, load_chain
from appproxy.pki.server_certificate import certificate_facts, check_server_certificate
from tests.pki.chains import BETWEEN, CLIENT, DAY, NOW, ROOT, SERVER, Made, chain, leaf, make, usage

LEAF = leaf()


def check(given: str, key: str, now: float = NOW, roots: tuple[Made, ...] = (ROOT,)) -> Credential:
    """As an admin gives it."""
    return check_server_certificate(given, key, now, [one.certificate for one in roots])


def reason(given: str, key: str, now: float = NOW, roots: tuple[Made, ...] = (ROOT,)) -> str:
    """Why it is refused."""
    with pytest.raises(ConfigError) as caught:
        check(given, key, now, roots)
    text = str(caught.value)
    assert key.splitlines()[1] not in text
    return text


class TestTaken:
    """Good ones."""

    def test_a_chain_in_order(self) -> None:
        """The usual file: it is kept as it is."""
        assert check(chain(LEAF), LEAF.key) == Credential(chain(LEAF), LEAF.key)

    def test_a_chain_in_another_order_with_its_root(self) -> None:
        """It is put into order, and the root, which browsers have, is not sent."""
        assert check(ROOT.pem + BETWEEN.pem + LEAF.pem, LEAF.key).certificate == chain(LEAF)

    def test_twice_the_same(self) -> None:
        """A file with a certificate in it twice is a file with that certificate."""
        assert check(LEAF.pem + chain(LEAF), LEAF.key).certificate == chain(LEAF)

    def test_own_authority(self) -> None:
        """An organisation's own authority, named as the one to trust, issues the leaf directly, or is the leaf itself."""
        own = make("Own", authority=True)
        direct = leaf(issuer=own)
        assert check(direct.pem + own.pem, direct.key, roots=(own,)).certificate == direct.pem
        alone = make("alone", names=("alone.example.com",))
        assert check(alone.pem, alone.key, roots=(alone,)).certificate == alone.pem

    def test_an_intermediate_that_is_trusted_itself(self) -> None:
        """The chain need go no further than to what is trusted."""
        assert check(LEAF.pem, LEAF.key, roots=(BETWEEN,)).certificate == LEAF.pem

    @pytest.mark.parametrize("private", [
        ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)], ids=["P-384", "RSA"])
    def test_other_strong_keys(self, private: Any) -> None:
        """What browsers take, we take."""
        made = leaf(private=private)
        assert check(chain(made), made.key).certificate == chain(made)

    def test_without_uses(self) -> None:
        """A certificate that limits its uses not at all may serve."""
        made = leaf(extensions=())
        assert check(chain(made), made.key)


class TestRefused:
    """Each with its reason."""

    def test_dates(self) -> None:
        """Ended, of the leaf or above it, or not begun."""
        assert "it ended on" in reason(chain(LEAF), LEAF.key, NOW + 90 * DAY + 1)
        assert "it is valid only from" in reason(chain(LEAF), LEAF.key, NOW - 2 * DAY)
        old = make("Old Intermediate", ROOT, authority=True, ends=NOW - 1)
        made = leaf(issuer=old)
        assert "its intermediate CN=Old Intermediate ended" in reason(made.pem + old.pem, made.key)
        gone = make("Gone", authority=True, ends=NOW - 1)
        made = leaf(issuer=gone)
        assert "the authority above it, CN=Gone, ended" in reason(made.pem, made.key, roots=(gone,))

    def test_anothers_key(self) -> None:
        """A certificate without its own key cannot be used."""
        assert "does not belong to this key" in reason(chain(LEAF), leaf().key)

    def test_no_pem(self) -> None:
        """Neither half may be anything else."""
        assert "no PEM certificate" in reason("x", LEAF.key)
        with pytest.raises(ConfigError, match="key: not a readable"):
            check(chain(LEAF), "x")

    def test_a_missing_intermediate(self) -> None:
        """The commonest mistake of all; the text names what is missing and where it is to be had."""
        text = reason(LEAF.pem, LEAF.key)
        assert "CN=Test Intermediate, is missing" in text and "http://ca.example/between.crt" in text

    def test_a_gap(self) -> None:
        """The root does not follow upon the leaf."""
        assert "CN=Test Root is in the file and issued none" in reason(LEAF.pem + ROOT.pem, LEAF.key)

    def test_an_authority_that_nobody_knows(self) -> None:
        """It is said how an own one is named."""
        own = make("Own", authority=True)
        made = leaf(issuer=own)
        text = reason(made.pem + own.pem, made.key)
        assert "CN=Own is none that browsers trust" in text and "--authority" in text
        alone = make("alone", names=("alone.example.com",))
        assert "CN=alone is none that browsers trust" in reason(alone.pem, alone.key)

    def test_an_authority_of_the_same_name(self) -> None:
        """Names prove nothing, signatures do."""
        twin = make("Test Root", authority=True)
        between = make("Between", twin, authority=True)
        made = leaf(issuer=between)
        assert "CN=Test Root, is missing" in reason(made.pem + between.pem, made.key)

    def test_an_issuer_that_is_no_authority(self) -> None:
        """A server's certificate issues none."""
        bad = make("Server", ROOT)
        made = leaf(issuer=bad)
        assert "CN=Server is no authority" in reason(made.pem + bad.pem, made.key)

    def test_too_many(self) -> None:
        """A whole bundle is no chain."""
        assert "12 certificates are given" in reason(LEAF.pem * 12, LEAF.key)

    @pytest.mark.parametrize(("private", "words"), [
        (rsa.generate_private_key(65537, 1024), "has 1024 bits"),
        (ec.generate_private_key(ec.SECP521R1()), "not every browser"),
        (ed25519.Ed25519PrivateKey.generate(), "not every browser"),
    ], ids=["RSA 1024", "P-521", "Ed25519"])
    def test_keys(self, private: Any, words: str) -> None:
        """Too weak, or of a kind that browsers do not know."""
        made = leaf(private=private)
        assert words in reason(chain(made), made.key)

    def test_a_key_that_no_tls_knows(self) -> None:
        """DSA is history."""
        private = dsa.generate_private_key(2048)
        made = leaf(private=private)
        with pytest.raises(ConfigError, match="must be an EC, Ed25519 or RSA key"):
            check(chain(made), made.key)

    def test_sha1(self) -> None:
        """Of the leaf, or above it; a root's own signature means nothing."""
        made = leaf(digest="sha1")
        assert "CN=server is signed with SHA1" in reason(chain(made), made.key)
        weak = make("Weak", ROOT, authority=True, digest="sha1")
        made = leaf(issuer=weak)
        assert "CN=Weak is signed with SHA1" in reason(made.pem + weak.pem, made.key)
        root = make("Old Root", authority=True, digest="sha1")
        made = leaf(issuer=root)
        assert check(made.pem + root.pem, made.key, roots=(root,))

    @pytest.mark.parametrize("names", [(), ("*",), ("a b",), ("*.*.example.com",), ("w*.example.com",)])
    def test_no_name(self, names: tuple[str, ...]) -> None:
        """The common name does not count, nor does what is none."""
        made = make("wiki.example.com", BETWEEN, names=names)
        assert "no DNS name" in reason(chain(made), made.key)

    def test_uses(self) -> None:
        """For clients, without signatures, or an authority's own."""
        made = leaf(extensions=(CLIENT,))
        assert "serverAuth" in reason(chain(made), made.key)
        made = leaf(extensions=(SERVER, usage(False, False)))
        assert "digitalSignature" in reason(chain(made), made.key)
        made = leaf(authority=True)
        assert "authority's own" in reason(chain(made), made.key)

    def test_unreadable_extensions(self) -> None:
        """What cannot be read is refused, not skipped."""
        bad = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x02\xa3\x00")
        made = make("bad", BETWEEN, extensions=(bad,))
        assert "cannot be read" in reason(chain(made), made.key)
        with pytest.raises(ConfigError, match="not a readable certificate"):
            certificate_facts(made.pem)


def test_facts() -> None:
    """What listings show."""
    made = leaf("Wiki.example.com", "*.example.com", private=rsa.generate_private_key(65537, 2048))
    facts = certificate_facts(chain(made))
    assert facts.names == ("wiki.example.com", "*.example.com")
    assert (facts.issuer, facts.key) == ("CN=Test Intermediate", "RSA 2048")
    assert (int(facts.not_before), int(facts.not_after)) == (int(NOW - DAY), int(NOW + 90 * DAY))
    assert certificate_facts(LEAF.pem).key == "EC 256"
    assert facts.serial == f"{load_chain(made.pem)[0].serial_number:x}" and len(facts.fingerprint) == 64
    assert certificate_facts(leaf(private=ed25519.Ed25519PrivateKey.generate()).pem).key == "Ed25519PublicKey"
