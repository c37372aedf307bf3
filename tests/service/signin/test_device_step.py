"""Devices at a sign-in: led to where they prove themselves, once, and back; who proves none reads why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appproxy.device import ProvedDevice
from appproxy.errors import Code, IdentityError
from appproxy.identity.session import Session
from appproxy.identity.states import DEVICE_LIFETIME
from appproxy.pki.client_path import ClientCertificate
from appproxy.pki.revocation.crl import certificate_id, issuer_id
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.parts.devices import Devices
from appproxy.service.signin.device_step import DeviceCheck
from appproxy.store.snapshot import DeviceAuthority, RevocationSources
from tests.pki.chains import CLIENT, DAY, Made, make, usage
from tests.service.sign_in_world import ISSUER, NOW, Browser, World
from tests.service.signin.test_step_up import GOLD, Obliging, asked, policies

PAGE = "https://wiki.example.com/page?a=1"
DEVICE = "https://device.example.com/prove"
TIMES = {"begins": NOW - DAY, "ends": NOW + 30 * DAY}
ROOT = make("Company Devices", authority=True, **TIMES)  # type: ignore[arg-type]
LAPTOP = make("laptop-7", ROOT, extensions=(CLIENT, usage(True, False)), **TIMES)  # type: ignore[arg-type]
COMPANY = {"name": "company", "any_of": [{"device": "corp"}]}
BOTH = {"name": "both", "any_of": [{"acr": "gold", "provider": "idp"}, {"device": "corp"}]}
OTHER = {"name": "other", "any_of": [{"device": "elsewhere"}]}
AUTHORITY = DeviceAuthority("Company", (ROOT.pem,))


@pytest.fixture
def world() -> World:
    """A service with a device authority, and browsers that show a laptop's certificate."""
    made = World(provider=Obliging())
    made.certificates = der(LAPTOP)
    return made


def der(*chain: Made) -> list[bytes]:
    """As TLS shows them."""
    return [one.certificate.public_bytes(Encoding.DER) for one in chain]


def set_policies(world: World, *documents: Mapping[str, Any], authority: DeviceAuthority | None = AUTHORITY) -> None:
    """They count from now on, with one authority or none."""
    known = {} if authority is None else {"corp": authority}
    made = policies(*documents)
    trusted = Devices({id: one.trusted for id, one in known.items()})
    world.store.snapshot = replace(
        world.store.snapshot, device_authorities=known, policies=PolicySet(
            made.policies.values(), made.locations, strengths_of([COMPANY, BOTH, OTHER, GOLD]), devices=trusted))


def visits(browser: Browser) -> int:
    """How often it was at the device host."""
    return sum(url.startswith(DEVICE) for url in browser.seen)


def test_a_device_is_asked_for_once(world: World) -> None:
    """One redirect more, no question more to the provider, and the session has it: the next page asks nothing."""
    set_policies(world, {"grant": {"require": ["device"]}})
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    assert browser.seen[-1] == PAGE
    assert (len(asked(browser)), visits(browser)) == (1, 1)
    assert browser.open(PAGE).status == 200
    assert visits(browser) == 1
    [noted] = [detail for _, action, _, detail in world.noted if action == "device.proved"]
    assert (noted["device"], noted["authority"]) == ("CN=laptop-7", "Company")


def test_who_is_signed_in_is_led_there(world: World) -> None:
    """The provider is asked for nothing new: neither a level nor a password."""
    set_policies(world)
    browser = Browser(world)
    browser.open(PAGE)
    set_policies(world, {"grant": {"require": ["company"]}})
    browser.seen.clear()
    assert browser.open(PAGE).status == 200
    assert [(one.get("acr_values"), one.get("prompt")) for one in asked(browser)] == [(None, None)]
    assert visits(browser) == 1


def test_a_level_and_a_device(world: World) -> None:
    """Each is asked for where it is to be had."""
    set_policies(world, {"grant": {"require": ["gold", "device"]}})
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    assert [one.get("acr_values") for one in asked(browser)] == [None, "gold best"]
    assert visits(browser) == 1


def test_a_strength_that_both_can_meet(world: World) -> None:
    """The provider comes first; where it does not give it, the device may."""
    assert isinstance(world.provider, Obliging)
    set_policies(world, {"grant": {"require": ["both"]}})
    assert visits(browser := _opened(world)) == 0
    world.provider.gives = False
    assert visits(browser := _opened(world)) == 1
    assert browser.seen[-1] == PAGE


def _opened(world: World) -> Browser:
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    return browser


