"""The audit names each sign-in and each refusal: who, with which provider, to which application, from where, why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code, IdentityError, RequestError
from tests.service.sign_in_world import ISSUER, NOW, RECORD, WIKI, Browser, FakeProvider, World

PAGE = "https://wiki.example.com/page"


@pytest.fixture
def world() -> World:
    """A node with a provider of somebody else's."""
    return World()


def visit(world: World) -> tuple[str, str, str, dict[str, Any]]:
    """What is noted of one visit."""
    Browser(world).open(PAGE)
    ((actor, action, target, detail),) = world.noted
    world.noted.clear()
    return actor, action, target, dict(detail)


def test_who_signs_in(world: World) -> None:
    """With the id by which an administrator ends the session, and how the user has proved who they are."""
    world.provider.changes = {"amr": ["pwd", "otp"], "acr": "2", "auth_time": NOW - 9}
    actor, action, target, detail = visit(world)
    assert (actor, action, target) == ("user:ann", "sign-in", "ann")
    session = detail.pop("session")
    assert detail.pop("expires") > 0
    assert detail == {
        "address": "192.0.2.7", "client": "", "application": "Wiki", "provider": "Example", "issuer": ISSUER, "name": "Ann",
        "amr": ["pwd", "otp"], "acr": "2", "auth_time": NOW - 9,
    }
    assert isinstance(session, str) and len(session) == 32


def test_who_is_refused(world: World) -> None:
    """A user whom the provider knows and nobody has assigned."""
    world.provider.user, world.provider.claims = "eve", {}
    actor, action, target, detail = visit(world)
    assert (actor, action, target) == ("user:eve", "sign-in.refused", "eve")
    assert (detail["application"], detail["provider"], detail["code"]) == ("Wiki", "Example", "NOT_ASSIGNED")
    assert "eve" in detail["reason"] and detail["address"] == "192.0.2.7"


@pytest.mark.parametrize(("info", "actor", "code", "why"), [
    (IdentityError(Code.TOKEN_REFUSED, "UserInfo end point: the answer is neither a JSON object nor a token"), "anonymous",
     Code.TOKEN_REFUSED, "neither a JSON object nor a token"),
    ({"sub": "another"}, "anonymous", Code.TOKEN_REFUSED, "another subject"),
    (RequestError(Code.PROVIDER_UNREACHABLE, "/me: status 503"), "user:eve", Code.NOT_ASSIGNED, "/me: status 503"),
], ids=["HTML", "another user", "down"])
def test_what_is_wrong_with_user_info(info: Any, actor: str, code: Code, why: str) -> None:
    """An answer that cannot be believed refuses whoever needs it; one that does not come is named where a group is missing."""
    provider = FakeProvider(user="eve", claims={"groups": None, "email": None, "name": None}, info=info)
    provider.document["userinfo_endpoint"] = f"{ISSUER}/me"
    found, action, _, detail = visit(World(provider=provider))
    assert (found, action, detail["code"]) == (actor, "sign-in.refused", code.name)
    assert why in detail["reason"]


@pytest.mark.parametrize(("how", "code"), [
    ({"changes": {"aud": "another"}}, Code.TOKEN_REFUSED), ({"changes": {"exp": 5}}, Code.TOKEN_REFUSED),
    ({"down": Code.PROVIDER_UNREACHABLE}, Code.PROVIDER_UNREACHABLE),
])
def test_what_is_wrong_with_a_provider(how: dict[str, Any], code: Code) -> None:
    """Nobody's word for who it was is believed then, so it stands under nobody's name."""
    actor, action, target, detail = visit(World(provider=FakeProvider(**how)))
    assert (actor, action, target, detail["code"]) == ("anonymous", "sign-in.refused", "", code.name)
    assert (detail["application"], detail["provider"]) == ("Wiki", "Example") and detail["reason"]


def test_what_the_provider_refuses(world: World) -> None:
    """Its own answer, such as that the user has broken off."""
    browser = Browser(world)
    back = browser.stop_at(PAGE, ISSUER + "/authorize")
    browser.request(world.provider.authorize(back, code=None, error="access_denied"))
    ((_, action, _, detail),) = world.noted
    assert (action, detail["code"]) == ("sign-in.refused", "PROVIDER_REFUSED")
    assert "access_denied" in str(detail["reason"])


def test_what_mends_itself_is_no_refusal(world: World) -> None:
    """A lost cookie leads to a second try by itself, of which the end is noted."""
    browser = Browser(world)
    back = world.provider.authorize(browser.stop_at(PAGE, ISSUER + "/authorize"))
    browser.jars.clear()
    assert browser.request(back).status == 303
    assert world.noted == []


def test_no_secret_is_noted(world: World) -> None:
    """Neither the client's secret, nor a token, a code or a cookie."""
    browser = Browser(world)
    browser.open(PAGE)
    world.provider.changes = {"aud": "another"}
    browser.jars.clear()
    browser.open(PAGE)
    text = repr(world.noted)
    assert len(world.noted) == 2 and RECORD.client_secret not in text and "code-" not in text and "eyJ" not in text


def test_a_provider_that_is_gone(world: World) -> None:
    """Is noted by its id."""
    browser = Browser(world)
    back = world.provider.authorize(browser.stop_at(PAGE, ISSUER + "/authorize"))
    world.store.snapshot = replace(world.store.snapshot, providers={}, applications={"wiki": WIKI})
    browser.request(back)
    ((_, _, _, detail),) = world.noted
    assert (detail["provider"], detail["code"]) == ("idp", "PROVIDER_UNREACHABLE")
