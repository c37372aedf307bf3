"""Lists of revoked certificates: what is read of them, and which are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from appproxy.errors import ConfigError
from appproxy.pki.revocation.crl import (
    LARGEST_FETCHED,
    Edition,
    _check,
    certificate_id,
    check_newer,
    issuer_id,
    read_editions,
    read_fetched,
    read_lists,
)
from tests.pki.chains import CLIENT, DAY, NOW, crl, large_crl, make

ROOT = make("Device Root", authority=True)
TWIN = make("Device Root", authority=True)
ONE, TWO = (make(name, ROOT, extensions=(CLIENT,)) for name in ("one", "two"))
KNOWN = (ROOT.certificate,)


class _Old:
    """What `cryptography` no longer makes: a list with a broken signature, and one without an end."""

    issuer = ROOT.certificate.subject
    signature_hash_algorithm: object = SHA256()
    extensions: tuple[object, ...] = ()
    next_update_utc: object = None


def test_lists_that_nobody_makes_any_more() -> None:
    """Signed with SHA-1, or without an end: whoever could forge or keep one back could hide a revocation."""
    endless, broken = _Old(), _Old()
    broken.signature_hash_algorithm = SHA1()
    for found, said in ((endless, "does not say until when it counts"), (broken, "signed with SHA1")):
        with pytest.raises(ConfigError, match=said):
            _check(found, NOW)  # type: ignore[arg-type]


def test_what_is_in_one() -> None:
    """The revoked certificates, by the issuer's key and their numbers; and until when the list counts."""
    found = read_lists(crl(ROOT, ONE), KNOWN, NOW)
    assert found.revoked == {certificate_id(ONE.certificate, ROOT.certificate)}
    assert certificate_id(TWO.certificate, ROOT.certificate) not in found.revoked
    assert list(found.until) == [issuer_id(ROOT.certificate)]
    assert found.until[issuer_id(ROOT.certificate)] == pytest.approx(NOW + DAY, abs=1.0)


@pytest.mark.parametrize(("pem", "said"), [
    ("nothing", "no PEM list"),
    ("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----", "not a readable list"),
    (crl(TWIN, ONE), "none of the authority's certificates has signed"),
    (crl(ROOT, ends=NOW - 60), "has ended"),
    (crl(ROOT, critical=x509.DeltaCRLIndicator(1)), "only a part"),
    (crl(ROOT, critical=x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier("http://ca.example/part1.crl")], relative_name=None,
        only_contains_user_certs=False, only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
        only_contains_attribute_certs=False)), "only a part"),
    (crl(ROOT) * 21, "too many"),
    ("x" * 700_001, "too many"),
], ids=["none", "rubbish", "signed by a twin", "ended", "delta", "partition", "many lists", "large"])
def test_what_is_refused(pem: str, said: str) -> None:
    """With what is wrong: a list that is not whole, new and signed would let in what is revoked."""
    with pytest.raises(ConfigError, match=f"^crl: .*{said}"):
        read_lists(pem, KNOWN, NOW)


def edition(number: int | None, begins: float) -> dict[str, Edition]:
    """Of one issuer."""
    return {"issuer": Edition(number, begins)}


@pytest.mark.parametrize(("found", "known", "is_taken"), [
    (edition(5, NOW), edition(5, NOW), True), (edition(6, NOW), edition(5, NOW), True),
    (edition(4, NOW), edition(5, NOW), False), (edition(4, NOW + 1), edition(5, NOW), False),
    (edition(5, NOW - 1), edition(5, NOW), False), (edition(6, NOW - 1), edition(5, NOW), False),
    (edition(None, NOW), edition(5, NOW), True), (edition(None, NOW - 1), edition(5, NOW), False),
    (edition(1, NOW), edition(None, NOW), True), (edition(1, NOW - 1), edition(None, NOW), False),
    ({"other": Edition(1, 0.0)}, edition(5, NOW), True),
])
def test_which_list_is_older(found: dict[str, Edition], known: dict[str, Edition], is_taken: bool) -> None:
    """By its number or its time, whichever goes back; of another issuer nothing is compared."""
    if is_taken:
        check_newer(found, known, "force")
        return
    with pytest.raises(ConfigError, match="^crl: the list .* is older than the one that counts") as caught:
        check_newer(found, known, "force")
    assert caught.value.hint.endswith("restored from a backup: force")


