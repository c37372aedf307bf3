"""Policies at relying parties: before a code is sent, and when tokens are made anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pyotp
import pytest

from appproxy.device import ProvedDevice
from appproxy.identity.session import Session
from appproxy.identity.states import DeviceElsewhereState
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.parts.devices import Devices
from appproxy.policy.verdict import Verdict
from appproxy.provider.oauth.party import WANTS_SIGN_IN
from appproxy.provider.steps.party_sign_in import unobserved
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.policies import policies
from appproxy.store.snapshot import Snapshot
from tests.provider.house import PASSWORD, Browser, House, Page, claims, onward, sign_in
from tests.provider.oauth.test_party import OFFLINE, begun, refresh
from tests.provider.steps.test_consent import Judge, judge, person
from tests.provider.steps.walking import sets_up
from tests.provider.test_relying_parties import AT, Party, redeem

__all__ = ["judge", "person"]
MFA = "urn:appproxy:acr:mfa"


@pytest.fixture
def party(house: House) -> Party:
    """An application elsewhere."""
    made, secret = house.write(clients.add, "Elsewhere", ClientChanges([AT]))
    return Party(made.id, secret=secret)


def put(house: House, **fields: Any) -> None:
    """A policy for everybody at the relying party, but for what is given."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]},
                "applications": {"include": ["relying-party:Elsewhere"]}, **fields}
    house.write(lambda tx: policies.put(tx, document["name"], document, force=True))


def of(house: House, action: str) -> list[Mapping[str, Any]]:
    """What the audit has of this."""
    return [one.detail for one in house.noted if one.action == action]


def again(browser: Browser, party: Party, **more: str) -> Page:
    """Another authorization request, to its end."""
    return onward(browser, browser.get("/authorize", {**party.query(), **more}))


@pytest.mark.parametrize("applications", [["relying-party:Elsewhere"], ["relying-party:elsewhere"], ["all"]])
def test_who_is_blocked_reads_why(browser: Browser, house: House, party: Party, applications: list[str]) -> None:
    """In the admin's words, on a page of the provider's; the client gets no code, and the audit says by which policy."""
    put(house, applications={"include": applications}, grant={"block": True}, message="Not from here.")
    page = sign_in(browser, party)
    assert page.location.startswith("/consent?")
    page = browser.get(page.location)
    assert page.status == 403 and "Not from here." in page.text and "location" not in page.fields
    told = of(house, "client.sign_in_refused")[0]
    assert told["name"] == "Elsewhere" and told["code"] == "POLICY_BLOCKED" and "'p'" in told["reason"]
    # A client that wants nobody to be asked hears of it.
    assert again(browser, party, prompt="none").query == {
        "error": "access_denied", "state": "the state", "iss": "https://signin.example.com"}


def test_others_are_let_in(browser: Browser, house: House, party: Party) -> None:
    """Where the policy is for other applications, is not on, excludes the user, or its condition does not hold."""
    put(house, applications={"include": ["all"], "exclude": ["relying-party:Elsewhere"]}, grant={"block": True})
    assert "code" in sign_in(browser, party).query
    put(house, applications={"include": ["wiki"]}, grant={"block": True})
    assert "code" in again(browser, party).query
    put(house, state="report-only", grant={"block": True})
    assert "code" in again(browser, party).query
    put(house, users={"include": ["all"], "exclude": ["group:staff"]}, grant={"block": True})
    assert "code" in again(browser, party).query
    put(house, conditions={"platforms": {"include": ["ios"]}}, grant={"block": True})
    assert "code" in again(browser, party).query
    page = browser.get(browser.get("/authorize", party.query()).location, user_agent="Mozilla/5.0 (iPhone; CPU)")
    assert page.status == 403
    put(house, users={"include": ["group:staff"]}, grant={"block": True})
    assert browser.get(browser.get("/authorize", party.query()).location).status == 403


def test_a_second_factor_is_set_up_on_the_way(browser: Browser, house: House, party: Party) -> None:
    """The page comes in place of the code, and nobody may leave it; what is proved then is in the ID token."""
    put(house, grant={"require": ["mfa"]}, message="Outside you need two.")
    page = browser.get(sign_in(browser, party).location)
    assert "Outside you need two." in page.text and sets_up(page) and 'name="leave"' not in page.text
    assert again(browser, party, prompt="none").query["error"] == "interaction_required"
    left = browser.post("/set-up", {"csrf": page.csrf, "leave": "1"})
    page = browser.get(left.location)
    assert sets_up(page) and not of(house, "client.sign_in_refused")
    page = browser.post("/set-up", {"csrf": page.csrf, "app": "1"})
    secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1].replace(" ", "")  # type: ignore[index]
    done = browser.post("/set-up-app", {"csrf": page.csrf, "code": pyotp.TOTP(secret).at(int(house.now)), "label": "phone"})
    link = unescape(re.search('class="button" href="([^"]*)"', done.text)[1])  # type: ignore[index]
    code = onward(browser, browser.get(link)).query["code"]
    told = claims(json.loads(redeem(browser, party, code).text)["id_token"])
    assert told["acr"] == MFA
    assert "code" in again(browser, party, prompt="none").query


