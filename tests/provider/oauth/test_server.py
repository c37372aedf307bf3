"""The rules of OAuth 2: what an authorization request and a token request must be."""

from __future__ import annotations

import json

import pytest

from appproxy.identity.openid.oidc import challenge
from appproxy.store.people import providers
from tests.provider.house import CALLBACK, ISSUER, Browser, Flow, House, claims, sign_in, tokens


class TestAuthorizationRequest:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "code id_token"}, "unsupported_response_type"),
            ({"response_type": ""}, "unsupported_response_type"),
            ({"scope": "profile"}, "invalid_scope"),
            ({"scope": ""}, "invalid_scope"),
            ({"nonce": ""}, "invalid_request"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge": "v" * 42}, "invalid_request"),
            ({"code_challenge": "v" * 42 + "="}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": ""}, "invalid_request"),
            ({"response_mode": "form_post"}, "invalid_request"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"max_age": "soon"}, "invalid_request"),
            ({"max_age": "-1"}, "invalid_request"),
            ({"prompt": "none login"}, "invalid_request"),
            ({"prompt": "none"}, "login_required"),
            ({"request": "e30.e30."}, "request_not_supported"),
            ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
            ({"registration": "{}"}, "registration_not_supported"),
        ],
    )
    def test_errors_go_back_to_the_client(
        self, house: House, browser: Browser, change: dict[str, str], error: str
    ) -> None:
        """The service hears what was wrong with its request, with its state and the name of who answers."""
        answer = browser.get("/authorize", Flow(house.application("wiki").id, more=change).query())
        assert answer.status == 303, answer.text
        assert answer.location.startswith(CALLBACK + "?")
        assert answer.query["error"] == error
        assert answer.query["state"] == "the state"
        assert answer.query["iss"] == ISSUER
        assert "code" not in answer.query

    @pytest.mark.parametrize(
        "change",
        [
            {"client_id": "nobody"},
            {"client_id": ""},
            {"redirect_uri": "https://evil.example/callback"},
            {"redirect_uri": CALLBACK + "/"},
            {"redirect_uri": CALLBACK + "?x=y"},
            {"redirect_uri": CALLBACK + "#x"},
            {"redirect_uri": CALLBACK.upper()},
            {"redirect_uri": CALLBACK.replace("https", "http")},
            {"redirect_uri": "https://signin.example.com.evil.example/callback"},
            {"redirect_uri": "https://signin.example.com@evil.example/callback"},
            {"redirect_uri": "javascript:alert(1)"},
            {"redirect_uri": "//evil.example/callback"},
            {"redirect_uri": ""},
            {"state": "a\\b"},
            {"state": "caf\u00e9"},
            {"state": "line\r\nset-cookie: a=b"},
            {"scope": 'openid "'},
        ],
    )
    def test_no_open_redirect(self, house: House, browser: Browser, change: dict[str, str]) -> None:
        """A request that cannot be the service's ends on an error page; the browser is sent nowhere."""
        answer = browser.get("/authorize", Flow(house.application("wiki").id, more=change).query())
        assert answer.status == 400
        assert "location" not in answer.fields
        assert "set-cookie" not in answer.fields
        assert "evil" not in answer.text

    @pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "nonce", "code_challenge"])
    def test_doubled_parameters(self, house: House, browser: Browser, name: str) -> None:
        """A parameter that comes twice is refused, also when both are the same."""
        query = Flow(house.application("wiki").id).query()
        path = "/authorize?" + "&".join(f"{key}={value}" for key, value in [*query.items(), (name, query[name])])
        answer = browser.request("GET", path.replace(" ", "+"), b"")
        assert answer.status == 400
        assert "location" not in answer.fields

    def test_passthrough_is_no_client(self, house: House, browser: Browser) -> None:
        """An application without sign-in cannot ask for one."""
        assert browser.get("/authorize", Flow(house.application("news").id).query()).status == 400

    def test_unknown_parameters_are_ignored(self, house: House, browser: Browser) -> None:
        """What later versions of OpenID Connect add does no harm."""
        more = {"ui_locales": "fr", "acr_values": "x", "display": "page", "x-\u00e9": "\u00e9"}
        assert browser.get("/authorize", Flow(house.application("wiki").id, more=more).query()).status == 200

    def test_posted(self, house: House, browser: Browser) -> None:
        """The request may also be posted, as OpenID Connect demands."""
        assert browser.post("/authorize", Flow(house.application("wiki").id).query()).status == 200


