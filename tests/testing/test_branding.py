"""An organisation's own name and colours on all pages of a whole service in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from twisted.web.resource import Resource

from appproxy.testing import Playground
from tests.branding.test_logo import SVG, in_base64

PASSWORD = "correct horse battery staple"
#: The name is the mark by which a page shows that it has the brand.
BRAND = {"name": "Example Works", "accent": "#7a1f3d", "sign_in_text": "Use your badge.", "help_text": "Ask the desk."}
PAGES = {
    "nothing is published": "https://nowhere.example.org/",
    "the form": "https://wiki.example.org/",
    "no page of ours": "https://wiki.example.org/.appproxy/nothing",
    "the sign-in host": "https://signin.example.org/",
    "signed out": "https://signin.example.org/signed-out",
    "no connector": "https://alone.example.org/",
    "maintenance": "https://closed.example.org/",
}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground() as made:
        made.add_user("ann", PASSWORD)
        made.publish("wiki", Resource(), users=["ann"])
        made.admin("POST", "/connector-groups", {"name": "far"})
        for name, more in (("alone", {}), ("closed", {"maintenance": "yes"})):
            made.admin("POST", "/applications", {
                "name": name, "internal": "http://a/", "external": f"https://{name}.example.org/", "preauth": "passthrough",
                "connector_group": "far", "settings": more,
            })  # fmt: skip
        yield made


@pytest.fixture
def branded(playground: Playground) -> Iterator[Playground]:
    playground.admin("PATCH", "/branding", {"settings": BRAND})
    yield playground
    playground.admin("DELETE", "/branding")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_it(branded: Playground, name: str) -> None:
    """Whoever makes the page; and its style sheet is there, on the same host."""
    page = branded.browser().get(PAGES[name])
    assert '<p class="brand">Example Works</p>' in page.text
    [path] = re.findall(r'<link rel="stylesheet" href="(/\.appproxy/brand-[0-9a-f]{16}\.css)">', page.text)
    host = page.url.split("/")[2]
    sheet = branded.browser().get(f"https://{host}{path}")
    assert sheet.status == 200 and "--accent: #7a1f3d" in sheet.text
    assert ("Use your badge." in page.text) is (name == "the form")


def test_a_change_is_live_at_once_and_old_pages_keep_a_style(branded: Playground) -> None:
    """A page from before the change asks for the old sheet: it gets the new one, and no browser keeps it."""
    browser = branded.browser()
    [old] = re.findall(r'href="(/\.appproxy/brand-[^"]*\.css)"', browser.get(PAGES["signed out"]).text)
    kept = browser.get("https://signin.example.org" + old)
    branded.admin("PATCH", "/branding", {"settings": {"accent": "#1f5c3d", "name": "Other"}})
    page = browser.get(PAGES["signed out"])
    assert '<p class="brand">Other</p>' in page.text and old not in page.text
    late = browser.get("https://signin.example.org" + old)
    assert late.status == 200 and "--accent: #1f5c3d" in late.text
    assert kept.headers.getRawHeaders("cache-control") == ["max-age=31536000, immutable"]
    assert late.headers.getRawHeaders("cache-control") == ["no-store"]


@pytest.mark.parametrize("name", PAGES)
def test_a_logo_is_there_and_can_do_nothing(branded: Playground, name: str) -> None:
    """On the host of each page; opened by itself it runs nothing. When it has gone there is nothing at its place."""
    browser = branded.browser()
    branded.admin("PATCH", "/branding", {"settings": {"logo": in_base64(SVG)}})
    page = browser.get(PAGES[name])
    [path] = re.findall(r'<img src="(/\.appproxy/brand-[0-9a-f]{16})" alt="Example Works">', page.text)
    url = f"https://{page.url.split('/')[2]}{path}"
    logo = browser.get(url)
    assert (logo.status, logo.body) == (200, SVG)
    assert logo.headers.getRawHeaders("content-type") == ["image/svg+xml"]
    [policy] = logo.headers.getRawHeaders("content-security-policy") or [""]
    assert policy.startswith("default-src 'none'; ") and policy.endswith("; sandbox")
    assert logo.headers.getRawHeaders("x-content-type-options") == ["nosniff"]
    assert logo.headers.getRawHeaders("cache-control") == ["max-age=31536000, immutable"]
    branded.admin("PATCH", "/branding", {"settings": {"logo": ""}})
    gone = browser.get(url)
    assert gone.status == 404 and b"<script" not in gone.body and '<p class="brand">' in gone.text


def test_without_it_pages_are_plain(playground: Playground) -> None:
    """Nothing of a brand that was taken back is left."""
    page = playground.browser().get(PAGES["nothing is published"])
    assert "Example" not in page.text and "Ask the desk." not in page.text and "/.appproxy/style.css" in page.text
