"""Certificates that clients show: which are believed, and what is said of those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki.client_path import (
    ClientAuthority,
    ClientCertificate,
    check_client_certificate,
    load_authority,
    subject_of,
)
from appproxy.pki.revocation.crl import certificate_id, read_lists
from tests.pki.chains import CLIENT, DAY, NOW, SERVER, Made, crl, make, usage

ROOT = make("Device Root", authority=True, ends=NOW + 3650 * DAY)
BETWEEN = make("Device Issuer", ROOT, authority=True, ends=NOW + 900 * DAY)
OTHER = make("Other Root", authority=True)
USES = (CLIENT, usage(True, False))
GOOD = make("laptop-7", BETWEEN, extensions=USES)


def der(*chain: Made) -> list[bytes]:
    """As TLS shows them."""
    return [one.certificate.public_bytes(Encoding.DER) for one in chain]


def device(issuer: Made = BETWEEN, **other: Any) -> Made:
    """A device's certificate that would be good."""
    return make("laptop-8", issuer, **{"extensions": USES, **other})


def check(*chain: Made, authorities: tuple[Made, ...] = (ROOT,), lists: str = "") -> ClientCertificate:
    """With one authority, of these certificates."""
    known = tuple(one.certificate for one in authorities)
    found = read_lists(lists, known, NOW) if lists else None
    return check_client_certificate(der(*chain), {"corp": ClientAuthority(known, found)}, NOW)


def test_a_good_one() -> None:
    """It says whose it is, by which authority, until when, and by what it can be revoked."""
    found = check(GOOD, BETWEEN)
    assert (found.authority, found.subject) == ("corp", (("CN", "laptop-7"),))
    assert found.path == (
        certificate_id(GOOD.certificate, BETWEEN.certificate), certificate_id(BETWEEN.certificate, ROOT.certificate))
    assert found.ends == GOOD.certificate.not_valid_after_utc.timestamp()
    assert len(found.fingerprint) == 64


def test_what_is_between_may_be_named_itself() -> None:
    """An authority below another is trusted alone, and its path ends there."""
    assert len(check(GOOD, authorities=(BETWEEN,)).path) == 1


def test_it_ends_with_what_is_above_it() -> None:
    """Whatever ends first."""
    short = make("Short Issuer", ROOT, authority=True, ends=NOW + 2 * DAY)
    found = check(device(short), short)
    assert found.ends == short.certificate.not_valid_after_utc.timestamp()


def bad() -> dict[str, tuple[list[Made], str]]:
    """What is wrong, as a chain, and what is said of it."""
    tight = make("Tight Root Child", ROOT, authority=True, below=0)
    below = make("Too Deep", tight, authority=True)
    mail = make("Mail Issuer", ROOT, authority=True, extensions=(SERVER,))
    weak = make("Weak Issuer", ROOT, authority=True, private=rsa.generate_private_key(65537, 1024))
    old = make("Ended Issuer", ROOT, authority=True, begins=NOW - 9 * DAY, ends=NOW - DAY)
    return {
        "expired": ([device(begins=NOW - 9 * DAY, ends=NOW - DAY), BETWEEN], "ended on"),
        "not yet valid": ([device(begins=NOW + DAY), BETWEEN], "valid only from"),
        "another authority": ([device(OTHER)], "no authority that was named vouches"),
        "another authority, shown with it": ([device(OTHER), OTHER], "no authority that was named vouches"),
        "self-signed": ([make("laptop-8", extensions=USES)], "self-signed"),
        "no intermediate": ([GOOD], "no authority that was named vouches"),
        "ended intermediate": ([device(old), old], "no authority that was named vouches"),
        "a server's": ([device(extensions=(SERVER, usage(True, False))), BETWEEN], "lacks clientAuth"),
        "for whatever": ([device(extensions=()), BETWEEN], "lacks clientAuth"),
        "may not sign": ([device(extensions=(CLIENT, usage(False, True))), BETWEEN], "digitalSignature"),
        "below servers' issuer": ([device(mail), mail], "an authority between is for another use"),
        "path too long": ([device(below), below, tight], "no authority that was named vouches"),
        "issued by a client": ([device(GOOD), GOOD, BETWEEN], "no authority that was named vouches"),
        "weak key": ([device(private=rsa.generate_private_key(65537, 1024)), BETWEEN], "too weak"),
        "odd curve": ([device(private=ec.generate_private_key(ec.SECP256K1())), BETWEEN], "too weak"),
        "weak intermediate": ([device(weak), weak], "key of CN=Weak Issuer"),
        "SHA-1": ([device(digest="sha1"), BETWEEN], "SHA1"),
        "an authority": ([device(authority=True), BETWEEN], "an authority's own"),
        "the authority itself": ([ROOT], "an authority's own"),
        "too many": ([GOOD, BETWEEN, *[OTHER] * 5], "are possible"),
        "none": ([], "no certificate"),
    }


