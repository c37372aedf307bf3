"""What programs get from the provider: discovery, keys, userinfo, and the same without HTTP."""

from __future__ import annotations

import json

import pytest
from authlib.oauth2 import rfc8414, rfc9207

from appproxy.identity.openid.oidc import read_keys, read_metadata
from appproxy.store.people import user_groups, users
from tests.provider.house import ISSUER, Browser, Flow, House, claims, sign_in, tokens


class TestDiscovery:
    def test_document(self, browser: Browser) -> None:
        """The document is one that any OpenID Connect client takes, and its end points exist."""
        page = browser.get("/.well-known/openid-configuration")
        assert page.fields["content-type"] == ["application/json"]
        document = json.loads(page.text)
        rfc8414.AuthorizationServerMetadata(document).validate([rfc9207.AuthorizationServerMetadata])
        metadata = read_metadata(document, ISSUER)
        assert metadata.iss_parameter
        assert metadata.token_auth_methods == ("client_secret_basic", "client_secret_post", "none")
        for name, value in document.items():
            if name.endswith(("_endpoint", "_uri")):
                assert browser.get(value.removeprefix(ISSUER)).status != 404, name

    def test_only_https(self, browser: Browser) -> None:
        """Every address in it begins with the issuer."""
        document = json.loads(browser.get("/.well-known/openid-configuration").text)
        addresses = [value for name, value in document.items() if name.endswith(("issuer", "_endpoint", "_uri"))]
        assert len(addresses) == 8
        assert all(address.startswith(ISSUER) for address in addresses)

    def test_key_set(self, browser: Browser) -> None:
        """The key set is one that the service's own reader takes."""
        assert len(read_keys(json.loads(browser.get("/jwks").text)).keys) == 1

    def test_what_is_not_there(self, browser: Browser) -> None:
        """Nothing is below an end point."""
        assert browser.get("/jwks/x").status == 404
        assert browser.get("/authorize/").status == 404


class TestUserinfo:
    def test_with_an_access_token(self, browser: Browser, house: House, wiki: Flow) -> None:
        """The access token tells who the user is, like the ID token."""
        given = tokens(browser, wiki, sign_in(browser, wiki).query["code"])
        assert given["expires_in"] == 300
        said = json.loads(browser.get("/userinfo", authorization="Bearer " + given["access_token"]).text)
        believed = claims(given["id_token"])
        assert said == {name: believed[name] for name in said}
        assert set(said) == {"sub", "name", "preferred_username", "email", "groups", "group_names"}

    def test_scopes(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Who asks for less is told less."""
        wiki.more = {"scope": "openid"}
        given = tokens(browser, wiki, sign_in(browser, wiki).query["code"])
        believed = claims(given["id_token"])
        assert set(believed) == {"iss", "aud", "iat", "exp", "sid", "nonce", "auth_time", "acr", "amr", "sub", "at_hash"}
        assert json.loads(browser.get("/userinfo", authorization="Bearer " + given["access_token"]).text) == {
            "sub": house.read(users.find, "ann").id
        }

    def test_the_newest_is_told(self, browser: Browser, house: House, wiki: Flow) -> None:
        """What is told is what the store says at that moment."""
        house.write(user_groups.add, "board")
        house.write(users.add_to_group, "ann", "board")
        believed = claims(tokens(browser, wiki, sign_in(browser, wiki).query["code"])["id_token"])
        assert believed["group_names"] == ["board", "staff"]

    def test_without(self, browser: Browser) -> None:
        """Without a token the answer says which kind is wanted."""
        page = browser.get("/userinfo")
        assert page.status == 401
        assert page.fields["www-authenticate"] == ['Bearer realm="appproxy"']

    def test_not_a_token(self, browser: Browser, wiki: Flow) -> None:
        """A made-up token, a code or an ID token are refused."""
        answer = sign_in(browser, wiki)
        code = answer.query["code"]
        given = tokens(browser, wiki, code)
        for value in ("Bearer ", "Bearer x", f"Bearer {code}", f"Bearer {given['id_token']}",
                      f"Basic {given['access_token']}", "Bearer \u00e9"):
            page = browser.get("/userinfo", authorization=value)
            assert page.status == 401
            assert 'error="invalid_token"' in page.fields["www-authenticate"][0]

    @pytest.mark.parametrize("deed", ["late", "disabled", "signed out"])
    def test_ends(self, browser: Browser, house: House, wiki: Flow, deed: str) -> None:
        """The token ends after five minutes, and with the user and the session."""
        value = "Bearer " + tokens(browser, wiki, sign_in(browser, wiki).query["code"])["access_token"]
        house.clock.advance(299)
        assert browser.get("/userinfo", authorization=value).status == 200
        if deed == "late":
            house.clock.advance(1)
        elif deed == "disabled":
            house.write(users.disable, "ann")
        else:
            browser.post("/logout", {"csrf": browser.get("/logout").csrf})
        assert browser.get("/userinfo", authorization=value).status == 401
