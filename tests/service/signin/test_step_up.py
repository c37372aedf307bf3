"""Step-up through a whole sign-in: the provider is asked for what is missing, once; else the user hears what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from appproxy.errors import Code
from appproxy.identity.openid.oidc_settings import OidcSettings
from appproxy.identity.states import StartState
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.service.signin.step_up import demand_of, parameters, with_demand
from tests.service.sign_in_world import ISSUER, NOW, RECORD, Browser, FakeProvider, World

PAGE = "https://wiki.example.com/page?a=1"
GOLD = {"name": "gold", "any_of": [{"acr": "gold", "provider": "idp"}, {"acr": "best", "provider": "idp"}]}
BEST = {"name": "best", "any_of": [{"acr": "best", "provider": "idp"}]}
START = StartState("wiki", "wiki.example.com", "/", "")


def policies(*documents: Mapping[str, Any], reporting: bool = False) -> PolicySet:
    """Policies for everybody and everything."""
    whole = [
        {"name": f"p{number}", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, **fields}
        for number, fields in enumerate(documents)
    ]
    return PolicySet(map(read_policy, whole), Locations(), strengths_of([GOLD, BEST]), reporting=reporting)


class Obliging(FakeProvider):
    """A provider that gives the level that it is asked for, the last of several, and tells when it has asked the user."""

    gives = True

    def authorize(self, url: str, **changes: str | None) -> str:
        """What is asked for is what the next token says."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.changes = {"acr": asked["acr_values"].split()[-1]} if self.gives and "acr_values" in asked else {}
        if self.gives and "claims" in asked:
            wanted = json.loads(asked["claims"])["id_token"]
            self.changes = {"acrs": ["c9", wanted["acrs"]["value"]]} if "acrs" in wanted else {
                "acr": wanted["acr"]["values"][-1]}
        self.changes["auth_time"] = self.now() if self.gives and asked.get("prompt") == "login" else NOW - 3000.0
        return super().authorize(url, **changes)


@pytest.fixture
def world() -> World:
    """A service before a provider that does what it is asked."""
    return World(provider=Obliging())


def set_policies(world: World, made: PolicySet) -> None:
    """They count from now on."""
    world.store.snapshot = replace(world.store.snapshot, policies=made)


def asked(browser: Browser) -> list[dict[str, str]]:
    """The authorization requests so far."""
    urls = [url for url in browser.seen if url.startswith(ISSUER)]
    return [{name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} for url in urls]


def test_a_missing_strength_is_asked_for(world: World) -> None:
    """Nobody is known at first; then the provider is asked for it, and the user is where they wanted to go."""
    set_policies(world, policies({"grant": {"require": ["gold"]}}))
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    assert [one.get("acr_values") for one in asked(browser)] == [None, "gold best"]
    assert browser.seen[-1] == PAGE
    assert world.reached == [("wiki", "ann")]


def test_who_is_signed_in_steps_up_at_once(world: World) -> None:
    """The gate says what is missing: one way to the provider, and back to the same URL."""
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    set_policies(world, policies({"grant": {"require": ["gold"]}}, {"grant": {"require": ["best"]}}))
    browser.seen.clear()
    assert browser.open(PAGE).status == 200
    assert [one.get("acr_values") for one in asked(browser)] == ["best"]
    assert browser.seen[-1] == PAGE


def test_a_provider_that_does_not_give_it_is_asked_once(world: World) -> None:
    """And the page says what is missing, in the admin's words."""
    assert isinstance(world.provider, Obliging)
    world.provider.gives = False
    set_policies(world, policies({"grant": {"require": ["gold"]}, "message": "Use your <key>."}))
    browser = Browser(world)
    answer = browser.open(PAGE)
    assert (answer.status, answer.failure) == (403, Code.PROOF_MISSING)
    assert len(asked(browser)) == 2
    page = bytes(answer.content).decode()
    assert "Use your &lt;key&gt;." in page
    assert "gold" in page
    assert "&#39;p0&#39;" not in page
    assert "'p0' asks for" in answer.detail
    assert not world.reached
    assert world.noted[-1][1] == "sign-in.refused"


def test_an_old_sign_in_is_renewed(world: World) -> None:
    """With max_age and prompt; afterwards it is young enough."""
    set_policies(world, policies({"grant": {"sign_in_within": "10m"}}))
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    assert [(one.get("max_age"), one.get("prompt")) for one in asked(browser)] == [(None, None), ("600", "login")]
    world.now += 601.0
    browser.seen.clear()
    world.provider.now = lambda: world.now
    assert browser.open(PAGE).status == 200
    assert [one["prompt"] for one in asked(browser)] == ["login"]


def test_a_provider_that_does_not_tell_when_is_not_believed(world: World) -> None:
    """A token that was made just now says nothing of when the user proved who they are."""
    plain = World()
    set_policies(plain, policies({"grant": {"sign_in_within": "10m"}}))
    browser = Browser(plain)
    assert browser.open(PAGE).failure is Code.PROOF_MISSING
    assert len(asked(browser)) == 2


def test_a_block_wins(world: World) -> None:
    """Nobody is sent to the provider for what would not help; the decision log hears of it, as no request comes of it."""
    logged: list[tuple[str, object]] = []
    world.sign_in.refused.log = lambda session, context, verdict, snapshot: logged.append((
        session.subject, getattr(verdict, "code", None)))
    set_policies(world, policies({"grant": {"require": ["gold"]}}, {"grant": {"block": True}, "message": "Closed."}))
    browser = Browser(world)
    answer = browser.open(PAGE)
    assert answer.failure is Code.POLICY_BLOCKED
    assert b"Closed." in bytes(answer.content)
    assert len(asked(browser)) == 1 and logged == [("ann", Code.POLICY_BLOCKED)]


