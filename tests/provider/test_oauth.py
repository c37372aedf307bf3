"""The code flow, from the authorization request to an ID token that a client believes."""

from __future__ import annotations

import json

import pytest

from appproxy.identity.id_token import check_id_token
from appproxy.identity.oidc import read_keys
from appproxy.store import users
from tests.provider.house import CALLBACK, ISSUER, Browser, Flow, House, sign_in


class TestFlow:
    def test_from_the_form_to_the_id_token(self, house: House, browser: Browser) -> None:
        """A user types the password, and the application's client gets an ID token that stands every check."""
        wiki = house.application("wiki")
        flow = Flow(wiki.id)
        form = browser.get("/authorize", flow.query())
        assert "wiki" in form.text
        answer = browser.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": "correct horse"})
        assert answer.status == 303
        assert answer.location.startswith(CALLBACK + "?")
        assert answer.query["state"] == "the state"
        assert answer.query["iss"] == ISSUER
        tokens = json.loads(browser.post("/token", flow.token_form(answer.query["code"])).text)
        assert tokens["token_type"] == "Bearer"
        keys = read_keys(json.loads(browser.get("/jwks").text))
        claims = check_id_token(
            tokens["id_token"], keys, issuer=ISSUER, client_id=wiki.id, nonce="the nonce", algorithms=["ES256"],
            now=house.now,
        )  # fmt: skip
        ann = house.read(users.find, "ann")
        assert claims.subject == ann.id
        assert claims.amr == ("pwd",)
        assert claims.auth_time == house.now
        assert claims.expires == house.now + 12 * 3600
        assert claims.raw["groups"] == [ann.groups[0].id]
        assert claims.raw["group_names"] == ["staff"]
        assert claims.raw["name"] == "Ann Other"
        assert claims.raw["preferred_username"] == "ann"
        assert claims.raw["email"] == "ann@example.com"

    @pytest.mark.parametrize(
        "change",
        [
            {"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": CALLBACK + "/"}, {"redirect_uri": ""},
            {"grant_type": "password"}, {"code": "made up"}, {"client_id": ""}, {"client_id": "nobody"},
            {"client_secret": "guess"},
        ],
    )
    def test_nothing_may_differ(self, house: House, browser: Browser, change: dict[str, str]) -> None:
        """A code is worthless with another verifier, redirect URI or client than it was made for."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        answer = browser.post("/token", flow.token_form(code, **change))
        assert answer.status == 400
        assert "id_token" not in answer.text
        assert json.loads(answer.text)["error"].startswith(("invalid_", "unsupported_"))
