"""Names, texts and colours of an organisation on our pages."""

from __future__ import annotations

import pytest

from appproxy.branding import PLAIN, check_brand, make_brand
from appproxy.errors import Code, ConfigError
from appproxy.pages import STYLE, error_page, render, sheet_of
from tests.branding.test_logo import PNG, SVG, in_base64
from tests.pages.test_render import EVIL, PAGES, Reader

ALL = {"name": EVIL[:64], "sign_in_text": EVIL, "help_text": EVIL, "help_link": "https://help.example.com/?a=1&b=2",
       "footer": EVIL, "accent": "#7A1F3D"}


@pytest.mark.parametrize("name", PAGES)
def test_markup_stays_text(name: str) -> None:
    """No text of a brand becomes a tag or a style, and one sheet is linked: the brand's own."""
    brand = make_brand(ALL)
    page = render(name, brand, **PAGES[name])
    read = Reader(page)
    assert not read.attributes("script") and not read.attributes("style") and b"<script" not in page
    assert not any("style" in attributes for _, attributes in read.tags)
    assert [link["href"] for link in read.attributes("link")] == ["data:,", sheet_of(brand)[0]]
    assert page.count(b"&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("name", "a" * 65, "at most 64"), ("name", "a\nb", "one line"), ("name", " ", "one line"),
        ("footer", "pay\u202egnp.exe", "printable"), ("help_text", "a\u2066b", "printable"),
        ("sign_in_text", "a\0b", "printable"),
        ("accent", "red;}body{", "such as #0b5cad"), ("accent", "red", "such as"), ("accent", "#12345\u0663", "such as"),
        ("accent", "#ffcc00", "1.51 to 1"), ("accent_dark", "#0b5cad", "to 1"), ("accent", "#0b5cad\n", "such as"),
        ("help_link", "javascript:alert(1)", "https://"), ("help_link", "http://help.example.com/", "https://"),
        ("help_link", 'https://a/"onclick="x', "https://"), ("help_link", "mailto:a@b?subject=<x>", "mailto:"),
        ("help_link", "https://user@help.example.com/", "https://"), ("help_link", "https:///x", "https://"),
        ("colour", "x", "no such setting"), ("logo", "x", "base64"), ("logo_dark", "eHh4", "a PNG, JPEG or WebP"),
    ],
)  # fmt: skip
def test_what_is_refused(key: str, text: str, words: str) -> None:
    """Each refusal names the key and the fix."""
    with pytest.raises(ConfigError, match=key) as caught:
        check_brand({key: text})
    assert words in str(caught.value)


def test_a_colour_that_would_do_is_named() -> None:
    """The one that the refusal names is taken."""
    with pytest.raises(ConfigError) as caught:
        check_brand({"accent": "#ffcc00"})
    near = str(caught.value).rpartition("; ")[2].split()[0]
    assert check_brand({"accent": near}) == {"accent": near}


def test_the_sheet_has_the_colours_by_day_and_by_night() -> None:
    """The dark one is made from the other, unless it is given; another colour has another address."""
    path, sheet = sheet_of(make_brand({"accent": "#7a1f3d"}))
    assert sheet.startswith(STYLE)
    assert b"--accent: #7a1f3d" in sheet and sheet.count(b"scheme: dark") == STYLE.count(b"scheme: dark") + 1
    other, dark = sheet_of(make_brand({"accent": "#7a1f3d", "accent_dark": "#ffaabb"}))
    assert b"--accent: #ffaabb" in dark and other != path


def test_pages_of_failures_are_kept_by_brand() -> None:
    """One brand's page is not another's, in either order."""
    one, other = make_brand({"name": "One", "help_text": "Ask Ann."}), make_brand({"name": "Other"})
    for brand, name in ((one, b"One"), (PLAIN, b"Protected by appproxy"), (other, b"Other"), (one, b"One")):
        body = error_page(Code.NOT_FOUND, "0", False, brand=brand)[2]
        assert name in body and (b"Ask Ann." in body) is (brand is one)
        assert (b"<title>There is no such page (404)</title>" in body) is (brand is PLAIN)


def test_a_way_to_help() -> None:
    """The link is on pages of failures alone."""
    brand = make_brand({"help_link": "mailto:help@example.com"})
    assert b'<a href="mailto:help@example.com">' in error_page(Code.NOT_FOUND, "0", False, brand=brand)[2]
    assert b"mailto" not in render("signed_out", brand)


def test_nothing_set_is_the_plain_brand() -> None:
    """Then the pages are those of a service without settings."""
    assert make_brand({}) is PLAIN


@pytest.mark.parametrize("name", PAGES)
def test_a_logo_is_on_every_page(name: str) -> None:
    """In the name's place, with the name as its text; by night on a light ground, unless there is one for the night."""
    brand = make_brand({"name": EVIL[:64], "logo": in_base64(PNG)})
    page = render(name, brand, **PAGES[name])
    assert brand.logo is not None
    assert Reader(page).attributes("img") == [{"src": brand.logo.path, "alt": EVIL[:64]}]
    assert b"grounded" in page and not Reader(page).attributes("source") and not Reader(page).attributes("svg")
    both = make_brand({"logo": in_base64(PNG), "logo_dark": in_base64(SVG)})
    page = render(name, both, **PAGES[name])
    assert both.logo_dark is not None
    [source] = Reader(page).attributes("source")
    assert source["srcset"] == both.logo_dark.path and b"grounded" not in page
    assert Reader(page).attributes("img") == [{"src": both.logo.path, "alt": ""}]  # type: ignore[union-attr]


def test_a_logo_that_is_refused_is_not_repeated() -> None:
    """An admin's screen is not filled with base64."""
    with pytest.raises(ConfigError) as caught:
        check_brand({"logo": in_base64(b"GIF89a" * 1000)})
    assert str(caught.value).startswith("logo: it must be a PNG") and len(str(caught.value)) < 120
