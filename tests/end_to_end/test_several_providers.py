"""One application with two identity providers, the built-in one and the certified one: users choose, in a real browser too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.test_certified_provider import certified, needed
from tests.end_to_end.test_certified_provider import modules as modules
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PASSWORD, World, until

_NAME = "both"


@dataclass(frozen=True)
class Both:
    """The application, and where the certified provider is."""

    world: World
    url: str
    issuer: str
    anchor: Path

    def visitor(self) -> Visitor:
        """A browser that knows both providers."""
        visitor = Visitor(self.world.port, self.world.anchor)
        visitor.elsewhere["localhost"] = urlsplit(self.issuer).port or 0
        visitor.trust(self.anchor)
        return visitor

    def certified(self, visitor: Visitor, page: Answer, user: str) -> Answer:
        """Sign in at the certified provider."""
        assert page.url.startswith(self.issuer), page.text
        return visitor.submit(visitor.submit(page, login=user, password="any"))


@pytest.fixture(scope="module")
def both(world: World, modules: Path) -> Iterator[Both]:
    """`alice` of the built-in provider and the certified one's engineers may use it."""
    with certified(world, modules, _NAME, "a secret", False) as anchor:
        world.admin("app", "set", _NAME, f"provider={_NAME},builtin")
        world.admin("assign", _NAME, "--user", "alice", "--provider", "builtin")
        world.admin("provider", "set", _NAME, "--set", "domains=corp.example")
        url = world.url(_NAME)
        until(lambda: Visitor(world.port, world.anchor).get(url).status == 401, "not live", 10)
        issuer = json.loads(world.admin("provider", "show", _NAME, "--json"))["issuer"]
        yield Both(world, url, issuer, anchor)


def identifier(both: Both) -> str:
    """The certified provider's."""
    return str(json.loads(both.world.admin("provider", "show", _NAME, "--json"))["id"])


@needed
def test_each_choice_leads_in_and_out(both: Both) -> None:
    """By a button, and by a mail address. The next visit asks nothing; after a sign-out the page asks again."""
    for choice, user in (({"provider": identifier(both)}, "carol"), ({"mail": "carol@corp.example"}, "carol"),
                         ({"provider": "builtin"}, "alice")):
        visitor = both.visitor()
        page = visitor.navigate(both.url)
        assert page.url.startswith(both.world.url("signin", "/start")), page.text
        page = visitor.submit(page, **choice)
        if user == "carol":
            page = both.certified(visitor, page, user)
        else:
            page = visitor.submit(page, username=user, password=PASSWORD)
        assert page.url == both.url and f'<span id="who">{user.title()}</span>' in page.text, page.text
        (row, *_) = both.world.admin_json("session", "list", "--application", _NAME, "--json")
        assert row["provider"] == (_NAME if user == "carol" else "builtin")
        asking = visitor.submit(visitor.navigate(both.world.url(_NAME, "/.appproxy/sign-out")))
        out = visitor.submit(asking, logout="yes") if user == "carol" else asking
        assert urlsplit(out.url).path == "/signed-out", out.url
        assert visitor.navigate(both.url).url.startswith(both.world.url("signin", "/start"))


@needed
def test_one_providers_people_are_not_the_others(both: Both) -> None:
    """`alice` of the certified provider is nobody here, and `bob` of the built-in one neither."""
    visitor = both.visitor()
    page = both.certified(visitor, visitor.submit(visitor.navigate(both.url), provider=identifier(both)), "alice")
    assert page.status == 403 and "NOT_ASSIGNED" in page.text
    visitor = both.visitor()
    page = visitor.submit(visitor.navigate(both.url), provider="builtin")
    assert visitor.submit(page, username="bob", password=PASSWORD).status == 403


@needed
def test_a_provider_that_is_taken_away(both: Both) -> None:
    """Its sessions end at once; the other's go on, and nobody is asked any more which."""
    stays, goes = both.visitor(), both.visitor()
    both.certified(stays, stays.submit(stays.navigate(both.url), provider=identifier(both)), "carol")
    page = goes.submit(goes.navigate(both.url), provider="builtin")
    assert goes.submit(page, username="alice", password=PASSWORD).url == both.url
    both.world.admin("app", "set", _NAME, f"provider={_NAME}")
    until(lambda: goes.get(both.url).status == 401, "it still counts", 5)
    assert stays.get(both.url).status == 200
    assert both.visitor().navigate(both.url).url.startswith(both.issuer)
    both.world.admin("app", "set", _NAME, f"provider={_NAME},builtin")
    back = both.visitor()
    page = back.submit(back.navigate(both.url), provider="builtin")
    assert "NOT_ASSIGNED" in back.submit(page, username="alice", password=PASSWORD).text, "nobody comes back with a provider"
    both.world.admin("assign", _NAME, "--user", "alice", "--provider", "builtin")


@pytest.fixture(params=["", "--blink-settings=scriptEnabled=false"], ids=["scripts", "no scripts"])
def phone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chrome]:
    """A browser as narrow as a phone, in the dark."""
    arguments = ["--window-size=500,800", "--force-dark-mode", *([request.param] if request.param else [])]
    with chromium(tmp_path / "profile", *arguments) as driver:
        yield driver


@needed
def test_by_keyboard_on_a_phone(both: Both, phone: Chrome, request: pytest.FixtureRequest) -> None:
    """The field has the focus, each button is reached by Tab and pressed by Enter, nothing is wider than the screen.
    With scripts the fragment of the address is still there at the end.
    """
    scripts = "no scripts" not in request.node.name
    phone.get(f"{both.url}#/a/route")
    wait(phone).until(lambda driver: driver.find_elements(By.NAME, "mail"))
    buttons = phone.find_elements(By.NAME, "provider")
    assert [one.text for one in buttons] == [_NAME, "a user name and password"]
    for one in (*buttons, phone.find_element(By.NAME, "mail")):
        assert one.rect["x"] >= 0 and one.rect["x"] + one.rect["width"] <= 500 and one.rect["height"] >= 44
    assert phone.find_element(By.CSS_SELECTOR, "ul.choices").aria_role == "list"
    assert phone.find_element(By.NAME, "mail").accessible_name == "Your work e-mail address"
    background = phone.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert max(int(part) for part in background.removeprefix("rgba(").removeprefix("rgb(").rstrip(")").split(",")[:3]) < 80
    focus = phone.switch_to.active_element
    assert focus.get_dom_attribute("name") == "mail"
    focus.send_keys("alice@elsewhere.example", Keys.ENTER)
    wait(phone).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    assert phone.find_element(By.NAME, "mail").get_dom_attribute("value") == "alice@elsewhere.example"
    for _ in range(3):
        phone.switch_to.active_element.send_keys(Keys.TAB)
    focus = phone.switch_to.active_element
    assert focus.text == "a user name and password"
    focus.send_keys(Keys.ENTER)
    wait(phone).until(lambda driver: driver.find_elements(By.NAME, "username"))
    sign_in(phone, "alice", PASSWORD)
    wait(phone).until(lambda driver: driver.current_url.startswith(both.url))
    if scripts:
        assert phone.current_url == f"{both.url}#/a/route"