class TestTokenAnswer:
    def test_ends_with_the_session(self, house: House, browser: Browser) -> None:
        """An ID token that is given late in a session ends with the session, and so does all that is built on it."""
        flow = Flow(house.application("wiki").id)
        house.write(lambda tx: providers.change(tx, "builtin", idle_minutes=0.0))
        sign_in(browser, flow)
        began = house.now
        house.clock.advance(11 * 3600)
        late = claims(tokens(browser, flow, browser.get("/authorize", flow.query()).query["code"])["id_token"])
        assert late["exp"] == began + 12 * 3600
        assert late["auth_time"] == began
        assert late["iat"] == house.now


class TestTokenRequest:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"code_verifier": "w" * 43}, "invalid_grant"),
            ({"code_verifier": "v" * 42}, "invalid_request"),
            ({"code_verifier": ""}, "invalid_request"),
            ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
            ({"redirect_uri": ""}, "invalid_grant"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "refresh_token"}, "unauthorized_client"),
            ({"grant_type": "\u00e9"}, "invalid_request"),
            ({"code": "made-up"}, "invalid_grant"),
            ({"code": ""}, "invalid_request"),
            ({"client_id": ""}, "invalid_client"),
            ({"client_id": "nobody"}, "invalid_client"),
            ({"client_secret": "guess"}, "invalid_client"),
        ],
    )
    def test_nothing_may_differ(self, house: House, browser: Browser, change: dict[str, str], error: str) -> None:
        """A code is worthless with another verifier, redirect URI or client than it was made for."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        answer = browser.post("/token", flow.token_form(code, **change))
        assert answer.status == 400
        assert json.loads(answer.text)["error"] == error
        assert "token" not in json.loads(answer.text)
        assert answer.fields["cache-control"] == ["no-store"]

    def test_the_challenge_is_no_verifier(self, house: House, browser: Browser) -> None:
        """Who saw the authorization request cannot use its challenge: PKCE cannot be downgraded to plain."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        answer = browser.post("/token", flow.token_form(code, code_verifier=challenge(flow.verifier)))
        assert json.loads(answer.text)["error"] == "invalid_grant"

    def test_a_code_works_once(self, house: House, browser: Browser) -> None:
        """A code that was used gives nothing the second time."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        tokens(browser, flow, code)
        again = browser.post("/token", flow.token_form(code))
        assert again.status == 400
        assert json.loads(again.text)["error"] == "invalid_grant"

    def test_one_guess_at_the_verifier(self, house: House, browser: Browser) -> None:
        """After a wrong verifier the code is used up."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        assert browser.post("/token", flow.token_form(code, code_verifier="w" * 43)).status == 400
        assert browser.post("/token", flow.token_form(code)).status == 400

    def test_the_code_of_another_client(self, house: House, browser: Browser) -> None:
        """A code for one application gives no token for another; for its own it still works."""
        flow = Flow(house.application("wiki").id)
        code = sign_in(browser, flow).query["code"]
        other = browser.post("/token", Flow(house.application("files").id).token_form(code))
        assert json.loads(other.text)["error"] == "invalid_grant"
        tokens(browser, flow, code)

    def test_a_code_lasts_a_minute(self, house: House, browser: Browser) -> None:
        """A code that was not used for a minute is worthless."""
        flow = Flow(house.application("wiki").id)
        early = sign_in(browser, flow).query["code"]
        late = browser.get("/authorize", flow.query()).query["code"]
        house.clock.advance(59)
        tokens(browser, flow, early)
        house.clock.advance(2)
        assert browser.post("/token", flow.token_form(late)).status == 400

    @pytest.mark.parametrize(
        "body",
        [b"", b"code", b"grant_type=authorization_code&grant_type=authorization_code", b"\xff=\xff", b"a=%ff",
         b"&".join(b"a%d=b" % number for number in range(200))],
    )
    def test_garbage(self, browser: Browser, body: bytes) -> None:
        """Whatever is posted, the answer is an error in JSON."""
        answer = browser.post("/token", body)
        assert answer.status == 400
        assert "error" in json.loads(answer.text)

    def test_too_large(self, browser: Browser) -> None:
        """A huge form is refused."""
        assert browser.post("/token", b"code=" + b"a" * 20000).status == 413

    def test_only_forms(self, house: House, browser: Browser) -> None:
        """What is sent as something else than a form, which other sites' pages could do, is refused."""
        flow = Flow(house.application("wiki").id)
        form = flow.token_form(sign_in(browser, flow).query["code"])
        for kind in ("application/json", "text/plain", ""):
            answer = browser.post("/token", form, **{"content-type": kind})
            assert answer.status == 400
            assert json.loads(answer.text)["error"] == "invalid_request"
        assert browser.post("/token", form, **{"content-type": "Application/X-WWW-Form-urlencoded; charset=x"}).status == 200

    def test_only_posted(self, browser: Browser) -> None:
        """A token request in an address, which ends in logs, is refused."""
        answer = browser.get("/token", {"grant_type": "authorization_code"})
        assert answer.status == 405
        assert answer.fields["allow"] == ["POST"]