def test_a_passkey_is_asked_of_who_has_one(browser: Browser, house: House, party: Party) -> None:
    """Whose session has a lower level: the page asks for the passkey, not for the password."""
    assert "code" in sign_in(browser, party).query
    put(house, grant={"require": ["phishing-resistant"]})
    page = browser.get(browser.get("/authorize", party.query()).location)
    assert sets_up(page) and 'name="app"' not in page.text


def test_what_cannot_be_proved_here(browser: Browser, house: House, party: Party) -> None:
    """Is said, once, and nobody goes round: a strength of another provider's."""
    house.write(lambda tx: policies.put_strength(tx, "gold", {"any_of": [{"amr": ["gold"]}]}))
    put(house, grant={"require": ["gold"]}, message="Gold is needed.")
    page = browser.get(sign_in(browser, party).location)
    assert page.status == 403 and "Gold is needed." in page.text and "gold" in page.text
    assert of(house, "client.sign_in_refused")[0]["code"] == "PROOF_MISSING"


def test_an_old_sign_in_is_asked_for_anew(browser: Browser, house: House, party: Party) -> None:
    """By the password; the new one is young enough, and goes on to the client."""
    put(house, session={"sign_in_frequency": "1h"})
    assert "code" in sign_in(browser, party).query
    house.clock.advance(3500)
    assert "code" in again(browser, party).query
    house.clock.advance(100)
    assert again(browser, party, prompt="none").query["error"] == "login_required"
    page = browser.get(again(browser, party).location)
    while page.status == 303:
        page = browser.get(page.location)
    assert 'name="password"' in page.text
    page = onward(browser, browser.post("/sign-in", {"csrf": page.csrf, "username": "ann", "password": PASSWORD}))
    assert "code" in page.query, page


def test_who_could_only_be_limited_is_not_let_in(browser: Browser, house: House, party: Party) -> None:
    """Nothing of what goes on at a relying party is seen here."""
    put(house, session={"read_only": True}, message="Only reading.")
    page = browser.get(sign_in(browser, party).location)
    assert page.status == 403 and "Only reading." in page.text


def test_other_session_controls_let_in(browser: Browser, house: House, party: Party) -> None:
    """A session of the client's is its own: nobody is asked round and round for them."""
    put(house, session={"idle": "30m", "persistent": False, "bound_to_network": True})
    assert "code" in sign_in(browser, party).query


def test_the_risk_of_the_sign_in_counts(person: Browser, house: House, judge: Judge, party: Party) -> None:
    """As judged then; what was refused teaches as such."""
    put(house, conditions={"sign_in_risk": {"include": ["high"]}}, grant={"block": True})
    assert "code" in sign_in(person, party).query
    judge.level = "high"
    assert person.get(person.get("/authorize", party.query()).location).status == 403
    assert len(judge.passed) == len(judge.kept_out) == 1


def test_a_break_glass_user_is_let_in_and_told_of(browser: Browser, house: House, party: Party) -> None:
    """Whom no policy concerns; the verdict is observed with what it is about."""
    heard: list[tuple[str, bytes, bool]] = []

    def observe(
        snapshot: Snapshot, context: RequestContext[Session], session: Session, verdict: Verdict[Session]
    ) -> list[str]:
        heard.append((context.client, context.user_agent, context.elsewhere))
        return ["p"]

    put(house, grant={"block": True})
    house.write(lambda tx: policies.set_exempt(tx, "ann", wanted=True))
    house.rebuild(observe=observe)
    assert "code" in sign_in(browser, party).query
    assert of(house, "client.break_glass")[0]["break_glass"] == ["p"]
    assert [elsewhere for _, _, elsewhere in heard] == [True] and heard[0][0]
    assert unobserved(house.live.snapshot, *(None,) * 3) == []  # type: ignore[arg-type]