def test_which_lists_a_text_has() -> None:
    """Ended ones, too, since they tell what was the newest; what is no list of the authority's tells nothing."""
    text = crl(ROOT, ends=NOW - 60, number=7) + crl(make("Stranger", authority=True)) + (
        "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n")
    [(issuer, found)] = read_editions(text, KNOWN).items()
    assert (issuer, found.number) == (issuer_id(ROOT.certificate), 7)
    assert read_lists(crl(ROOT, number=8), KNOWN, NOW).editions[issuer] == Edition(8, float(int(NOW - DAY)))


def test_numbers_and_times_that_no_issuer_means() -> None:
    """A number of more than 20 octets, and a list of tomorrow, would be the newest for ever."""
    for made, said in ((crl(ROOT, number=1 << 160), "more than 20 octets"),
                       (crl(ROOT, begins=NOW + 7200, ends=NOW + 9000), "counts only from"),
                       (crl(ROOT) + crl(ROOT), "two lists of CN=Device Root")):
        with pytest.raises(ConfigError, match=f"^crl: .*{said}"):
            read_lists(made, KNOWN, NOW)
    assert read_lists(crl(ROOT, number=(1 << 160) - 1), KNOWN, NOW).editions


def test_an_entry_that_is_of_another_issuer() -> None:
    """Entries with critical extensions mean something else than that the issuer's own certificate is revoked."""
    name = x509.CertificateIssuer([x509.DirectoryName(TWIN.certificate.subject)])
    entry = (x509.RevokedCertificateBuilder().serial_number(7).revocation_date(datetime.fromtimestamp(NOW, UTC))
             .add_extension(name, critical=True).build())
    made = (x509.CertificateRevocationListBuilder().issuer_name(ROOT.certificate.subject)
            .last_update(datetime.fromtimestamp(NOW - DAY, UTC)).next_update(datetime.fromtimestamp(NOW + DAY, UTC))
            .add_revoked_certificate(entry).sign(ROOT.private, SHA256()).public_bytes(Encoding.PEM).decode())
    with pytest.raises(ConfigError, match="an entry of the list of CN=Device Root has a critical extension"):
        read_lists(made, KNOWN, NOW)


def test_both_forms_of_what_is_fetched() -> None:
    """DER, PEM with several lists, and both come to the same as a text that is given."""
    other = make("Other Root", authority=True)
    known = (ROOT.certificate, other.certificate)
    one, two = crl(ROOT, ONE), crl(other, TWO)
    der = x509.load_pem_x509_crl(one.encode()).public_bytes(Encoding.DER)
    given = read_lists(one + two, known, NOW)
    assert read_fetched([der, two.encode()], known, NOW) == read_fetched([(one + two).encode()], known, NOW) == given
    for answers, said in (([b" \n"], "is empty"), ([b"<html>"], "no PEM list"), ([der, der], "two lists of"),
                          ([b"\x30" + bytes(LARGEST_FETCHED)], f"{LARGEST_FETCHED + 1} bytes are too many"),
                          ([der[:-1]], "not a readable list")):
        with pytest.raises(ConfigError, match=f"^crl: .*{said}"):
            read_fetched(answers, known, NOW)


def test_a_large_list() -> None:
    """More than could be given as a text: each of its entries is in it, and no other."""
    serials = [(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**127 for number in range(1, 30_001)]
    found = read_fetched([large_crl(ROOT, [*serials, ONE.certificate.serial_number])], KNOWN, NOW)
    assert len(found.revoked) == 30_001
    assert certificate_id(ONE.certificate, ROOT.certificate) in found.revoked
    assert certificate_id(TWO.certificate, ROOT.certificate) not in found.revoked
    assert found.revoked.isdisjoint([certificate_id(TWO.certificate, ROOT.certificate), "f" * 32])
