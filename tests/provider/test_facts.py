"""Cookies of the provider."""

from __future__ import annotations

import re

from twisted.web.resource import Resource

from appproxy.net.chance import TimeAndChance
from appproxy.provider import BuiltInProvider
from appproxy.provider.oauth.metadata import discovery_document
from appproxy.provider.passwords.checker import PasswordWork
from tests.fakes.threads import run_at_once
from tests.provider.house import CHEAP, Browser, Flow, House, Now


class TestCookies:
    def test_another_port(self, house: House) -> None:
        """Cookies ignore ports, so two installations on one host have cookies of different names."""
        issuer = "https://signin.example.com:8443"
        now = Now(house.clock)
        provider = BuiltInProvider(house.live, issuer, house.clock, TimeAndChance(now), work=PasswordWork(CHEAP, run_at_once))
        root = Resource()
        for name, child in provider.resources().items():
            root.putChild(name, child)
        browser = Browser(root)
        query = {**Flow(house.application("wiki").id).query(), "redirect_uri": issuer + "/callback"}
        assert browser.get("/authorize", query).status == 200
        [form] = browser.cookies
        assert re.fullmatch("__Host-appproxy-browser-8443-[0-9a-f]{8}", form)
        assert discovery_document(issuer)["token_endpoint"] == issuer + "/token"

    def test_form_cookie_is_kept(self, house: House, browser: Browser) -> None:
        """The cookie of the form stays the same, so that tabs side by side share it; a strange one is replaced."""
        query = Flow(house.application("wiki").id).query()
        browser.get("/authorize", query)
        first = dict(browser.cookies)
        browser.get("/authorize", query)
        assert browser.cookies == first
        [name] = first
        browser.cookies[name] = "short"
        browser.get("/authorize", query)
        assert sorted(map(len, browser.cookies.values())) == [5, 22]
