"""Our pages: everything is escaped, nothing is inline, nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from appproxy.pages import (
    CHOOSE_PROVIDER_SCRIPT,
    KEEP_FRAGMENT_SCRIPT,
    LEAD_ON_SCRIPT,
    PASSKEY_SCRIPT,
    PUT_FRAGMENT_BACK_SCRIPT,
    SEND_FORM_SCRIPT,
    SIGN_IN_SCRIPT,
    SIGNED_IN_AGAIN_SCRIPT,
    STYLE,
    STYLE_PATH,
    render,
)

EVIL = "\"'><script>alert(1)</script>"
PAGES: dict[str, dict[str, object]] = {
    "error": {"title": EVIL, "advice": EVIL, "source": EVIL, "status": 500, "code": EVIL, "request_id": EVIL,
              "hops": (EVIL,), "broken": EVIL, "link": EVIL, "link_text": EVIL},
    "message": {"title": EVIL, "text": EVIL, "link": EVIL, "link_text": EVIL},
    "sign_in": {"action": EVIL, "csrf": EVIL, "user_name": EVIL, "error": EVIL, "application": EVIL,
                "hidden": {EVIL: EVIL}},
    "sign_out": {"action": EVIL, "csrf": EVIL, "name": EVIL, "application": EVIL, "link": EVIL},
    "signed_out": {},
    "account": {"action": EVIL, "csrf": EVIL, "name": EVIL, "user_name": EVIL, "own_password": True, "codes": 3, "more": EVIL,
                "error": EVIL,
                "needed": EVIL,
                "factors": [{"kind": EVIL, "id": EVIL, "label": EVIL, "created": EVIL, "used": EVIL}]},
    "new_password": {"action": EVIL, "csrf": EVIL, "title": EVIL, "user_name": EVIL, "shortest": 8, "error": EVIL},
    "send_again": {"why": EVIL, "link": EVIL},
    "recovery_codes": {"codes": [EVIL], "link": EVIL, "link_text": EVIL},
    "set_up_app": {"action": EVIL, "csrf": EVIL, "qr": EVIL, "secret": EVIL, "label": EVIL, "error": EVIL},
}  # fmt: skip


class Reader(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Of all tags of one name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_can_be_injected(name: str) -> None:
    """Whatever is put into a page comes out as text."""
    read = Reader(render(name, **PAGES[name]))
    assert not read.attributes("script")
    assert b"<script" not in render(name, **PAGES[name])


def test_the_script_of_the_sign_in_page() -> None:
    """It is there only with an address to go on with, and what stands in that is text."""
    read = Reader(render("sign_in", **PAGES["sign_in"], resume=EVIL))
    assert len(read.attributes("script")) == 1
    assert read.attributes("form")[0]["data-resume"] == EVIL
    assert "</" not in SIGN_IN_SCRIPT
    assert f"<script>{SIGN_IN_SCRIPT}</script>" in render("sign_in", **PAGES["sign_in"], resume="/").decode()


#: Pages of passkeys, which have scripts of ours: each with its number.
WITH_PASSKEY: dict[str, tuple[int, dict[str, object]]] = {
    "second_factor": (2, {"action": EVIL, "csrf": EVIL, "name": EVIL, "error": EVIL, "application": EVIL, "code": "app",
                          "passkey": EVIL, "optional": True, "resume": EVIL}),
    "set_up": (1, {"action": EVIL, "csrf": EVIL, "why": EVIL, "error": EVIL, "app": True, "passkey": EVIL, "leave": EVIL}),
    "sign_in": (2, {**PAGES["sign_in"], "resume": EVIL, "passkey": EVIL}),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_PASSKEY)
def test_pages_with_passkeys(name: str) -> None:
    """Only our own scripts, to the letter; the Enter key presses no passkey button; each visible field has its label."""
    scripts, context = WITH_PASSKEY[name]
    page = render(name, **context)
    read = Reader(page)
    assert len(read.attributes("script")) == page.count(b"<script") == scripts
    assert f"<script>{PASSKEY_SCRIPT}</script>" in page.decode() and "</" not in PASSKEY_SCRIPT
    assert read.attributes("form")[0]["data-passkey"] == EVIL
    [button] = [one for one in read.attributes("button") if "data-passkey-button" in one]
    assert button["type"] == "button"
    visible = [field["id"] for field in read.attributes("input") if field.get("type") != "hidden"]
    assert visible == [label["for"] for label in read.attributes("label")]


def test_the_page_that_asks_for_a_provider() -> None:
    """Its one script to the letter, a label for each visible field, and what comes from elsewhere is text."""
    page = render("choose_provider", action=EVIL, sealed=EVIL, application=EVIL, by_mail=True, mail=EVIL, error=EVIL,
                  keep=True, providers=[{"id": EVIL, "name": EVIL}])
    read = Reader(page)
    assert f"<script>{CHOOSE_PROVIDER_SCRIPT}</script>" in page.decode() and page.count(b"<script") == 1
    assert [one["value"] for one in read.attributes("button") if "value" in one] == [EVIL]
    visible = [field["id"] for field in read.attributes("input") if field.get("type") != "hidden"]
    assert visible == [label["for"] for label in read.attributes("label")]
    assert len(read.attributes("h1")) == 1 and "</" not in CHOOSE_PROVIDER_SCRIPT


@pytest.mark.parametrize(("name", "script", "context"), [
    ("send_form", SEND_FORM_SCRIPT, {"action": EVIL, "ticket": EVIL, "application": EVIL}),
    ("signed_in_again", SIGNED_IN_AGAIN_SCRIPT, {"onward": EVIL}),
])
def test_the_last_pages_of_a_sign_in(name: str, script: Markup, context: dict[str, object]) -> None:
    """Each has its one script, to the letter, and works by a button or link without it."""
    page = render(name, **context, script=script)
    read = Reader(page)
    assert f"<script>{script}</script>" in page.decode() and page.count(b"<script") == 1 and "</" not in script
    assert EVIL in [*(form["action"] for form in read.attributes("form")), *(link["href"] for link in read.attributes("a"))]


@pytest.mark.parametrize("script", [LEAD_ON_SCRIPT, KEEP_FRAGMENT_SCRIPT, PUT_FRAGMENT_BACK_SCRIPT])
def test_the_page_between(script: Markup) -> None:
    """It leads on by its one script, without it by itself or a link; an address is text, and nothing holds the script up."""
    page = render("onward", title=EVIL, text=EVIL, onward=EVIL, key=EVIL, mark=EVIL, script=script)
    read = Reader(page)
    assert f"<script>{script}</script>" in page.decode() and page.count(b"<script") == 1 and "</" not in script
    assert [link["href"] for link in read.attributes("a")] == [EVIL, EVIL]
    [refresh] = [meta["content"] for meta in read.attributes("meta") if meta.get("http-equiv") == "refresh"]
    assert refresh == f"0; url={EVIL}"
    head = page[:page.index(b"<script")].decode()
    shown = "".join(part.partition("</noscript>")[2] for part in head.split("<noscript>")[1:])
    assert "stylesheet" not in shown and "refresh" not in shown and "<main" not in shown


@pytest.mark.parametrize("name", PAGES)
def test_the_strict_policy_can_hold(name: str) -> None:
    """No inline style or script, and only one style sheet, of our own."""
    read = Reader(render(name, **PAGES[name]))
    assert not read.attributes("style")
    for _, attributes in read.tags:
        assert "style" not in attributes
        assert not any(key.startswith("on") for key in attributes)
    assert [link["href"] for link in read.attributes("link")] == ["data:,", STYLE_PATH]


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_it(name: str) -> None:
    """Language, title, one main heading, a view port for phones, and a label for each visible field."""
    read = Reader(render(name, **PAGES[name]))
    assert read.attributes("html") == [{"lang": "en"}]
    assert len(read.attributes("h1")) == len(read.attributes("title")) == len(read.attributes("main")) == 1
    assert any(meta.get("name") == "viewport" for meta in read.attributes("meta"))
    visible = [field["id"] for field in read.attributes("input") if field.get("type") != "hidden"]
    assert visible == [label["for"] for label in read.attributes("label")]


def test_password_managers_know_the_form() -> None:
    """User name and password are named as browsers expect, and an error is announced."""
    read = Reader(render("sign_in", action="/sign-in", csrf="c", user_name="ann", error="No.", application="Wiki"))
    fields = {field["name"]: field for field in read.attributes("input")}
    assert fields["username"]["autocomplete"] == "username"
    assert fields["username"]["value"] == "ann"
    assert fields["password"]["autocomplete"] == "current-password"
    assert "value" not in fields["password"]
    assert fields["csrf"]["value"] == "c"
    assert any(p.get("role") == "alert" for p in read.attributes("p"))


def test_a_missing_value_is_noticed() -> None:
    """A page is never sent with a hole in it."""
    with pytest.raises(UndefinedError):
        render("message", title="t")


def test_the_style_sheet_loads_nothing() -> None:
    """No font, picture or other sheet from anywhere; dark mode and narrow screens are thought of."""
    text = STYLE.decode()
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert re.search(r"@media \(max-width", text)


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2) of `#rgb` or `#rrggbb`."""
    digits = color.lstrip("#")
    digits = "".join(sign * 2 for sign in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [("text", "card"), ("soft", "card"), ("soft", "page"), ("accent", "card"), ("on-accent", "accent"),
     ("on-accent", "accent-strong"), ("bad", "bad-back"), ("bad", "card")],
)  # fmt: skip
def test_contrast(scheme: int, front: str, back: str) -> None:
    """Every text has a contrast of at least 4.5 to 1 (WCAG 2.2 AA), by day and by night."""
    blocks = re.findall(r":root {(.*?)}", STYLE.decode(), re.S)
    colors = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block)) for block in blocks]
    bright, dim = sorted((luminance(colors[scheme][front]), luminance(colors[scheme][back])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5
