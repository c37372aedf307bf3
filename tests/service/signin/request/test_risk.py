"""Sign-ins are judged on their way: with the real store, and with the built-in and another provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.identity.devices import unseal_devices
from appproxy.identity.session import Session
from appproxy.net.chance import TimeAndChance
from appproxy.policy.risk.levels import Thresholds
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.request.failed_passwords import FailedPasswords
from appproxy.service.signin.request.risk import SignInRisk, Whereabouts
from appproxy.service.signin.sign_in import BuiltInPages, SignIn, SignInPlace
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.policies import policies
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.risk import sign_ins
from appproxy.store.risk.network_lists import NetworkLists
from appproxy.store.risk.sign_ins import JudgedSignIn
from tests.fakes.outcome import got
from tests.provider.house import ISSUER, NOW, Now
from tests.service.sign_in_world import Browser, Tokens
from tests.service.signin.stores.test_live_store import PAGE, Service, database, service, type_password

__all__ = ["database", "service"]
DEVICE = b"__Host-appproxy-device"


class Visit:
    """A request of a browser, with this device cookie if it has one."""

    def __init__(self, device: bytes = b"") -> None:
        self.requestHeaders = self
        self.host = "192.0.2.7"
        self._cookie = device

    def getRawHeaders(self, name: bytes) -> list[bytes] | None:
        """Called by what reads fields."""
        return [DEVICE + b"=" + self._cookie] if name == b"cookie" and self._cookie else None

    def getClientAddress(self) -> Visit:
        """Called by what wants the address."""
        return self


@pytest.fixture
def risk(service: Service, tmp_path: Path) -> SignInRisk:
    """Judges with the service's database; everybody's address is in a list, and in a country."""
    (tmp_path / "tor.txt").write_text("192.0.2.0/24\n")
    where = Whereabouts(lambda address: "DE", lambda address: (50.0, 8.0), NetworkLists([tmp_path / "tor.txt"]))
    return SignInRisk(service.live, Thresholds(), where, FailedPasswords(service.live, service.clock), 443,
                      Now(service.clock), Tokens())


@pytest.fixture
def judging(service: Service, risk: SignInRisk) -> Iterator[Service]:
    """A service that judges; no policy is left behind."""
    service.sign_in = SignIn(
        SignInPlace(ISSUER, 443), service.store, service.sign_in.context.providers, TimeAndChance(Now(service.clock)),
        builtin=BuiltInPages(service.builtin.resources(), service.builtin.end_session), risk=risk)
    service.own = ResourceHandler(service.sign_in.application_root)
    service.signin = ResourceHandler(service.sign_in.signin_root)
    yield service
    if "p" in service.live.snapshot.policies.policies:
        got(service.live.write(policies.remove, DocumentKind.POLICY, "p"))


def block(service: Service, fact: str) -> None:
    """A policy that blocks where this is medium."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                "conditions": {fact: {"include": ["medium"]}}, "grant": {"block": True}}
    got(service.live.write(policies.put, "p", document, force=True))


def rows(store: Store, user: str = "ann") -> list[JudgedSignIn]:
    """What was judged of a user, the newest first."""
    with store.reading() as reading:
        return sign_ins.list_all(reading, provider="builtin", subject=users.find(reading, user).id)


def passed(store: Store) -> JudgedSignIn:
    """One that has passed."""
    return next(row for row in rows(store) if row.outcome is SignInOutcome.PASSED)


def test_a_sign_in_is_judged_and_kept(judging: Service, risk: SignInRisk, database: Store) -> None:
    """With address, country and place, and a digest of the device's id; the level is the session's, and counted; and what is
    held against the user is in the snapshot.
    """
    browser = Browser(judging)
    type_password(browser, browser.open(PAGE), "ann")
    one = passed(database)
    assert (one.level, one.outcome, one.state, one.seen.networks.address) == (
        "medium", SignInOutcome.PASSED, RiskState.OPEN, "192.0.2.7")
    assert (one.seen.country, one.seen.place, [part.name for part in one.parts]) == ("DE", (50.0, 8.0), ["listed"])
    [device] = unseal_devices(browser.jars["signin.example.com"][DEVICE], judging.live.snapshot.keys, NOW)
    assert len(one.seen.device) == 32 and one.seen.device != device.id
    assert risk.levels == {"medium": 1}
    assert judging.live.snapshot.user_risk("builtin", one.subject, NOW) == "medium"


