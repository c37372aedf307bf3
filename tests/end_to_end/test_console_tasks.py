"""Tasks of the admin pages that need what only a running service has: a log of decisions, a provider to ask, other users."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end import axe
from tests.end_to_end.chromium import wait
from tests.end_to_end.command_line import command_line, let_in
from tests.end_to_end.command_line import needed as machine_needed
from tests.end_to_end.test_certified_provider import certified
from tests.end_to_end.test_certified_provider import modules as modules
from tests.end_to_end.test_certified_provider import needed as provider_needed
from tests.end_to_end.test_console import AdminWorld, fill, press, shown
from tests.end_to_end.test_console import browser as browser
from tests.end_to_end.test_console import rules as rules
from tests.end_to_end.test_page_access import check
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, environment, until

#: alice has what bob is to get, and would lose it by a policy that nobody has saved.
NO_BOB = {"state": "on", "users": {"include": ["user:bob"]}, "applications": {"include": ["sample"]}, "grant": {"block": True}}
NO_ALICE = {**NO_BOB, "users": {"include": ["user:alice"]}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """In which alice has opened the sample application, and bob was refused by a policy: both are in the log."""
    directory = tmp_path_factory.mktemp("tasks")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        made = AdminWorld(directory, supervisor)
        made.build()
        made.admin("assign", "sample", "--user", "bob")
        (directory / "bob.json").write_text(json.dumps({"name": "Not for Bob", **NO_BOB}))
        (directory / "alice.json").write_text(json.dumps({"name": "Not for Alice", **NO_ALICE}))
        made.admin("policy", "set", str(directory / "bob.json"))
        for name, status in (("alice", 200), ("bob", 403)):
            assert Visitor(made.port, made.anchor).sign_in(made.url("sample"), name).status == status, name
        log = made.state / "decisions.log"
        until(lambda: log.is_file() and log.read_text().count("\n") >= 2, "no decision is logged", 20)
        yield made


def replayed(browser: Chrome, button: str, text: str) -> None:
    """Press until the page says so: whoever had a replay that took its time gives others their turn."""
    def said() -> bool:
        press(browser, button)
        wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "main h1"))
        return text in browser.find_element(By.TAG_NAME, "main").text

    until(said, f"the log does not say {text!r}")


def found(browser: Chrome) -> list[list[str]]:
    """The rows of what would have been otherwise: before, after and whom."""
    rows = browser.find_elements(By.CSS_SELECTOR, "[aria-labelledby=found] table:first-of-type tbody tr")
    return [[one.text for one in row.find_elements(By.CSS_SELECTOR, "td, th")] for row in rows]


def test_who_would_gain_and_who_would_lose(browser: Chrome, world: World, rules: str) -> None:
    """The log of what really happened, without the policy that kept bob out, and with one that would keep alice out."""
    browser.get(world.url("admin", "/policy-replay"))
    check(browser)
    browser.find_element(By.XPATH, "//label[normalize-space()='Not for Bob']").click()
    replayed(browser, "Try them", "What would have been otherwise")
    assert [(before, after) for before, after, *_ in found(browser)] == [("refused", "pass")]
    assert "bob at sample" in found(browser)[0][-1]
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'With documents')]").click()
    fill(browser, policies=json.dumps({"name": "Not for Alice", **NO_ALICE}))
    replayed(browser, "Try them", "alice at sample")
    assert sorted((before, after) for before, after, *_ in found(browser)) == [("pass", "refused"), ("refused", "pass")]
    assert axe.violations(browser, rules) == []
    check(browser)
    assert "Not for Alice" not in world.admin("policy", "list")


def test_a_new_policy_is_tried_where_it_is_written(browser: Chrome, world: World) -> None:
    """On its own page, before it is saved."""
    browser.get(world.url("admin", "/policies/new"))
    fill(browser, name="Not for Alice", document=json.dumps(NO_ALICE))
    replayed(browser, "Try it on the log", "alice at sample")
    assert browser.find_element(By.ID, "f-document").get_attribute("value") == json.dumps(NO_ALICE)
    assert "Not for Alice" not in world.admin("policy", "list")


@machine_needed
def test_the_same_from_a_command_line_elsewhere(world: World, tmp_path: Path) -> None:
    """Of somebody who has logged in, on a machine that has no log: documents go to the service, which reads its own."""
    with command_line(world, tmp_path / "alice") as alice:
        waiting = alice.login()
        assert let_in(Visitor(world.port, world.anchor), waiting, "alice").status == 200
        assert waiting.end().code == 0
        document = alice.home / "alice.json"
        document.write_text((world.directory / "alice.json").read_text())
        asked = ("policy", "replay", str(document), "--without", "Not for Bob", "--since", "1h", "--json")
        report = json.loads(until(lambda: alice(*asked).out, "it is always others' turn"))
        assert sorted((one["before"], one["after"]) for one in report["changes"]) == [("pass", "refused"), ("refused", "pass")]
        assert alice("policy", "replay", "--since", "soon").code == 1


@provider_needed
def test_a_provider_is_tested(browser: Chrome, world: World, modules: Path, rules: str) -> None:
    """A certified one: it answers and takes this service for its client; with another secret it says that it does not."""
    with certified(world, modules, "corp", "the secret", False):
        browser.get(world.url("admin", "/providers/corp"))
        check(browser)
        browser.find_element(By.LINK_TEXT, "Test it").click()
        shown(browser, "Metadata:")
        states = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".checks .badge")]
        assert states == ["Good", "Good", "Good"], browser.find_element(By.TAG_NAME, "main").text
        assert axe.violations(browser, rules) == []
        world.admin("provider", "set", "corp", "--client-secret-stdin", stdin="another one\n")
        browser.get(world.url("admin", "/providers/corp?look=report"))
        shown(browser, "Client:")
        states = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".checks .badge")]
        assert states[:2] == ["Good", "Good"] and states[2] != "Good"
        check(browser)


def test_a_session_is_found_shown_and_ended(browser: Chrome, world: World, rules: str) -> None:
    """By the subject that its provider has for the user; its page has all that is known of it."""
    subject = world.admin_json("user", "show", "bob")["id"]
    browser.get(world.url("admin", f"/sessions?provider=builtin&subject={subject}"))
    check(browser)
    browser.find_element(By.LINK_TEXT, "Bob").click()
    shown(browser, subject)
    assert axe.violations(browser, rules) == []
    check(browser)
    press(browser, "Sign out")
    shown(browser, "Signed out")
    assert world.admin_json("session", "list", "--user", "bob") == []


def test_an_account_is_said_to_be_in_other_hands(browser: Chrome, world: World) -> None:
    """Of anybody, listed or not: by keyboard alone, and without a script."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(world.url("admin", "/risk/users"))
    summary = browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Somebody else uses')]")
    summary.send_keys("\n")
    browser.find_element(By.ID, "confirm-user").send_keys("bob", "\n")
    shown(browser, "It is held against the user")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert [one["name"] for one in world.admin_json("risk", "users")] == ["bob"]
    world.admin("risk", "dismiss", "--user", "bob")
