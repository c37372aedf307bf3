"""The list of applications in a real browser: what is found there and asked for, by keyboard and without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.branding.pictures import png
from tests.end_to_end import axe
from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.test_browser import complaints
from tests.end_to_end.test_page_access import check
from tests.end_to_end.world import PASSWORD, World


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe."""
    return axe.fetch(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="module")
def browser(own_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Alice's, signed in at the list; she may open four applications and ask for a fifth."""
    world = own_world
    for name, collection in (("leave", "Human resources"), ("travel", "Travel"), ("wiki", "Tools")):
        world.publish(
            name, world.internal, "--everyone", "--set", f"collections={collection}", "--set", f"description=The {name}")
    world.publish("crm", world.internal, "--set", "requestable=yes", "--set", "description=Customers")
    world.admin("app", "set", "wiki", "new_tab=yes")
    logo = world.directory / "logo.png"
    logo.write_bytes(png(80, 80))
    world.admin("app", "logo", "set", "leave", str(logo))
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        driver.get(world.url("apps"))
        wait(driver).until(lambda found: found.find_elements(By.NAME, "password"))
        sign_in(driver, "alice", PASSWORD)
        wait(driver).until(lambda found: found.find_elements(By.CSS_SELECTOR, ".tiles"))
        yield driver


def names(browser: Chrome) -> list[str]:
    """What the list shows."""
    return [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".tiles .tile a")]


def test_the_list(browser: Chrome, own_world: World, rules: str) -> None:
    """With its pictures, headings and what can be asked for; nothing is wrong with it on a phone or by night."""
    browser.get(own_world.url("apps"))
    assert set(names(browser)) >= {"leave", "sample", "travel", "wiki"}
    (logo,) = browser.find_elements(By.CSS_SELECTOR, ".tile img")
    wait(browser).until(lambda driver: driver.execute_script("return arguments[0].naturalWidth", logo) == 80)
    browser.find_element(By.TAG_NAME, "summary").click()
    assert axe.violations(browser, rules) == []
    check(browser)
    assert complaints(browser) == []


def test_a_heading_narrows_it(browser: Chrome, own_world: World, rules: str) -> None:
    """By keyboard: the link is reached by Tab, and says which one it is."""
    browser.get(own_world.url("apps"))
    link = browser.find_element(By.LINK_TEXT, "Travel")
    link.send_keys(Keys.ENTER)
    wait(browser).until(lambda driver: names(driver) == ["travel"])
    assert browser.find_element(By.CSS_SELECTOR, ".collections [aria-current]").text == "Travel"
    assert axe.violations(browser, rules) == []


def test_asking_without_scripts(browser: Chrome, own_world: World, rules: str) -> None:
    """The form, an error of it, and the answer on the list."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(own_world.url("apps"))
        browser.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
        browser.find_element(By.PARTIAL_LINK_TEXT, "Ask for crm").send_keys(Keys.ENTER)
        wait(browser).until(lambda driver: driver.find_elements(By.NAME, "reason"))
        browser.find_element(By.NAME, "reason").send_keys("For the audit", Keys.ENTER)
        wait(browser).until(lambda driver: "waits since" in driver.page_source)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    (asked,) = own_world.admin_json("access", "list", "--state", "pending")
    browser.get(own_world.url("apps", f"/ask?application={own_world.admin_json('app', 'show', 'crm')['id']}"))
    assert axe.violations(browser, rules) == []
    check(browser)
    own_world.admin("access", "approve", asked["id"], "--for", "1h", "--reason", "Until five")

    def answered(driver: Chrome) -> bool:
        driver.get(own_world.url("apps"))
        return "Until five" in driver.page_source

    wait(browser).until(answered)
    assert "crm" in names(browser)
    assert axe.violations(browser, rules) == []
