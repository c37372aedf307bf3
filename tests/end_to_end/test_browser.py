"""A real browser: signing in, and everything on the sample application's page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.world import PASSWORD, World


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


def complaints(browser: Chrome) -> list[str]:
    """What the browser's console says of our pages: blocked by policy, not found, failed."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def signed_in(browser: Chrome, world: World) -> Chrome:
    """The browser on the sample application's page, as alice."""
    browser.get(world.url("sample"))
    wait(browser).until(lambda driver: driver.current_url.startswith(world.url("signin", "/")))
    sign_in(browser, "alice", "not the password")
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert], .error, .alert"))
    sign_in(browser, "alice", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    return browser


def test_sign_in_leads_to_the_application(signed_in: Chrome) -> None:
    """A wrong password is told, the right one leads to the page that was asked for, which greets the user."""
    assert signed_in.find_element(By.ID, "who").text == "Alice"
    assert [text for text in complaints(signed_in) if "Content Security Policy" in text] == []


def test_the_clock_ticks(signed_in: Chrome) -> None:
    """Server-sent events arrive one by one."""
    clock = signed_in.find_element(By.ID, "clock")
    wait(signed_in).until(lambda _: ":" in clock.text)
    first = clock.text
    wait(signed_in).until(lambda _: clock.text != first)


def test_the_chat_answers(signed_in: Chrome) -> None:
    """A message over the WebSocket comes back with the user's name."""
    wait(signed_in).until(lambda driver: "is here" in driver.find_element(By.ID, "messages").text)
    signed_in.find_element(By.ID, "text").send_keys("good morning\n")
    wait(signed_in).until(lambda driver: "Alice: good morning" in driver.find_element(By.ID, "messages").text)


def test_an_upload_arrives_as_it_was(signed_in: Chrome, tmp_path: Path) -> None:
    """The browser's own hash and the application's are the same."""
    file = tmp_path / "upload.bin"
    file.write_bytes(os.urandom(3_000_000))
    signed_in.find_element(By.ID, "file").send_keys(str(file))
    signed_in.find_element(By.CSS_SELECTOR, "#upload button").click()
    wait(signed_in).until(lambda driver: "SHA-256" in driver.find_element(By.ID, "uploaded").text)
    told = signed_in.find_element(By.ID, "uploaded").text
    assert told.startswith("3000000 bytes arrived")
    assert told.endswith(": the same.")


def test_a_download_arrives_as_it_was(signed_in: Chrome) -> None:
    """16 MiB, with the hash that the application tells."""
    signed_in.find_element(By.CSS_SELECTOR, ".download[data-size='16']").click()
    wait(signed_in).until(lambda driver: "SHA-256" in driver.find_element(By.ID, "downloaded").text)
    assert signed_in.find_element(By.ID, "downloaded").text.endswith("SHA-256 the same.")


def test_a_failure_is_shown_on_our_page(signed_in: Chrome, world: World) -> None:
    """When the application answers nonsense, the page says that it was the application, and gives the request's id."""
    signed_in.get(world.url("sample", "/fault/garbage"))
    text = signed_in.find_element(By.TAG_NAME, "main").text
    assert "ORIGIN_MALFORMED" in text
    assert "Request id" in text


def test_signing_out(signed_in: Chrome, world: World) -> None:
    """After signing out, the application asks for a password again."""
    signed_in.get(world.url("sample", "/.appproxy/sign-out"))
    signed_in.find_element(By.CSS_SELECTOR, "form button").click()
    wait(signed_in).until(lambda driver: driver.current_url.startswith(world.url("signin", "/signed-out")))
    signed_in.get(world.url("sample"))
    wait(signed_in).until(lambda driver: driver.find_elements(By.NAME, "password"))
