"""Applications elsewhere sign people in at the built-in provider."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus

import pytest

from appproxy.provider.oauth.client_secret import with_secret
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from tests.provider.house import ISSUER, Browser, Flow, House, Noted, Page, claims, onward, sign_in

AT, HOME = "https://elsewhere.example/callback", "https://elsewhere.example/bye?from=sso"


@dataclass
class Party(Flow):
    """A registered relying party, with one code flow of it."""

    secret: str = ""

    def query(self) -> dict[str, str]:
        """Its redirect URI is its own, and it has no nonce."""
        return {**{name: value for name, value in super().query().items() if name != "nonce"}, "redirect_uri": AT, **self.more}

    def token_form(self, code: str, /, **other: str) -> dict[str, str]:
        """The token request, without the secret."""
        return {**super().token_form(code), "redirect_uri": AT, **other}


@pytest.fixture
def party(house: House) -> Party:
    """One that is registered."""
    made, secret = house.write(clients.add, "Elsewhere", ClientChanges([AT], [HOME]))
    return Party(made.id, secret=secret)


def basic(id: str, secret: str) -> str:
    """The Authorization field."""
    return "Basic " + b64encode(f"{quote_plus(id)}:{quote_plus(secret)}".encode()).decode()


def of_clients(house: House) -> list[Noted]:
    """What the audit says of relying parties."""
    return [one for one in house.noted if one.action.startswith("client.")]


def redeem(browser: Browser, party: Party, code: str, secret: str | None = None) -> Page:
    """The token request with the secret in the Authorization field."""
    return browser.post("/token", party.token_form(code), authorization=basic(party.client_id, secret or party.secret))


class TestSignIn:
    def test_a_code_flow(self, browser: Browser, house: House, party: Party) -> None:
        """The form names the application; the code goes to its own address, and is good with its secret."""
        assert "Elsewhere" in browser.get("/authorize", party.query()).text
        page = sign_in(browser, party)
        assert page.status == 303 and page.location.startswith(AT + "?") and page.query["iss"] == ISSUER
        answer = redeem(browser, party, page.query["code"])
        assert answer.status == 200, answer.text
        told = claims(cast("dict[str, Any]", json.loads(answer.text))["id_token"])
        assert told["aud"] == party.client_id and told["preferred_username"] == "ann" and "nonce" not in told
        asked = browser.get("/userinfo", authorization="Bearer " + json.loads(answer.text)["access_token"])
        assert json.loads(asked.text)["sub"] == told["sub"]
        (noted,) = of_clients(house)
        assert noted.action == "client.sign_in" and noted.actor == f"user:{told['sub']}" and noted.target == party.client_id
        assert noted.detail["session"] == told["sid"] and noted.detail["name"] == "Elsewhere"

    def test_the_secret_in_the_form(self, browser: Browser, party: Party) -> None:
        """Is as good, but not both."""
        code = sign_in(browser, party).query["code"]
        form = party.token_form(code, client_secret=party.secret)
        twice = browser.post("/token", form, authorization=basic(party.client_id, party.secret))
        assert (twice.status, json.loads(twice.text)) == (401, {"error": "invalid_client"})
        assert browser.post("/token", form).status == 200

    def test_without_its_secret(self, browser: Browser, house: House, party: Party) -> None:
        """A code alone is worth nothing, and is not used up by who has no secret; the audit says that somebody tried."""
        code = sign_in(browser, party).query["code"]
        for answer in (
            browser.post("/token", party.token_form(code)), redeem(browser, party, code, "guess"),
            browser.post("/token", party.token_form(code, client_secret="guess")),
            browser.post("/token", party.token_form(code), authorization="Basic !"),
        ):
            assert answer.status == 401 and answer.fields["www-authenticate"] == ['Basic realm="appproxy"']
        assert [one.action for one in of_clients(house)] == ["client.refused"] * 3
        assert redeem(browser, party, code).status == 200

    def test_another_clients_code(self, browser: Browser, house: House, party: Party) -> None:
        """A code is good for its own client only, whoever has a secret."""
        made, secret = house.write(clients.add, "Other", ClientChanges([AT]))
        other = Party(made.id, secret=secret)
        code = sign_in(browser, party).query["code"]
        answer = redeem(browser, other, code)
        assert (answer.status, json.loads(answer.text)["error"]) == (400, "invalid_grant")
        wiki = Flow(house.application("wiki").id)
        stolen = browser.post("/token", wiki.token_form(code), authorization=basic(wiki.client_id, party.secret))
        assert stolen.status >= 400

    def test_a_secret_that_was_changed(self, browser: Browser, house: House, party: Party) -> None:
        """Counts until its time is over."""
        house.write(clients.rotate, party.client_id, 60.0)
        assert redeem(browser, party, sign_in(browser, party).query["code"]).status == 200
        house.clock.advance(61)
        assert redeem(browser, party, onward(browser, browser.get("/authorize", party.query())).query["code"]).status == 401

    @pytest.mark.parametrize("more", [
        {"redirect_uri": AT + "/"}, {"redirect_uri": AT + "?x=y"}, {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": ISSUER + "/callback"},
    ])
    def test_where_codes_go(self, browser: Browser, party: Party, more: Mapping[str, str]) -> None:
        """To registered addresses alone, to the letter."""
        sign_in(browser, party)
        party.more = more
        answer = onward(browser, browser.get("/authorize", party.query()))
        assert answer.status == 400 and "location" not in answer.fields

    @pytest.mark.parametrize(("more", "error"), [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"), ({"response_type": "token"}, "u"),
        ({"code_challenge_method": "plain"}, "invalid_request"), ({"scope": "profile"}, "invalid_scope"),
    ])
    def test_narrow_as_for_all(self, browser: Browser, party: Party, more: Mapping[str, str], error: str) -> None:
        """PKCE with S256, the code flow, and OpenID Connect."""
        sign_in(browser, party)
        party.more = more
        answer = onward(browser, browser.get("/authorize", party.query()))
        assert answer.status == 400 or answer.query["error"].startswith(error)

    def test_a_client_that_was_removed(self, browser: Browser, house: House, party: Party) -> None:
        """Nobody signs in to it any more, with a code from before either."""
        code = sign_in(browser, party).query["code"]
        house.write(clients.remove, party.client_id)
        assert browser.get("/authorize", party.query()).status == 400
        assert redeem(browser, party, code).status == 400

    def test_on_this_machine(self, browser: Browser, house: House, party: Party) -> None:
        """A form may lead to https only: to http of this machine a page in between leads."""
        local = "http://127.0.0.1:8000/cb"
        house.write(clients.change, party.client_id, ClientChanges([local]))
        party.more = {"redirect_uri": local}
        page = sign_in(browser, party)
        assert page.status == 200 and page.fields["refresh"][0].startswith("0; url=" + local)


class TestSignOut:
    def test_and_back(self, browser: Browser, party: Party) -> None:
        """With the user's ID token nobody is asked, and the way leads to the address that is registered."""
        hint = json.loads(redeem(browser, party, sign_in(browser, party).query["code"]).text)["id_token"]
        answer = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": "a b"})
        assert (answer.status, answer.location) == (303, HOME + "&state=a+b")
        again = browser.get("/logout", {"id_token_hint": hint, "post_logout_redirect_uri": HOME})
        assert (again.status, again.location) == (303, HOME)
        assert browser.get("/authorize", party.query()).status == 200

    def test_by_its_id_alone(self, browser: Browser, party: Party) -> None:
        """The user is asked by the application's name, and then goes to the address that is registered."""
        sign_in(browser, party)
        page = browser.get("/logout", {"client_id": party.client_id, "post_logout_redirect_uri": HOME})
        assert page.status == 200 and "Elsewhere" in page.text
        assert browser.post("/logout", {"csrf": page.csrf}, origin=ISSUER).location == HOME

    def test_where_it_does_not_lead(self, browser: Browser, house: House, party: Party) -> None:
        """To no other address, to none of another client, and to none for nobody."""
        hint = json.loads(redeem(browser, party, sign_in(browser, party).query["code"]).text)["id_token"]
        made, _ = house.write(clients.add, "Other", ClientChanges([AT], ["https://other.example/"]))
        for more in (
            {"id_token_hint": hint, "post_logout_redirect_uri": AT},
            {"id_token_hint": hint, "post_logout_redirect_uri": "https://other.example/"},
            {"id_token_hint": hint, "client_id": made.id, "post_logout_redirect_uri": "https://other.example/"},
            {"post_logout_redirect_uri": HOME}, {"client_id": made.id, "post_logout_redirect_uri": HOME},
        ):
            answer = browser.get("/logout", more)
            assert answer.status == 400 and "location" not in answer.fields


@pytest.mark.parametrize("field", [
    "Basic", "Basic x", "Basic " + b64encode(b"nocolon").decode(), "Basic " + b64encode(b"id:").decode(),
    "Bearer x", "Basic " + b64encode("\u00e9:x".encode()).decode(), basic("other", "x"),
])
def test_fields_that_prove_nothing(field: str) -> None:
    """Whatever is wrong with it, it is an error and never a client without a secret."""
    with pytest.raises(Exception, match="Authorization field"):
        with_secret({"client_id": "id"}, field)


def test_a_field_with_signs() -> None:
    """Id and secret are encoded as in a form (RFC 6749 section 2.3.1)."""
    assert with_secret({}, basic("a b", "c:%+d")) == {"client_id": "a b", "client_secret": "c:%+d"}
    assert with_secret({"client_id": "id"}, None) == {"client_id": "id"}
