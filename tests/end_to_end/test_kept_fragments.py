"""The part of an address behind # over the form of an organisation's own provider, in a real browser."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.identity_provider import CLIENT, IdentityProvider, identity_provider
from tests.end_to_end.world import PASSWORD, World


@pytest.fixture(scope="module")
def world(own_world: World) -> World:
    """Of the file's own: a provider of this name is added once to a service."""
    return own_world


@pytest.fixture(scope="module")
def corp(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """One that asks everybody by a form; the application `foreign` is for all whom it knows."""
    directory = tmp_path_factory.mktemp("corp")
    with identity_provider(directory, world.url("signin", "/callback"), world.url("signin", "/signed-out")) as made:
        world.admin("provider", "add", "corp", "--issuer", made.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                    "--groups-claim", "roles", "--ca-bundle", str(made.anchor), stdin=made.secret + "\n")
        world.publish("foreign", world.internal, "--provider", "corp")
        world.admin("assign", "foreign", "--group", "engineers")
        made.claims, made.asking = {"roles": ["engineers"], "name": "Carol"}, True
        yield made


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A new one, so that nobody is signed in."""
    with chromium(tmp_path) as driver:
        yield driver


def at_form(browser: Chrome, corp: IdentityProvider) -> None:
    """Wait for the provider's form; it has been told nothing of the fragment."""
    wait(browser).until(lambda driver: driver.current_url.startswith(f"{corp.issuer}/authorize")
                        and driver.find_elements(By.TAG_NAME, "button"))
    assert "#" not in browser.current_url


def test_each_tab_keeps_its_own(browser: Chrome, world: World, corp: IdentityProvider) -> None:
    """Several tabs at once, with fragments and without, signed in to in another order than they were opened in."""
    wanted = [
        world.url("foreign", "/?tab=1#/route/1?x=%2F&y=a=b"), world.url("foreign", "/?tab=2"),
        world.url("foreign", "/?tab=3#javascript:alert(1)//\\evil.example"), world.url("foreign", "/?tab=4#!/a#b;c,d|e"),
    ]
    for number, url in enumerate(wanted):
        if number:
            browser.switch_to.new_window("tab")
        browser.get(url)
        at_form(browser, corp)
    handles = browser.window_handles
    for number in (2, 0, 3, 1):
        browser.switch_to.window(handles[number])
        browser.find_element(By.TAG_NAME, "button").click()
        wait(browser).until(lambda driver, url=wanted[number]: driver.current_url == url)  # type: ignore[misc]
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []
    browser.get(world.url("signin", "/"))
    assert browser.execute_script("return [sessionStorage.length, document.cookie]") == [0, ""]


def test_long_addresses(browser: Chrome, world: World, corp: IdentityProvider) -> None:
    """Up to the longest that is taken, in several tabs at once, with fragments: each comes to its own, also by Reload."""
    sizes = (2500, 5000, 8000)
    wanted = [world.url("foreign", f"/?tab={size}&{secrets.token_urlsafe(size)[:size]}#/route/{size}") for size in sizes]
    for number, url in enumerate(wanted):
        if number:
            browser.switch_to.new_window("tab")
        browser.get(url)
        at_form(browser, corp)
    handles = browser.window_handles
    for number in (1, 2, 0):
        browser.switch_to.window(handles[number])
        browser.find_element(By.TAG_NAME, "button").click()
        wait(browser).until(lambda driver, url=wanted[number]: driver.current_url == url)  # type: ignore[misc]
    browser.refresh()
    assert browser.current_url == wanted[0]
    own = world.url("sample", f"/?{secrets.token_urlsafe(6000)}#own")
    browser.get(own)
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == own)


def test_back_leads_over_our_pages(browser: Chrome, world: World, corp: IdentityProvider) -> None:
    """Back from the form leads to where the user came from, and back from the application past the sign-in."""
    before, url = world.url("open", "/"), world.url("foreign", "/#/place")
    browser.get(before)
    browser.get(url)
    at_form(browser, corp)
    browser.back()
    wait(browser).until(lambda driver: driver.current_url == before)
    browser.get(url)
    at_form(browser, corp)
    browser.find_element(By.TAG_NAME, "button").click()
    wait(browser).until(lambda driver: driver.current_url == url)
    length = browser.execute_script("return history.length")
    browser.back()
    browser.back()
    wait(browser).until(lambda driver: driver.current_url == before)
    assert length <= 4


def test_without_scripts_the_page_leads_on(tmp_path: Path, world: World, corp: IdentityProvider) -> None:
    """Without scripts all works but the fragment."""
    with chromium(tmp_path, "--blink-settings=scriptEnabled=false") as browser:
        browser.get(world.url("foreign", "/?a=1#/lost"))
        at_form(browser, corp)
        browser.find_element(By.TAG_NAME, "button").click()
        wait(browser).until(lambda driver: driver.current_url.partition("#")[0] == world.url("foreign", "/?a=1"))