@pytest.mark.parametrize(("shown", "authority", "said"), [
    ([], AUTHORITY, "The browser has shown no certificate"),
    (der(make("laptop-8", extensions=(CLIENT,), begins=NOW - DAY, ends=NOW + DAY)), AUTHORITY, "self-signed"),
    (der(LAPTOP), None, "No device authority is known here"),
    (der(LAPTOP), replace(
        AUTHORITY, lists={issuer_id(ROOT.certificate): NOW + DAY},
        revoked=frozenset({certificate_id(LAPTOP.certificate, ROOT.certificate)})), "CN=laptop-7 is revoked"),
    (der(LAPTOP), replace(AUTHORITY, lists={issuer_id(ROOT.certificate): NOW - 1.0}), "has ended"),
], ids=["none", "self-signed", "no authority", "revoked", "old list"])
def test_who_proves_none(world: World, shown: list[bytes], authority: DeviceAuthority | None, said: str) -> None:
    """Reads the admin's words and what is wrong, with a link to try again, and is not sent round."""
    set_policies(world, {"grant": {"require": ["device"]}, "message": "Use a company laptop."}, authority=authority)
    world.certificates = shown
    browser = Browser(world)
    answer = browser.open(PAGE)
    page = bytes(answer.content).decode()
    assert (answer.status, answer.failure) == (403, Code.PROOF_MISSING)
    assert "Use a company laptop." in page and said in page
    assert "https://wiki.example.com/.appproxy/again?" in page
    assert (len(asked(browser)), visits(browser)) == (1, 1)
    assert not world.reached
    assert world.noted[-1][1] == "sign-in.refused" and "device" in str(world.noted[-1][3]["reason"])


def test_a_device_of_another_authority_is_not_enough(world: World) -> None:
    """The page says which was shown."""
    set_policies(world, {"grant": {"require": ["other"]}})
    browser = Browser(world)
    answer = browser.open(PAGE)
    assert answer.status == 403 and visits(browser) == 1
    assert "What was shown is CN=laptop-7" in bytes(answer.content).decode()


@pytest.mark.parametrize(("owner", "provider", "is_let_in"), [("ann", "builtin", True), ("bob", "builtin", False),
                                                             ("ann", "idp", False)])
def test_a_certificate_of_ours_is_for_one_user(owner: str, provider: str, is_let_in: bool) -> None:
    """The built-in provider's of this id: whoever else has it proves nothing, also another provider's of the same id."""
    world = World()
    laptop = make("laptop-7", ROOT, **TIMES, extensions=(  # type: ignore[arg-type]
        CLIENT, x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"urn:appproxy:user:{owner}")])))
    world.store.snapshot = replace(world.store.snapshot, device_authorities={"builtin": AUTHORITY})
    step = DeviceCheck(world.sign_in.context)
    session = Session("s", "ann", ISSUER, provider, "Ann", NOW, NOW + 100.0, NOW)
    request = _Shown(der(laptop))
    if is_let_in:
        assert found(step, request, session).authority == "builtin"
    else:
        with pytest.raises(IdentityError, match="was issued to another user"):
            found(step, request, session)


def found(step: DeviceCheck, request: Any, session: Session) -> ProvedDevice:
    """What a request proves. Raises IdentityError."""
    results: list[Any] = []
    Deferred.fromCoroutine(step.device(request, session.provider, session.subject, NOW)).addBoth(results.append)
    if isinstance(results[0], Failure):
        results[0].raiseException()
    proved: ProvedDevice = results[0]
    return proved


class _Responder:
    """Says until when a certificate counts, or why it does not."""

    def __init__(self, answer: float | IdentityError) -> None:
        self.answer = answer
        self.asked: list[ClientCertificate] = []

    async def until(self, found: ClientCertificate) -> float:
        """As `DeviceStatuses`."""
        self.asked.append(found)
        if isinstance(self.answer, IdentityError):
            raise self.answer
        return self.answer


def test_a_responder_is_asked(world: World) -> None:
    """Where the authority has one, and about a certificate that is good otherwise; what it says goes into the session."""
    session = Session("s", "ann", ISSUER, "idp", "Ann", NOW, NOW + 100.0, NOW)
    asks = replace(AUTHORITY, sources=RevocationSources(ocsp=("http://ocsp.corp/",)))
    responder = _Responder(NOW + 50.0)
    context = replace(world.sign_in.context, statuses=responder)
    for authority, answered, count in ((AUTHORITY, 0.0, 0), (asks, NOW + 50.0, 1)):
        world.store.snapshot = replace(world.store.snapshot, device_authorities={"corp": authority})
        step = DeviceCheck(context)
        assert found(step, _Shown(der(LAPTOP)), session).answered == answered
        assert len(responder.asked) == count
    assert responder.asked[0].serial == LAPTOP.certificate.serial_number
    responder.answer = IdentityError(Code.PROOF_MISSING, "is revoked")
    with pytest.raises(IdentityError, match="is revoked"):
        found(step, _Shown(der(LAPTOP)), session)
    stranger = make("laptop-7", make("Company Devices", authority=True, **TIMES), extensions=(CLIENT,), **TIMES)  # type: ignore[arg-type]
    with pytest.raises(IdentityError, match="no authority that was named"):
        found(step, _Shown(der(stranger)), session)
    assert len(responder.asked) == 2
    with pytest.raises(IdentityError, match="no responder can be asked here"):
        found(DeviceCheck(world.sign_in.context), _Shown(der(LAPTOP)), session)