class TestRefresh:
    @pytest.fixture
    def party(self, party: Party) -> Party:
        """One that asks for refresh tokens."""
        party.more = OFFLINE
        return party

    def test_while_policies_allow_it(self, browser: Browser, house: House, party: Party) -> None:
        """A block, or a sign-in that has grown old, ends it; the audit and the client hear why."""
        first = begun(browser, party)
        put(house, grant={"sign_in_within": "1h"})
        answer = refresh(browser, party, first["refresh_token"])
        assert answer.status == 200, answer.text
        house.clock.advance(3600)
        answer = refresh(browser, party, json.loads(answer.text)["refresh_token"])
        assert answer.status == 400 and json.loads(answer.text) == {
            "error": "invalid_grant", "error_description": WANTS_SIGN_IN}
        (told,) = of(house, "client.sign_in_refused")
        assert told["reason"] == WANTS_SIGN_IN and told["name"] == "Elsewhere"

    def test_a_block(self, browser: Browser, house: House, party: Party) -> None:
        """Counts at the next refresh; one that looks at the browser was judged at the sign-in, and cannot be judged here."""
        first = begun(browser, party)
        put(house, name="q", conditions={"locations": {"include": ["all"]}}, grant={"block": True})
        second = json.loads(refresh(browser, party, first["refresh_token"]).text)
        assert claims(second["id_token"])["acr"] != MFA
        put(house, users={"include": ["user:ann"]}, grant={"block": True})
        assert refresh(browser, party, second["refresh_token"]).status == 400

    def test_a_strength(self, browser: Browser, house: House, party: Party) -> None:
        """That the sign-in has not; a device's proof is no business of a refresh."""
        first = begun(browser, party)
        put(house, grant={"require": ["device"]})
        second = json.loads(refresh(browser, party, first["refresh_token"]).text)
        put(house, grant={"require": ["mfa"]})
        assert refresh(browser, party, second["refresh_token"]).status == 400

    def test_a_break_glass_user(self, browser: Browser, house: House, party: Party) -> None:
        """Goes on."""
        first = begun(browser, party)
        put(house, grant={"block": True})
        house.write(lambda tx: policies.set_exempt(tx, "ann", wanted=True))
        assert refresh(browser, party, first["refresh_token"]).status == 200


def test_a_code_that_was_sent_is_redeemed(browser: Browser, house: House, party: Party) -> None:
    """It was judged a moment ago."""
    code = sign_in(browser, party).query["code"]
    put(house, grant={"block": True})
    assert redeem(browser, party, code).status == 200


class TestDevice:
    @pytest.fixture
    def asked(self, house: House) -> list[tuple[str, str, str]]:
        """What browsers were led to prove a device for: session, user and request."""
        found: list[tuple[str, str, str]] = []

        def url(session: str, user: str, onward: str, message: str) -> str:
            assert message == "Use your laptop. Missing: the authentication strength 'device'."
            found.append((session, user, onward))
            return "https://device.example.com/"

        house.rebuild(device_url=url)
        put(house, grant={"require": ["device"]}, message="Use your laptop.")
        return found

    def text(self, house: House, session: str, user: str, onward: str, proved: float = 0.0) -> str:
        """What the device host says."""
        context = house.provider.facts.context()
        device = ProvedDevice("corp", "f" * 64, (("CN", "laptop-7"),), ("p",), proved or house.now, house.now + 1e6)
        return DeviceElsewhereState(session, user, onward).proved(
            device, context.key, house.now, context.nonce()).decode("ascii")

    def test_it_is_proved_once_for_the_session(
        self, browser: Browser, house: House, party: Party, asked: list[tuple[str, str, str]], trusted: None
    ) -> None:
        """The browser is led there and back, and next time not any more; the code is none that says of the device."""
        assert sign_in(browser, party).location == "https://device.example.com/" and len(asked) == 1
        assert again(browser, party, prompt="none").query["error"] == "interaction_required"
        page = browser.get("/device-proved", {"t": self.text(house, *asked[0])})
        assert page.location == f"/authorize?{asked[0][2]}"
        assert "code" in onward(browser, browser.get(page.location)).query
        assert "code" in again(browser, party, prompt="none").query and len(asked) == 1

    def test_another_sessions_proves_nothing(
        self, browser: Browser, house: House, party: Party, asked: list[tuple[str, str, str]], trusted: None
    ) -> None:
        """Whoever is sent somebody else's text: the browser has to have the session that it is for."""
        sign_in(browser, party)
        session, user, query = asked[0]
        for text in (self.text(house, "another", user, query), self.text(house, session, "bob", query), "x", ""):
            page = browser.get("/device-proved", {"t": text})
            assert page.status == 400 and "set-cookie" not in page.fields
        page = Browser(house.root).get("/device-proved", {"t": self.text(house, *asked[0])})
        assert page.status == 400 and "set-cookie" not in page.fields
        assert again(browser, party, prompt="none").query["error"] == "interaction_required"

    def test_one_that_is_not_enough(
        self, browser: Browser, house: House, party: Party, asked: list[tuple[str, str, str]]
    ) -> None:
        """Is said, and nobody goes round: no authority vouches for it any more. Later it is asked for anew."""
        sign_in(browser, party)
        page = browser.get("/device-proved", {"t": self.text(house, *asked[0])})
        page = browser.get(browser.get(page.location).location)
        assert page.status == 403 and "Use your laptop." in page.text and "CN=laptop-7 is not enough" in page.text
        house.clock.advance(61)
        page = browser.get(browser.get("/authorize", party.query()).location)
        assert page.location == "https://device.example.com/"

    def test_nowhere_to_prove_it(self, browser: Browser, house: House, party: Party) -> None:
        """Is a refusal."""
        put(house, grant={"require": ["device"]})
        assert browser.get(sign_in(browser, party).location).status == 403

    @pytest.fixture
    def trusted(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """The authority of these devices is known."""
        monkeypatch.setattr(
            Devices, "until", lambda self, device: device.ends)
