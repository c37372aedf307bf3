"""Forms that are posted when the session has ended: kept over a real sign-in, sent once, for nobody else; in a browser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.identity_provider import CLIENT, IdentityProvider, identity_provider
from tests.end_to_end.world import PASSWORD, World

#: Puts a form of one hidden field into the page that is open, and posts it.
_POST = """
const form = document.createElement("form");
[form.method, form.action, form.enctype] = ["post", arguments[0], arguments[1]];
const field = document.createElement("textarea");
[field.name, field.value] = ["text", arguments[2]];
form.append(field);
document.body.append(form);
form.submit();
"""


@pytest.fixture(scope="module")
def world(own_world: World) -> World:
    """Of the file's own: sessions are ended for all of a user."""
    own_world.admin("assign", "sample", "--user", "bob")
    return own_world


@pytest.fixture(scope="module")
def corp(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """Another provider, that asks everybody by a form; the application `foreign` is for all whom it knows."""
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


def arrives(browser: Chrome, url: str, body: bytes) -> None:
    """The application shows that it got just this."""
    wait(browser).until(lambda driver: driver.current_url == url)
    wait(browser).until(lambda driver: "sha256" in driver.find_element(By.TAG_NAME, "body").text)
    said = json.loads(browser.find_element(By.TAG_NAME, "body").text)
    assert said == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def as_alice(browser: Chrome, world: World) -> None:
    """Signed in to the sample, and the session has been ended since."""
    browser.get(world.url("sample"))
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    world.admin("session", "revoke", "--user", "alice")
    wait(browser).until(lambda driver: driver.execute_async_script(
        "const done = arguments[0]; fetch('/headers').then((answer) => done(answer.status))") == 401)


def at_password(browser: Chrome) -> None:
    """The built-in provider's form is there."""
    wait(browser).until(lambda driver: driver.find_elements(By.NAME, "password"))


@pytest.mark.parametrize("size", [40, 200_000])
def test_a_form_is_kept_and_sent_once(browser: Chrome, world: World, size: int) -> None:
    """It arrives as it was, at its own address; loading its answer again, and going back, sends nothing."""
    url, text = world.url("sample", "/upload?a=%2F#there"), "x" * size
    as_alice(browser, world)
    browser.execute_script(_POST, url, "application/x-www-form-urlencoded", text)
    at_password(browser)
    sign_in(browser, "alice", PASSWORD)
    arrives(browser, url, b"text=" + text.encode())
    browser.refresh()
    wait(browser).until(lambda driver: "Nothing was sent now" in driver.page_source)
    browser.back()
    # The sign-in leads forward again, and finds the form gone.
    wait(browser).until(lambda driver: "You are signed in" in driver.page_source and "sent already" in driver.page_source)
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []


def test_a_form_of_an_application_that_programs_use_as_well(browser: Chrome, world: World) -> None:
    """It is kept and sent like any other."""
    world.admin("app", "set", "sample", "bearer=both")
    try:
        as_alice(browser, world)
        browser.execute_script(_POST, world.url("sample", "/upload"), "application/x-www-form-urlencoded", "x" * 50)
        at_password(browser)
        sign_in(browser, "alice", PASSWORD)
        arrives(browser, world.url("sample", "/upload"), b"text=" + b"x" * 50)
    finally:
        world.admin("app", "set", "sample", "bearer=off")


def test_another_user_sends_nothing(browser: Chrome, world: World) -> None:
    """Whoever signs in instead is told, and what alice had typed is not sent as theirs."""
    as_alice(browser, world)
    browser.execute_script(_POST, world.url("sample", "/upload"), "application/x-www-form-urlencoded", "alice's own")
    at_password(browser)
    sign_in(browser, "bob", PASSWORD)
    wait(browser).until(lambda driver: "came from another user" in driver.page_source)


def test_what_is_too_large_stays_in_the_browser(browser: Chrome, world: World) -> None:
    """It is said at once; after a sign-in in another tab the same page, loaded again, sends all of it."""
    url, text = world.url("sample", "/upload"), "y" * (2 * 2**20)
    as_alice(browser, world)
    browser.execute_script(_POST, url, "text/plain", text)
    wait(browser).until(lambda driver: "Your session has ended" in driver.page_source)
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(world.url("sample"))
    at_password(browser)
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    browser.switch_to.window(first)
    browser.refresh()
    arrives(browser, url, b"text=" + text.encode() + b"\r\n")


def test_beside_a_page_that_stays_open(browser: Chrome, world: World) -> None:
    """A window signs in, tells the page that is open, and closes itself; the page has lost nothing."""
    as_alice(browser, world)
    page = browser.current_window_handle
    browser.execute_script("""
        window.heard = [];
        new BroadcastChannel("appproxy").onmessage = (event) => window.heard.push(event.data.type);
        window.open("/.appproxy/sign-in?return=/headers", "appproxy", "popup,width=480,height=640");
    """)
    wait(browser).until(lambda driver: len(driver.window_handles) == 2)
    browser.switch_to.window(next(handle for handle in browser.window_handles if handle != page))
    at_password(browser)
    sign_in(browser, "alice", PASSWORD)
    browser.switch_to.window(page)
    wait(browser).until(lambda driver: driver.execute_script("return window.heard") == ["signed-in"])
    wait(browser).until(lambda driver: driver.window_handles == [page])
    assert browser.execute_async_script(
        "const done = arguments[0]; fetch('/headers').then((answer) => done(answer.status))") == 200


def test_over_another_providers_form(browser: Chrome, world: World, corp: IdentityProvider) -> None:
    """The same, and two tabs at once each send their own."""
    start = world.url("foreign")
    browser.get(start)
    wait(browser).until(lambda driver: driver.find_elements(By.TAG_NAME, "button"))
    browser.find_element(By.TAG_NAME, "button").click()
    wait(browser).until(lambda driver: driver.current_url == start)
    browser.switch_to.new_window("tab")
    browser.get(start)
    world.admin("session", "revoke", "--subject", "carol", "--provider", "corp")
    wait(browser).until(lambda driver: driver.execute_async_script(
        "const done = arguments[0]; fetch('/headers').then((answer) => done(answer.status))") == 401)
    for number, handle in enumerate(browser.window_handles):
        browser.switch_to.window(handle)
        browser.execute_script(_POST, world.url("foreign", "/upload"), "application/x-www-form-urlencoded", f"tab {number}")
        wait(browser).until(lambda driver: driver.current_url.startswith(corp.issuer))
    for number, handle in enumerate(browser.window_handles):
        browser.switch_to.window(handle)
        browser.find_element(By.TAG_NAME, "button").click()
        arrives(browser, world.url("foreign", "/upload"), f"text=tab+{number}".encode())