def test_lists_that_have_not_come_yet(world: World) -> None:
    """Where they are to be fetched, nothing counts before."""
    session = Session("s", "ann", ISSUER, "idp", "Ann", NOW, NOW + 100.0, NOW)
    fetched = replace(AUTHORITY, sources=RevocationSources(crl_urls=("http://pki.corp/a.crl",)))
    world.store.snapshot = replace(world.store.snapshot, device_authorities={"corp": fetched})
    with pytest.raises(IdentityError, match="the list of CN=Company Devices is not there"):
        found(DeviceCheck(world.sign_in.context), _Shown(der(LAPTOP)), session)


class _Shown:
    """A request on a connection that has shown these certificates."""

    def __init__(self, certificates: list[bytes]) -> None:
        self.exchange = self
        self.shown_certificates = certificates


def test_a_block_asks_for_no_device(world: World) -> None:
    """It would not help; also where the sign-in had begun before it was there."""
    set_policies(world, {"grant": {"require": ["device"]}}, {"grant": {"block": True}, "message": "Closed."})
    browser = Browser(world)
    assert browser.open(PAGE).failure is Code.POLICY_BLOCKED
    assert visits(browser) == 0
    set_policies(world)
    browser = _opened(world)
    set_policies(world, {"grant": {"require": ["device"]}})
    url = browser.stop_at(PAGE, ISSUER)
    set_policies(world, {"grant": {"block": True}})
    assert browser.open(world.provider.authorize(url)).failure is Code.POLICY_BLOCKED
    assert visits(browser) == 0


def test_a_text_that_waited_begins_again(world: World) -> None:
    """After some minutes it proves nothing; the sign-in begins once more by itself."""
    set_policies(world, {"grant": {"require": ["device"]}})
    browser = Browser(world)
    url = browser.stop_at(PAGE, DEVICE)
    world.now += DEVICE_LIFETIME + 1.0
    world.provider.now = lambda: world.now
    browser.seen.clear()
    assert browser.open(url).status == 200
    assert browser.seen[-1] == PAGE
    assert len(asked(browser)) == 1


def test_the_text_of_another_browser_signs_nobody_in(world: World) -> None:
    """Whoever gets somebody to prove a device for them has no session by that: the start cookie is the other's."""
    set_policies(world, {"grant": {"require": ["device"]}})
    attacker, victim = Browser(world), Browser(world)
    url = attacker.stop_at(PAGE, DEVICE)
    world.certificates = der(LAPTOP)
    finish = victim.stop_at(url, "https://wiki.example.com/.appproxy/finish")
    assert not [name for jar in victim.jars.values() for name in jar if name == b"__Host-appproxy"]
    assert victim.request(finish).status == 303
    assert not [name for jar in victim.jars.values() for name in jar if name == b"__Host-appproxy"]


@pytest.mark.parametrize("text", ["", "rubbish"])
def test_what_is_no_text_of_ours(world: World, text: str) -> None:
    """A page says so."""
    assert Browser(world).request(f"{DEVICE}?t={text}").status == 400


def test_a_session_with_a_device_ends_with_it(world: World) -> None:
    """The gate asks again as soon as the authority is gone, and after the certificate's end."""
    set_policies(world, {"grant": {"require": ["device"]}})
    browser = _opened(world)
    set_policies(world, {"grant": {"require": ["device"]}}, authority=None)
    assert browser.request(PAGE).status == 303
    set_policies(world, {"grant": {"require": ["device"]}})
    assert browser.request(PAGE).status == 200


def test_a_site_without_a_device_host() -> None:
    """One of somebody's own, which has none: the page says what is missing, and leads nowhere."""
    world = World(provider=Obliging(), device_origin="")
    set_policies(world, {"grant": {"require": ["device"]}})
    browser = Browser(world)
    assert browser.open(PAGE).failure is Code.PROOF_MISSING
    assert {urlsplit(url).hostname for url in browser.seen} <= {
        "wiki.example.com", "signin.example.com", urlsplit(ISSUER).hostname}


