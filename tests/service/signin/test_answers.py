"""How a provider's answer comes back: posted, at an address of its own, and to what was asked."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from appproxy.errors import Code
from appproxy.identity.openid.client_keys import ClientKey
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.pki.issuing.client_certificate import new_client_credential
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import ISSUER, NAVIGATION, NOW, RECORD, SIGNIN, Browser, World

PAGE = "https://wiki.example.com/page?x=1"
CALLBACK = f"{SIGNIN}/callback"


def world_with(**texts: str) -> World:
    """A service whose provider has these settings."""
    return World(records=(replace(RECORD, settings=read_settings(texts)),))


def posted(browser: Browser, url: str) -> FakeExchange:
    """The provider's page posts what stands in this URL; browsers send no cookie of ours along."""
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    jar = browser.jars.pop("signin.example.com")
    exchange = browser.request(url.partition("?")[0], b"POST", form, [*NAVIGATION, (b"origin", ISSUER.encode())])
    browser.jars["signin.example.com"] = jar
    return exchange


def test_an_answer_that_is_posted() -> None:
    """Asked for as such; it is in no URL that we make, and the sign-in ends as any other. Each answer counts once."""
    world = world_with(response_mode="form_post")
    browser = Browser(world)
    asked = parse_qs(urlsplit(browser.stop_at(PAGE, f"{ISSUER}/authorize")).query)
    assert asked["response_mode"] == ["form_post"]
    exchange = posted(browser, browser.stop_at(PAGE, CALLBACK))
    location = (exchange.field(b"location") or b"").decode()
    assert (exchange.status, exchange.fields(b"set-cookie")) == (303, [])
    assert location.startswith(f"{CALLBACK}?state=") and "code" not in parse_qs(urlsplit(location).query)
    assert not any(code in location for code in world.provider.codes)
    assert browser.open(location).content == b"welcome" and world.reached == [("wiki", "ann")]


def test_a_posted_answer_of_another_browser() -> None:
    """What was sealed for it opens, and signs nobody in."""
    world = world_with(response_mode="form_post")
    location = posted(*((one := Browser(world)), one.stop_at(PAGE, CALLBACK))).field(b"location") or b""
    exchange = Browser(world).request(location.decode(), fields=[])
    assert exchange.failure is Code.SIGN_IN_STATE


@pytest.mark.parametrize("form", [{}, {"state": "x", "code": "y"}])
def test_what_nobody_has_asked_for(form: dict[str, str]) -> None:
    """A form without a state of ours."""
    exchange = Browser(world_with(response_mode="form_post")).request(CALLBACK, b"POST", form)
    assert exchange.failure is Code.SIGN_IN_STATE and exchange.field(b"location") is None


def test_a_provider_that_was_not_asked_to_post() -> None:
    """Its answer is not taken that way."""
    browser = Browser(World())
    exchange = posted(browser, browser.stop_at(PAGE, CALLBACK))
    assert exchange.failure is Code.SIGN_IN_STATE and exchange.field(b"location") is None


def test_a_redirect_uri_of_its_own() -> None:
    """The provider is told that one, and at no other an answer of its counts: so no provider can hand us another's code."""
    world = world_with(redirect_uri="own")
    browser = Browser(world)
    url = browser.stop_at(PAGE, f"{CALLBACK}/idp?")
    for path in ("/callback", "/callback/other"):
        exchange = browser.request(url.replace("/callback/idp", path))
        assert exchange.failure is Code.TOKEN_REFUSED, exchange.detail
    assert browser.request(url.replace("/callback/idp", "/callback/idp/x")).failure is Code.NOT_FOUND
    assert world.provider.tried == []
    assert browser.open(url).content == b"welcome"


def test_a_shared_redirect_uri() -> None:
    """An answer of a provider that has it does not count elsewhere either."""
    world = World()
    browser = Browser(world)
    exchange = browser.request(browser.stop_at(PAGE, CALLBACK).replace("/callback", "/callback/idp"))
    assert exchange.failure is Code.TOKEN_REFUSED and world.provider.tried == []


@pytest.mark.parametrize(("auth_time", "welcome"), [
    (NOW, True), (NOW - 659, True), (NOW - 660.5, False), (None, False),
])
def test_how_long_ago_the_user_has_proved_who_they_are(auth_time: float | None, welcome: bool) -> None:
    """With `max_age` the provider must say so, and it must not be longer ago; our clocks may differ by a minute."""
    world = world_with(max_age="600", prompt="login", parameters="ui_locales=de")
    world.provider.changes = {"auth_time": auth_time}
    browser = Browser(world)
    asked = parse_qs(urlsplit(browser.stop_at(PAGE, f"{ISSUER}/authorize")).query)
    assert (asked["max_age"], asked["prompt"], asked["ui_locales"]) == (["600"], ["login"], ["de"])
    exchange = browser.open(PAGE)
    assert (exchange.content == b"welcome") is welcome
    assert welcome or exchange.failure is Code.TOKEN_REFUSED


def test_a_signed_request_and_the_keys_for_it() -> None:
    """The provider gets one parameter that it can check with what we publish; state and nonce are nowhere else."""
    made = new_client_credential("EC", "client-1", NOW, b"x" * 16)
    record = replace(RECORD, settings=read_settings({"request_object": "always"}),
                     keys=(ClientKey("k1", "EC", made.key, made.certificate, NOW),))
    browser = Browser(World(records=(record,)))
    published = json.loads(browser.request(f"{SIGNIN}/client-keys/idp").content)
    asked = parse_qs(urlsplit(browser.stop_at(PAGE, f"{ISSUER}/authorize")).query)
    claims = jwt.decode(asked["request"][0], KeySet.import_key_set(published), algorithms=["ES256"]).claims
    assert claims["redirect_uri"] == CALLBACK and claims["state"] and claims["code_challenge_method"] == "S256"
    assert asked.keys() == {"client_id", "request", "response_type", "scope"}
    for path in ("other", "", "idp/x"):
        assert browser.request(f"{SIGNIN}/client-keys/{path}").status == 404
    assert Browser(World()).request(f"{SIGNIN}/client-keys/idp").status == 404
