"""Relying parties ask again who a user is, for as long as the session lasts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appproxy.provider.oauth.party import REUSED
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people import users
from appproxy.store.people.session import client_sessions, sessions
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import Browser, House, Page, claims, onward, sign_in
from tests.provider.test_relying_parties import AT, Party, basic, of_clients, redeem

OFFLINE = {"scope": "openid profile groups offline_access"}


@pytest.fixture
def party(house: House) -> Party:
    """One that asks for refresh tokens."""
    made, secret = house.write(clients.add, "Elsewhere", ClientChanges([AT]))
    return Party(made.id, secret=secret, more=OFFLINE)


def begun(browser: Browser, party: Party) -> dict[str, Any]:
    """The first tokens."""
    answer: dict[str, Any] = json.loads(redeem(browser, party, sign_in(browser, party).query["code"]).text)
    return answer


def refresh(browser: Browser, party: Party, token: str, secret: str | None = None, **more: str) -> Page:
    """The answer to a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return browser.post("/token", form, authorization=basic(party.client_id, secret or party.secret))


def test_only_who_asks_gets_one(browser: Browser, party: Party) -> None:
    """By the scope `offline_access`; others see nothing new."""
    party.more = {}
    assert "refresh_token" not in begun(browser, party)
    party.more = OFFLINE
    again = json.loads(redeem(browser, party, onward(browser, browser.get("/authorize", party.query())).query["code"]).text)
    assert again["refresh_token"] and again["scope"] == "openid profile groups offline_access"


def test_what_is_so_now(browser: Browser, house: House, party: Party) -> None:
    """The new ID token is of the same sign-in, with today's name; UserInfo answers again after its five minutes."""
    first = begun(browser, party)
    before = claims(first["id_token"])
    house.write(lambda tx: users.set_profile(tx, "ann", display_name="Ann Other"))
    house.clock.advance(3600)
    answer = refresh(browser, party, first["refresh_token"])
    assert answer.status == 200, answer.text
    told = json.loads(answer.text)
    now = claims(told["id_token"])
    assert now["name"] == "Ann Other" and now["iat"] == before["iat"] + 3600 and "nonce" not in now
    for name in ("iss", "aud", "sub", "sid", "auth_time", "acr", "amr", "exp"):
        assert now[name] == before[name], name
    assert browser.get("/userinfo", authorization="Bearer " + told["access_token"]).status == 200
    assert refresh(browser, party, told["refresh_token"], scope="openid").status == 200


def test_one_that_comes_back_ends_it(browser: Browser, house: House, party: Party) -> None:
    """It is in two hands; the audit says so. The user stays signed in, and may sign in there again."""
    first = begun(browser, party)["refresh_token"]
    second = json.loads(refresh(browser, party, first).text)["refresh_token"]
    house.clock.advance(11)
    stolen = refresh(browser, party, first)
    assert (stolen.status, json.loads(stolen.text)["error_description"]) == (400, REUSED)
    assert refresh(browser, party, second).status == 400
    assert [(one.action, one.detail["reason"]) for one in of_clients(house)[1:]] == [("client.refused", REUSED)]
    assert onward(browser, browser.get("/authorize", party.query())).query["code"]


def test_a_lost_answer(browser: Browser, house: House, party: Party) -> None:
    """The same token at once once more is no theft."""
    first = begun(browser, party)["refresh_token"]
    refresh(browser, party, first)
    house.clock.advance(5)
    assert refresh(browser, party, first).status == 200


@pytest.mark.parametrize("how", ["session", "user", "disabled", "there", "client", "time"])
def test_what_ends_it(browser: Browser, house: House, party: Party, how: str) -> None:
    """The session's end, another password, a user who is disabled, what the client was told, and hours."""
    first = begun(browser, party)
    told = claims(first["id_token"])
    if how == "session":
        house.write(sessions.revoke_session, told["sid"])
    elif how == "user":
        house.clock.advance(1)
        house.write(sessions.revoke_subject, BUILTIN, told["sub"])
    elif how == "disabled":
        house.write(users.disable, "ann")
    elif how == "there":
        house.write(client_sessions.session_ended, told["sid"])
    elif how == "client":
        house.write(clients.remove, party.client_id)
    else:
        house.clock.advance(12 * 3600 + 1)
    answer = refresh(browser, party, first["refresh_token"])
    assert answer.status in (400, 401) and "id_token" not in answer.text


def test_whose_it_is(browser: Browser, house: House, party: Party) -> None:
    """Only its own client's, with the secret; neither a guess nor a stranger uses it up."""
    first = begun(browser, party)["refresh_token"]
    made, secret = house.write(clients.add, "Other", ClientChanges([AT]))
    assert refresh(browser, Party(made.id, secret=secret), first).status == 400
    assert refresh(browser, party, first, "guess").status == 401
    assert refresh(browser, party, first[:38] + "x" * 43).status == 400
    assert refresh(browser, party, first, scope="openid email").status == 400
    assert refresh(browser, party, first).status == 200


def test_given_back(browser: Browser, party: Party) -> None:
    """RFC 7009, with the client's secret; a token that is none is as good as one that was revoked."""
    first = begun(browser, party)["refresh_token"]
    form = {"token": first, "token_type_hint": "refresh_token"}
    assert browser.post("/revoke", form, authorization=basic(party.client_id, "guess")).status == 401
    assert browser.post("/revoke", {**form, "client_id": party.client_id}).status == 401
    assert browser.post("/revoke", {"token": "x"}, authorization=basic(party.client_id, party.secret)).status == 200
    assert browser.post("/revoke", form, authorization=basic(party.client_id, party.secret)).status == 200
    assert refresh(browser, party, first).status == 400


def test_a_code_that_comes_twice(browser: Browser, party: Party) -> None:
    """What the first one got ends (RFC 6749 section 4.1.2)."""
    code = sign_in(browser, party).query["code"]
    first = json.loads(redeem(browser, party, code).text)["refresh_token"]
    assert redeem(browser, party, code).status == 400
    assert refresh(browser, party, first).status == 400