@pytest.mark.parametrize("fact", ["sign_in_risk", "user_risk"])
def test_a_policy_acts_on_risk(judging: Service, database: Store, fact: str) -> None:
    """That of the sign-in at once; that of the user from the next request on, with the session that is there."""
    browser = Browser(judging)
    if fact == "sign_in_risk":
        block(judging, fact)
        page = type_password(browser, browser.open(PAGE), "ann")
        assert SignInOutcome.REFUSED in {row.outcome for row in rows(database)}
    else:
        assert type_password(browser, browser.open(PAGE), "ann").content == b"welcome"
        block(judging, fact)
        page = browser.open(PAGE)
    assert b"welcome" not in page.content and page.status == 403


def test_wrong_passwords_before_the_right_one_count(judging: Service, risk: SignInRisk, database: Store) -> None:
    """Also those of this very second, which are not in the database yet."""
    authenticator: Any = judging.builtin._authenticator
    authenticator._failed = risk.failed.note
    browser = Browser(judging)
    form = browser.open(PAGE)
    for number in range(5):
        found = re.search(rb'name="csrf" value="([^"]+)"', form.content)
        assert found is not None
        form = browser.request(
            f"{ISSUER}/sign-in", b"POST",
            {"csrf": unescape(found[1].decode()), "username": "bob", "password": f"wrong {number}"})
        assert form.status == 403
    type_password(browser, form, "bob")
    assert "failures" in {part.name for part in rows(database, "bob")[0].parts}


def test_a_program_that_is_let_in_is_judged(judging: Service, risk: SignInRisk, database: Store) -> None:
    """With what is known of the browser in which its user does it: at once, and written down like any sign-in."""
    with database.transaction(NOW) as tx:
        ann = users.find(tx, "ann")
    session = Session("s9", ann.id, ISSUER, "builtin", "Ann", NOW, NOW + 60, NOW)
    visit: Any = Visit()
    level, passed = got(Deferred.fromCoroutine(risk.let_in(visit, session, "wiki")))
    assert level == "medium" and "s9" not in {row.session for row in rows(database)}
    with database.transaction(NOW) as tx:
        passed(tx, SignInOutcome.PASSED)
    [one] = [row for row in rows(database) if row.session == "s9"]
    assert (one.application, one.outcome, one.state) == ("wiki", SignInOutcome.PASSED, RiskState.OPEN)
    proved = Session("s10", ann.id, ISSUER, "builtin", "Ann", NOW, NOW + 60, NOW, amr=("pwd", "otp", "mfa"))
    _, passed = got(Deferred.fromCoroutine(risk.let_in(visit, proved, "wiki")))
    with database.transaction(NOW) as tx:
        passed(tx, SignInOutcome.PASSED)
    assert RiskState.OPEN not in {one.state for one in rows(database)}


@pytest.mark.parametrize(("ago", "state"), [(60.0, RiskState.PROVED), (1000.0, RiskState.OPEN)])
def test_an_old_proof_settles_nothing(
    judging: Service, risk: SignInRisk, database: Store, ago: float, state: RiskState
) -> None:
    """A second factor of hours ago may have been shown elsewhere, by its user; now somebody else has the cookie."""
    request: Any = Visit()
    judged = got(Deferred.fromCoroutine(risk.judge(request, "builtin", f"carl {ago}")))
    session = Session("s", f"carl {ago}", ISSUER, "builtin", "Carl", NOW, NOW + 9, NOW - ago, ("mfa",))
    got(Deferred.fromCoroutine(risk.conclude(judged, session, "a1", SignInOutcome.PASSED)))
    with database.reading() as reading:
        [row] = sign_ins.list_all(reading, subject=f"carl {ago}")
    assert row.state is state



def test_a_browser_is_known_with_every_provider(judging: Service, risk: SignInRisk) -> None:
    """By a cookie that is set at the first sign-in with another one than the built-in provider, which gives its own. It is
    nobody else's: another user of the browser is new there.
    """
    def judged(subject: str, cookie: bytes = b"") -> tuple[str, bytes]:
        request: Any = Visit(cookie)
        told = got(Deferred.fromCoroutine(risk.judge(request, "corp", subject)))
        found = re.search(DEVICE + rb"=([^;]+)", risk.keep_device(request, "corp", told))
        assert found is not None
        assert risk.keep_device(request, "builtin", told) == b""
        return told.judgement.seen.device, found[1]

    first, cookie = judged("ann")
    again, both = judged("ann", cookie)
    other, both = judged("bob", both)
    assert again == first != other
    assert judged("ann", both)[0] == first and judged("bob", both)[0] == other
    assert judged("ann")[0] not in (first, other)