@pytest.mark.parametrize(("chain", "said"), bad().values(), ids=bad().keys())
def test_bad_ones(chain: list[Made], said: str) -> None:
    """Each is refused, and it is said why."""
    with pytest.raises(IdentityError, match=said) as raised:
        check(*chain)
    assert raised.value.code is Code.PROOF_MISSING


def test_rubbish() -> None:
    """What is no certificate is refused, too."""
    with pytest.raises(IdentityError, match="cannot be read"):
        check_client_certificate([b"\x30\x00"], {"corp": ClientAuthority((ROOT.certificate,))}, NOW)


def test_a_long_subject() -> None:
    """It would not fit into a cookie."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 7)
    made = x509.CertificateBuilder(
        issuer_name=ROOT.certificate.subject, subject_name=name, public_key=GOOD.certificate.public_key(), serial_number=77,
        not_valid_before=GOOD.certificate.not_valid_before_utc, not_valid_after=GOOD.certificate.not_valid_after_utc,
    ).add_extension(CLIENT, critical=False).sign(ROOT.private, GOOD.certificate.signature_hash_algorithm)  # type: ignore[arg-type]
    with pytest.raises(IdentityError, match="more than 400 signs"):
        check(Made(made, None))


def test_revoked() -> None:
    """The device's, or that of an authority between; and the lists of all issuers have to be there."""
    both = (ROOT, BETWEEN)
    fine = crl(ROOT) + crl(BETWEEN)
    assert check(GOOD, authorities=both, lists=fine)
    with pytest.raises(IdentityError, match="CN=laptop-7 is revoked"):
        check(GOOD, authorities=both, lists=crl(ROOT) + crl(BETWEEN, GOOD))
    with pytest.raises(IdentityError, match="CN=Device Issuer is revoked"):
        check(GOOD, BETWEEN, lists=crl(ROOT, BETWEEN))
    with pytest.raises(IdentityError, match="list of CN=Device Issuer is not there"):
        check(GOOD, BETWEEN, lists=crl(ROOT))


def test_a_revoked_certificate_of_the_authority() -> None:
    """Though it was named: one of the others, which has issued it, says so."""
    assert len(check(GOOD, authorities=(ROOT, BETWEEN)).path) == 2
    with pytest.raises(IdentityError, match="CN=Device Issuer is revoked"):
        check(GOOD, authorities=(ROOT, BETWEEN), lists=crl(ROOT, BETWEEN) + crl(BETWEEN))


def test_a_list_that_has_ended() -> None:
    """What is newer than it is not known, so nothing is proved any more."""
    known = (BETWEEN.certificate,)
    lists = read_lists(crl(BETWEEN, ends=NOW + DAY), known, NOW)
    authority = {"corp": ClientAuthority(known, lists)}
    assert check_client_certificate(der(GOOD), authority, NOW + DAY - 60)
    with pytest.raises(IdentityError, match="has ended"):
        check_client_certificate(der(GOOD), authority, NOW + DAY + 60)


def test_the_same_number_of_another_issuer() -> None:
    """Numbers count together with the key of who has given them."""
    assert certificate_id(GOOD.certificate, BETWEEN.certificate) != certificate_id(GOOD.certificate, OTHER.certificate)


@pytest.mark.parametrize(("pem", "said"), [
    (GOOD.pem, "CN=laptop-7 is no authority's"),
    (make("Weak", authority=True, private=rsa.generate_private_key(65537, 1024)).pem, "too weak"),
    (make("Ended", authority=True, begins=NOW - 9 * DAY, ends=NOW - DAY).pem, "ended on"),
    ("", "no PEM certificate"),
], ids=["a client's", "weak", "ended", "none"])
def test_what_is_no_authority(pem: str, said: str) -> None:
    """The admin hears what is wrong with it."""
    with pytest.raises(ConfigError, match=said):
        load_authority(pem, NOW)


def test_an_authority() -> None:
    """Each of its certificates once."""
    assert [subject_of(one) for one in load_authority(ROOT.pem + BETWEEN.pem + ROOT.pem, NOW)] == [
        "CN=Device Root", "CN=Device Issuer"]