def test_what_the_gate_asked_for_is_needed_at_the_callback(world: World) -> None:
    """Also when nothing would be asked there, as from another address: else the browser would go round and round."""
    assert isinstance(world.provider, Obliging)
    world.provider.gives = False
    browser = Browser(world)
    browser.open(PAGE)
    set_policies(world, policies({"grant": {"require": ["best"]}}))
    url = browser.stop_at(PAGE, ISSUER)
    set_policies(world, policies({"session": {"idle": "30m"}}))
    assert browser.open(world.provider.authorize(url)).failure is Code.PROOF_MISSING


def test_programs_are_not_led_anywhere(world: World) -> None:
    """They hear that somebody has to sign in."""
    browser = Browser(world)
    browser.open(PAGE)
    set_policies(world, policies({"grant": {"require": ["gold"]}}))
    assert browser.request(PAGE, fields=[(b"sec-fetch-mode", b"cors")]).status == 401


def test_report_only_is_noted_and_changes_nothing(world: World) -> None:
    """The audit says what would have been."""
    documents = ({"grant": {"block": True}, "state": "report-only"}, {"grant": {"require": ["gold"]}, "state": "report-only"})
    world.store.snapshot = replace(
        world.store.snapshot, policies=policies(*documents), reported=policies(*documents, reporting=True))
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    [noted] = [detail for _, action, _, detail in world.noted if action == "sign-in"]
    assert noted["report_only"] == {"would_block": ["p0"], "would_ask": ["p1"], "would_limit": []}


def test_break_glass_is_noted(world: World) -> None:
    """Whoever is exempt comes in, and everybody can see it later."""
    made = policies({"grant": {"block": True}})
    set_policies(world, PolicySet(made.policies.values(), made.locations, made.strengths, [("idp", "ann")]))
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    [noted] = [detail for _, action, _, detail in world.noted if action == "sign-in"]
    assert noted["break_glass"] == ["p0"]


def test_a_cookie_is_not_to_outlast_the_browser(world: World) -> None:
    """Where a policy says so, whatever the application's setting."""
    lasting = replace(world.store.snapshot.applications["wiki"], cookie_persistent=True)
    for made, lasts in ((policies({"session": {"idle": "30m"}}), True), (policies({"session": {"persistent": False}}), False)):
        other = World(provider=Obliging(), applications=(lasting,))
        set_policies(other, made)
        browser = Browser(other)
        answer = browser.request(browser.stop_at(PAGE, "https://wiki.example.com/.appproxy/finish"))
        [line] = [value for value in answer.fields(b"set-cookie") if value.startswith(b"__Host-appproxy=")]
        assert (b"Max-Age" in line) is lasts


def test_a_demand_travels_with_the_start() -> None:
    """And comes out as it went in."""
    for demand in (Demand(), Demand(frozenset({"b", "a"})), Demand(max_age=300.0), Demand(frozenset({"a"}), 60.0)):
        assert demand_of(with_demand(START, demand)) == demand


@pytest.mark.parametrize(("strengths", "expected"), [
    (("gold",), {"acr_values": "gold best"}), (("best", "gold"), {"acr_values": "best"}),
    (("mfa",), {"prompt": "login"}), (("gold", "mfa"), {"prompt": "login"}), (("gone",), {"prompt": "login"}), ((), {}),
])
def test_what_the_provider_is_asked_for(strengths: tuple[str, ...], expected: dict[str, str]) -> None:
    """A value that is good for all; a whole new sign-in where it has none."""
    assert parameters(replace(START, strengths=strengths), RECORD, policies({"session": {"idle": "30m"}})) == expected


@pytest.mark.parametrize(("step_up", "strengths", "expected"), [
    ("claims", ("gold",), {"acr": {"essential": True, "values": ["gold", "best"]}}),
    ("acrs", ("gold",), {"acrs": {"essential": True, "value": "gold"}}),
    ("acrs", ("best", "gold"), {"acrs": {"essential": True, "value": "best"}}),
])
def test_a_level_as_an_essential_claim(step_up: str, strengths: tuple[str, ...], expected: dict[str, object]) -> None:
    """As the provider's record says; what the admin asks for each time stays."""
    made = policies({"session": {"idle": "30m"}})
    for given, more in (("", {}), ('{"id_token":{"email":null},"userinfo":{"a":null}}', {"userinfo": {"a": None}}), ("[", {})):
        settings = OidcSettings(step_up=step_up, parameters=(("claims", given),) if given else ())
        found = parameters(replace(START, strengths=strengths), replace(RECORD, settings=settings), made)
        email = {"email": None} if more else {}
        assert list(found) == ["claims"]
        assert json.loads(found["claims"]) == {"id_token": {**email, **expected}, **more}


@pytest.mark.parametrize("step_up", ["claims", "acrs"])
def test_a_step_up_by_a_claims_request(world: World, step_up: str) -> None:
    """The gate asks, the token says it, the user is back; a provider that gives something else is asked once."""
    record = replace(RECORD, settings=replace(RECORD.settings, step_up=step_up))
    world.store.snapshot = replace(world.store.snapshot, providers={record.id: record})
    set_policies(world, policies({"grant": {"require": ["gold"]}}))
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    assert ["claims" in one for one in asked(browser)] == [False, True]
    assert browser.seen[-1] == PAGE
    assert isinstance(world.provider, Obliging)
    world.provider.gives = False
    browser = Browser(world)
    assert browser.open(PAGE).failure is Code.PROOF_MISSING
    assert len(asked(browser)) == 2
