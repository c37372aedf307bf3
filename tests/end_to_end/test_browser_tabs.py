"""A browser that restores its windows: many tabs without a session, over two applications of one host and one of another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PASSWORD, World

TABS = 20


@pytest.fixture(scope="module")
def world(own_world: World) -> World:
    """With two more applications for alice: one below a path of the sample's host, one on a host of its own."""
    notes = own_world.url("sample", "/notes/")
    own_world.admin("app", "publish", "notes", "--internal", own_world.internal, "--external", notes)
    own_world.publish("second", own_world.internal)
    for name in ("notes", "second"):
        own_world.admin("assign", name, "--user", "alice")
    return own_world


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A new one, so that nobody is signed in."""
    with chromium(tmp_path) as driver:
        yield driver


def pages(world: World, count: int) -> list[str]:
    """An address for each tab, some with a fragment."""
    places = (("sample", "/"), ("sample", "/notes/"), ("second", "/"))
    made = []
    for number in range(count):
        name, path = places[number % 3]
        made.append(world.url(name, f"{path}?tab={number}") + (f"#/route/{number}" if number % 2 else ""))
    return made


def addresses(browser: Chrome) -> list[str]:
    """What all tabs show, without looking at any of them: none may go on only because somebody does."""
    targets = browser.execute_cdp_cmd("Target.getTargets", {})["targetInfos"]
    return sorted(each["url"] for each in targets if each["type"] == "page" and each["url"].startswith("https://"))


def test_tabs_opened_at_once(browser: Chrome, world: World) -> None:
    """The password is typed in one of them; then each shows its own page, fragment included, without being touched."""
    wanted = pages(world, TABS)
    for url in wanted:
        browser.execute_cdp_cmd("Target.createTarget", {"url": url, "background": True})
    signin = world.url("signin", "/authorize")
    wait(browser).until(lambda driver: [url.startswith(signin) for url in addresses(driver)] == [True] * TABS)
    browser.switch_to.window(browser.window_handles[TABS // 2])
    wait(browser).until(lambda driver: driver.find_elements(By.NAME, "password"))
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: addresses(driver) == sorted(wanted))


def test_the_fragment_survives_the_form(browser: Chrome, world: World) -> None:
    """Applications whose pages are behind the # keep the place, also after a mistyped password."""
    url = world.url("sample", "/?a=b#/route/7?x=1&y=%2F")
    browser.get(url)
    sign_in(browser, "alice", "not the password")
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == url)
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []


def test_back_to_the_form(browser: Chrome, world: World) -> None:
    """Back, from the application to the sign-in, leads forward again, and nobody sees an error."""
    url = world.url("sample")
    browser.get(url)
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == url)
    browser.back()
    wait(browser).until(lambda driver: driver.current_url == url or not driver.find_elements(By.NAME, "password"))
    wait(browser).until(lambda driver: driver.current_url == url)


def test_fifty_at_once(world: World) -> None:
    """The same of a simpler browser, that reloads the other tabs: fifty at once, each ends on its own page."""
    visitor = Visitor(world.port, world.anchor)
    wanted = [url.partition("#")[0] for url in pages(world, 50)]
    with ThreadPoolExecutor(25) as threads:
        forms = list(threads.map(visitor.navigate, wanted))
        assert {form.status for form in forms} == {200}
        typed: Answer = visitor.submit(forms[31], username="alice", password=PASSWORD)
        assert typed.url == wanted[31]
        others = list(threads.map(lambda form: visitor.navigate(form.url), forms))
    assert [page.url for page in others] == wanted
    assert {page.status for page in others} == {200}


def test_any_form_may_be_the_one(world: World) -> None:
    """Whichever of the tabs is filled in first, last or again: each of the forms leads to its own page."""
    visitor = Visitor(world.port, world.anchor)
    wanted = [url.partition("#")[0] for url in pages(world, 9)]
    with ThreadPoolExecutor(9) as threads:
        forms = list(threads.map(visitor.navigate, wanted))
    for form, url in reversed(list(zip(forms, wanted, strict=True))):
        assert visitor.submit(form, username="alice", password=PASSWORD).url == url
