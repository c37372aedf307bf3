"""Letting a device in by its code: who may send one, and what is written down of it when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest
from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.errors import StoreError
from appproxy.identity.session import Session
from appproxy.net.chance import TimeAndChance
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.provider import BuiltInProvider
from appproxy.provider.passwords.checker import PasswordWork
from appproxy.provider.steps.party_sign_in import SignInWatch
from appproxy.store.applications import applications
from appproxy.store.machines import clients, device_codes, native_clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.machines.device_codes import DeviceCode
from appproxy.store.service.note import Action
from appproxy.store.transaction import Transaction
from tests.fakes.threads import run_at_once
from tests.provider.house import CHEAP, ISSUER, PASSWORD, Browser, House, Noted, Now, Page, onward, sign_in
from tests.provider.test_relying_parties import AT, Party


@dataclass
class Judge:
    """Says `level` of everybody. `meanwhile` happens while it thinks."""

    house: House
    judged: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    kept_out: list[str] = field(default_factory=list)
    applications: list[str] = field(default_factory=list)
    level: str = "low"
    meanwhile: Callable[[], object] = lambda: None

    async def __call__(
        self, request: Request, session: Session, application: str
    ) -> tuple[str, Callable[[Transaction, SignInOutcome], object]]:
        """As the service's."""
        self.judged.append(session.id)
        self.applications.append(application)
        self.meanwhile()
        def conclude(tx: Transaction, outcome: SignInOutcome) -> None:
            (self.passed if outcome is SignInOutcome.PASSED else self.kept_out).append(session.id)

        return self.level, conclude


@pytest.fixture
def judge(house: House) -> Judge:
    """One that has judged nobody."""
    return Judge(house)


@pytest.fixture
def person(house: House, judge: Judge) -> Iterator[Browser]:
    """A browser at a provider that judges."""
    def note(actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        house.noted.append(Noted(actor, action, target, detail or {}))

    provider = BuiltInProvider(
        house.live, ISSUER, house.clock, TimeAndChance(Now(house.clock)), work=PasswordWork(CHEAP, run_at_once), note=note,
        watch=SignInWatch(judge=judge))
    provider.start()
    root = Resource()
    for name, child in provider.resources().items():
        root.putChild(name, child)
    yield Browser(root)
    provider.stop()


@pytest.fixture
def waiting(house: House) -> DeviceCode:
    """A device that waits."""
    wiki = house.application("wiki")
    house.write(applications.set_values, wiki.id, {"bearer": "provider"})
    client = house.write(partial(native_clients.add, device_codes=True), "Tool", [wiki.id], []).id
    return house.write(device_codes.new, client, "openid", wiki.home)[1]


def asked(person: Browser, code: DeviceCode) -> Page:
    """The page on which somebody is asked, who has typed the code and signed in."""
    typed = person.post("/device", {"user_code": code.shown}, sec_fetch_site="same-origin")
    form = person.get(typed.location)
    signed_in = person.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": PASSWORD})
    page = person.get(signed_in.location)
    while page.status == 303:
        page = person.get(page.location)
    assert "Tool" in page.text and code.shown in page.text, page.text
    return page


def test_who_lets_one_in_has_passed(person: Browser, house: House, judge: Judge, waiting: DeviceCode) -> None:
    """With what was judged; and who does not has not."""
    page = asked(person, waiting)
    assert person.post("/consent", {"csrf": page.csrf, "do": "allow"}).status == 200
    found = house.read(lambda reading: device_codes.find(reading, waiting.id, house.now))
    assert found is None and len(judge.passed) == 1 and judge.judged == judge.passed


@pytest.fixture
def party(house: House) -> Party:
    """An application elsewhere."""
    made, secret = house.write(clients.add, "Elsewhere", ClientChanges([AT]))
    return Party(made.id, secret=secret)


def test_a_sign_in_elsewhere_is_judged(person: Browser, house: House, judge: Judge, party: Party) -> None:
    """Before a code is sent, each time, also where nobody sees a form; under the client's id, and the audit has the level."""
    code = sign_in(person, party).query["code"]
    assert judge.judged == judge.passed and judge.applications == [party.client_id]
    assert person.post("/token", party.token_form(code, client_secret=party.secret)).status == 200
    [noted] = [one for one in house.noted if one.action == "client.sign_in"]
    assert noted.detail["risk"] == "low"
    silent = person.get("/authorize", {**party.query(), "prompt": "none"})
    assert silent.location.startswith("/consent?") and len(judge.judged) == 1
    assert "code" in onward(person, silent).query and len(judge.passed) == 2
    other = Browser(person.root)
    page = other.get("/authorize", {**party.query(), "prompt": "none"})
    assert page.query.get("error") == "login_required", page
    assert len(judge.judged) == 2
    # Whoever comes there with nobody's session is not judged, and gets nothing.
    page = other.get(silent.location)
    assert page.location.startswith("/authorize?") and "error" in other.get(page.location).query
    assert len(judge.judged) == 2


def test_a_sign_in_elsewhere_that_cannot_be_judged(person: Browser, judge: Judge, party: Party) -> None:
    """Is none: no code is sent."""
    def fail() -> None:
        raise StoreError("the database does not answer")

    judge.meanwhile = fail
    page = sign_in(person, party)
    assert page.location.startswith("/consent?")
    page = person.get(page.location)
    assert page.status == 503 and "location" not in page.fields and judge.passed == []


def test_nobody_passes_with_a_code_that_is_over(person: Browser, house: House, judge: Judge, waiting: DeviceCode) -> None:
    """Nobody need be judged even; what is written down of a sign-in that was none would vouch for later ones."""
    page = asked(person, waiting)
    house.write(device_codes.take, waiting.id)
    answer = person.post("/consent", {"csrf": page.csrf, "do": "allow"})
    assert (answer.status, judge.judged, judge.passed) == (404, [], [])


def test_nor_with_one_that_is_over_meanwhile(person: Browser, house: House, judge: Judge, waiting: DeviceCode) -> None:
    """Somebody else was quicker, while the sign-in was judged."""
    page = asked(person, waiting)
    judge.meanwhile = lambda: house.write(device_codes.decide, waiting.id, None)
    answer = person.post("/consent", {"csrf": page.csrf, "do": "allow"})
    assert answer.status == 404 and len(judge.judged) == 1 and judge.passed == []


def test_other_sites_use_up_no_tries(person: Browser, waiting: DeviceCode) -> None:
    """However often they have a browser open the page, or send codes: the network's tries are those of the form."""
    for site in ("cross-site", "same-site"):
        for _ in range(40):
            assert person.get("/device", {"user_code": "BBBB-BBBB"}, sec_fetch_site=site).status == 200
            assert person.post("/device", {"user_code": "BBBB-BBBB"}, sec_fetch_site=site).status == 403
    assert person.post("/device", {"user_code": waiting.shown}, sec_fetch_site="same-origin").status == 303
    found = [person.post("/device", {"user_code": "BBBB-BBBB"}).status for _ in range(40)]
    assert found[0] == 404 and found[-1] == 429
