"""Responders are asked: at a proof and again, but not more than needed; and silence is no good word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appproxy.errors import IdentityError
from appproxy.pki.client_path import ClientAuthority, ClientCertificate, check_client_certificate
from appproxy.service.revocation.statuses import StatusAsker
from appproxy.store.devices import authorities, statuses
from appproxy.store.snapshot import RevocationSources
from tests.pki.chains import CLIENT, NOW, Made, make
from tests.pki.revocation.test_ocsp import GOOD, REVOKED, UNKNOWN, answer
from tests.service.revocation.house import LAPTOP, ROOT, House

URL = "http://ocsp.corp/"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """With one responder, which answers as `says` wants."""
    made = House(tmp_path, RevocationSources(ocsp=(URL,)))
    yield made
    made.end()


def asker(house: House) -> StatusAsker:
    """One that looks."""
    made = StatusAsker(house.live, house.net, house.clock, house.wall_clock, house.random_bytes)
    made.start()
    return made


def says(house: House, status: Any, seconds: float = 3600.0, about: Made = LAPTOP) -> None:
    """What the responder answers from now on."""
    def answered(url: str, body: bytes) -> bytes:
        nonce = ocsp.load_der_ocsp_request(body).extensions[0].value.nonce
        now = house.wall_clock()
        return answer(about, status, issuer=ROOT, signer=ROOT, begins=now, ends=now + seconds, nonce=nonce)

    house.net.answer = answered


def proved(house: House, one: Made = LAPTOP) -> ClientCertificate:
    """As the device step finds it."""
    der = one.certificate.public_bytes(Encoding.DER)
    return check_client_certificate([der], {house.id: ClientAuthority((ROOT.certificate,))}, house.wall_clock())


def ask(house: House, of: StatusAsker, one: Made = LAPTOP) -> list[Any]:
    """What comes, once it does."""
    results: list[Any] = []
    Deferred.fromCoroutine(of.until(proved(house, one))).addBoth(results.append)
    return results


def refusal(results: list[Any]) -> str:
    """Why it was not believed."""
    assert isinstance(results[0], Failure) and results[0].check(IdentityError), results
    return str(results[0].value.detail)  # type: ignore[union-attr]


def test_a_good_one_is_asked_about_once(house: House) -> None:
    """Its answer counts for all nodes until it is half as old as it may be."""
    says(house, GOOD)
    one, two = asker(house), asker(house)
    assert ask(house, one) == [pytest.approx(NOW + 3600.0, abs=1.0)]
    assert ask(house, two) == ask(house, one) and house.net.asked == [URL]
    assert one.asked == {("Company", "good"): 1}
    one.stop()
    two.stop()


def test_sessions_go_on_and_end(house: House) -> None:
    """Asked again before the answer ends, all nodes hear of it; revoked later, its proofs count no longer."""
    says(house, GOOD, 600.0)
    one = asker(house)
    ask(house, one)
    id_ = proved(house).path[0]
    house.pass_by(450.0, 5.0)
    [(known, until)] = (house.live.snapshot.device_authorities[house.id].trusted.answers or {}).items()
    assert known == id_ and until == pytest.approx(NOW + 315.0 + 600.0, abs=20.0)
    says(house, REVOKED, 600.0)
    house.pass_by(450.0, 5.0)
    assert house.live.snapshot.device_authorities[house.id].revoked == {id_}
    assert "is revoked" in refusal(ask(house, one))
    says(house, GOOD, 600.0)
    house.pass_by(450.0, 5.0)
    assert not house.live.snapshot.device_authorities[house.id].revoked
    one.stop()


@pytest.mark.parametrize("is_soft", [False, True])
def test_a_responder_that_is_away(house: House, is_soft: bool) -> None:
    """Strict: nobody counts, and who comes meanwhile hears so without a question. Soft: everybody does, until it answers."""
    with house.store.transaction(NOW) as tx:
        authorities.set_sources(tx, "Company", RevocationSources(ocsp=(URL,), ocsp_soft=is_soft))
    house.pass_by(2.0)
    one = asker(house)
    for _ in range(3):
        results = ask(house, one)
        if is_soft:
            assert results == [0.0]
        else:
            assert "is not known: http://ocsp.corp/: nothing answers there" in refusal(results)
    assert house.net.asked == [URL] and one.asked == {("Company", "failed"): 3}
    with house.store.reading() as reading:
        assert statuses.failing(reading, house.id)[0] == 1
    says(house, REVOKED)
    house.pass_by(900.0, 5.0)
    assert len(house.live.snapshot.device_authorities[house.id].revoked) == 1
    assert "is revoked" in refusal(ask(house, one))
    one.stop()


def test_what_is_no_answer(house: House) -> None:
    """Refused with what is wrong; the next proof asks again."""
    one = asker(house)
    for setting, said in ((lambda: says(house, UNKNOWN), "does not know the certificate"),
                          (lambda: says(house, GOOD, -5.0), "has ended"),
                          (lambda: says(house, GOOD, about=make("x", ROOT, extensions=(CLIENT,))), "another certificate")):
        setting()
        assert said in refusal(ask(house, one))
    house.net.answer = lambda url, body: b"<html>"
    assert "not a readable answer" in refusal(ask(house, one))
    says(house, GOOD)
    assert ask(house, one)[0] > NOW
    one.stop()


def test_a_known_answer_outlasts_a_failure(house: House) -> None:
    """Until it ends, and no longer."""
    says(house, GOOD, 600.0)
    one = asker(house)
    ask(house, one)
    house.net.answer = lambda url, body: None
    house.pass_by(400.0, 5.0)
    assert ask(house, one) == [pytest.approx(NOW + 600.0, abs=1.0)]
    house.pass_by(205.0, 5.0)
    assert "is not known" in refusal(ask(house, one))
    one.stop()


def test_what_counts_as_good_and_revoked(house: House) -> None:
    """What the responder has said just now, and not what is still known of before."""
    says(house, REVOKED)
    one = asker(house)
    ask(house, one)
    assert one.asked == {("Company", "revoked"): 1}

    def older(url: str, body: bytes) -> bytes:
        nonce = ocsp.load_der_ocsp_request(body).extensions[0].value.nonce
        now = house.wall_clock()
        return answer(LAPTOP, GOOD, issuer=ROOT, signer=ROOT, begins=NOW - 600.0, ends=now + 3600.0, nonce=nonce)

    house.net.answer = older
    house.pass_by(1900.0, 5.0)
    assert one.asked["Company", "failed"] > 0 and one.asked == {("Company", "revoked"): 1, ("Company", "failed"): one.asked[
        "Company", "failed"]}
    one.stop()


def test_a_clock_that_is_set_back(house: House) -> None:
    """What was heard before counts no day longer, neither in sessions nor at a proof; what is heard then counts. A responder
    that was away is asked again in a moment, not in a day.
    """
    says(house, GOOD, 7200.0)
    one = asker(house)
    ask(house, one)
    house.pass_by(3700.0, 5.0)
    [before] = (house.live.snapshot.device_authorities[house.id].trusted.answers or {}).values()
    house.net.answer = lambda url, body: None
    house.behind = 86_400.0
    house.pass_by(2.0)
    [after] = (house.live.snapshot.device_authorities[house.id].trusted.answers or {}).values()
    assert after == pytest.approx(before - 86_400.0, abs=0.1)
    assert "nothing answers there" in refusal(ask(house, one))
    says(house, GOOD, 7200.0)
    house.pass_by(20.0)
    assert ask(house, one) == [pytest.approx(house.wall_clock() + 7200.0, abs=30.0)]
    one.stop()


def test_one_question_for_all_who_wait(house: House) -> None:
    """However many proofs of one certificate come; one that leaves takes nothing from the others."""
    says(house, GOOD)
    house.net.is_slow = True
    one = asker(house)
    leaving = Deferred.fromCoroutine(one.until(proved(house)))
    leaving.addErrback(lambda _: None)
    waiting = [ask(house, one) for _ in range(50)]
    assert house.net.asked == [URL] and waiting == [[]] * 50
    leaving.cancel()
    house.net.waiting.pop()()
    assert all(found[0] > NOW for found in waiting)
    one.stop()


def test_the_places_of_a_flood(house: House) -> None:
    """Of very many certificates, eight questions to one host at the same time; of one network some wait, and the rest is
    refused.
    """
    house.net.is_slow = True
    one = asker(house)
    laptops = [make(f"laptop-{number}", ROOT, extensions=(CLIENT,)) for number in range(70)]
    results = [ask(house, one, laptop) for laptop in laptops]
    assert len(house.net.asked) == 8
    assert sum(bool(found) for found in results) == 70 - 8 - 50
    assert "too many questions wait" in refusal(next(found for found in results if found))
    one.stop()


def test_a_slow_responder_holds_no_place_of_others(house: House) -> None:
    """However many certificates are of it; and when it has been found away, those that waited for it do not ask, each for as
    long as the first ones.
    """
    slow = "http://slow.corp/"
    with house.store.transaction(NOW) as tx:
        authorities.set_sources(tx, "Company", RevocationSources(ocsp=(slow, URL)))
    house.pass_by(2.0)
    house.net.is_slow = True
    one = asker(house)
    stuck = [ask(house, one, make(f"laptop-{number}", ROOT, extensions=(CLIENT,))) for number in range(40)]
    assert house.net.asked == [slow] * 8
    named = make("laptop", ROOT, extensions=(CLIENT, x509.AuthorityInformationAccess([x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(URL))])))
    says(house, GOOD, about=named)
    quick = ask(house, one, named)
    assert house.net.asked[8:] == [URL]
    house.net.waiting.pop()()
    assert quick == [pytest.approx(NOW + 3602.0, abs=1.0)]
    house.net.answer = lambda url, body: None
    for tell in house.net.waiting:
        tell()
    assert house.net.asked[9:] == [], "it was asked again by those that had waited"
    assert all("nothing answers there" in refusal(found) for found in stuck)
    one.stop()


def test_of_several_responders(house: House) -> None:
    """That which the certificate names, if the record does, too; else the first. One that only the certificate names is never
    asked.
    """
    from tests.pki.revocation.test_ocsp import test_which_responders_a_certificate_names as _  # noqa: F401 -- its form of the extension

    def laptop(url: str) -> Made:
        return make("laptop", ROOT, extensions=(CLIENT, x509.AuthorityInformationAccess([x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))])))

    with house.store.transaction(NOW) as tx:
        authorities.set_sources(tx, "Company", RevocationSources(ocsp=(URL, "http://two.corp/")))
    house.pass_by(2.0)
    one = asker(house)
    for url, asked in (("http://two.corp/", "http://two.corp/"), ("http://169.254.169.254/", URL)):
        ask(house, one, laptop(url))
        assert house.net.asked[-1] == asked
    one.stop()


def test_an_issuer_that_was_not_named(house: House) -> None:
    """Its answers could not be checked: the certificate counts only where the record has it."""
    between = make("Between", ROOT, authority=True)
    laptop = make("laptop", between, extensions=(CLIENT,))
    shown = [each.certificate.public_bytes(Encoding.DER) for each in (laptop, between)]
    found = check_client_certificate(shown, {house.id: ClientAuthority((ROOT.certificate,))}, NOW)
    one = asker(house)
    results: list[Any] = []
    Deferred.fromCoroutine(one.until(found)).addBoth(results.append)
    assert "its issuer is not among the authority's" in refusal(results) and house.net.asked == []
    one.stop()
