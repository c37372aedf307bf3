"""Command lines elsewhere, and connectors, that somebody lets in by a code: real processes, on machines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from appproxy.demo.supervisor import twistd
from tests.end_to_end import axe
from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.command_line import CommandLine, command_line, let_in, look, needed, press
from tests.end_to_end.conftest import make_world
from tests.end_to_end.test_certified_provider import certified
from tests.end_to_end.test_certified_provider import modules as modules
from tests.end_to_end.test_certified_provider import needed as npm_needed
from tests.end_to_end.test_page_access import check
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PASSWORD, PATIENCE, World, until

pytestmark = needed
#: Everybody who has a role, or none.
ROLES = {"alice": "administrator", "rita": "reader", "bob": ""}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Of this file's own, with the administration, and people of several roles."""
    for made in make_world(tmp_path_factory.mktemp("command-lines")):
        made.admin("user", "add", "rita", "--password-stdin", stdin=PASSWORD + "\n")
        for user, role in ROLES.items():
            if role:
                made.admin("role", "assign", role, "--user", user)
        yield made


@pytest.fixture
def laptop(world: World, tmp_path: Path) -> Iterator[CommandLine]:
    """A machine from which nobody has logged in."""
    with command_line(world, tmp_path / "lena") as made:
        yield made


@pytest.fixture
def person(world: World) -> Visitor:
    """A browser in which nobody has signed in."""
    return Visitor(world.port, world.anchor)


def logged_in(laptop: CommandLine, person: Visitor, user: str) -> CommandLine:
    """Somebody has let it in."""
    waiting = laptop.login()
    assert let_in(person, waiting, user).status == 200
    ended = waiting.end()
    assert ended.code == 0, ended.err
    return laptop


def test_from_login_to_logout(laptop: CommandLine, person: Visitor, world: World) -> None:
    """Terminal and page say the same; commands act by it as far as the role goes, and after the way out none does."""
    before = laptop("whoami")
    assert before.code == 1 and "appproxy login https://admin.DOMAIN" in before.err
    waiting = laptop.login()
    page = look(person, person.sign_in(waiting.page, "rita"), waiting)
    assert f"Open {world.url('admin', '/device')} " in waiting.err.read_text() and waiting.out.read_text() == ""
    assert "lena at " in page.text and waiting.code in page.text and "127.0.0.1" in page.text and "rita" in page.text
    done = press(person, page)
    assert done.status == 200 and "goes on by itself" in done.text
    ended = waiting.end()
    assert (ended.code, ended.out) == (0, "appproxy.localhost: you are rita, with reader\n"), ended
    assert laptop.contexts.stat().st_mode & 0o777 == 0o600 and "Traceback" not in ended.err
    assert laptop.good("whoami") == "appproxy.localhost: you are rita, with reader\n"
    assert {one["name"] for one in laptop.json("app", "list")} >= {"sample", "open"}
    refused = laptop("app", "remove", "sample")
    assert refused.code == 1 and refused.out == "" and refused.err == (
        "appproxy: rita lacks the permission applications.publish\n")
    assert "sample" in world.admin("app", "list")
    kept = laptop.contexts.read_text()
    assert "is forgotten" in laptop.good("logout")
    assert laptop("whoami").code == 1
    # What somebody may have copied counts no longer either.
    laptop.contexts.write_text(kept)
    stale = laptop("app", "list")
    assert stale.code == 1 and stale.out == "" and "appproxy login" in stale.err


def test_who_is_disabled_is_out_at_once(laptop: CommandLine, person: Visitor, world: World) -> None:
    """The token lasts minutes; the next command does nothing all the same."""
    world.admin("user", "add", "dora", "--password-stdin", stdin=PASSWORD + "\n")
    world.admin("role", "assign", "reader", "--user", "dora")
    logged_in(laptop, person, "dora").good("whoami")
    world.admin("user", "disable", "dora")
    out = laptop("whoami")
    assert out.code == 1 and out.out == "" and "appproxy login" in out.err


def test_who_says_no_lets_nobody_in(laptop: CommandLine, person: Visitor, world: World) -> None:
    """The command ends, and says so; nobody without a role gets as far as the question."""
    waiting = laptop.login()
    stranger = Visitor(world.port, world.anchor).sign_in(waiting.page, "bob")
    assert stranger.status == 403 and waiting.process.poll() is None
    assert "gets nothing" in let_in(person, waiting, "rita", "deny").text
    ended = waiting.end()
    assert ended.code == 1 and ended.out == "" and "was not let in" in ended.err
    assert not laptop.contexts.exists()


def test_a_real_browser(laptop: CommandLine, world: World, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Type the code, look, let it in: each of the three pages is usable by everybody."""
    rules = axe.fetch(tmp_path_factory.mktemp("axe"))
    waiting = laptop.login()
    with chromium(tmp_path / "chromium") as browser:
        browser.get(world.url("admin", "/device"))
        wait(browser).until(lambda found: found.find_elements(By.NAME, "password"))
        sign_in(browser, "alice", PASSWORD)
        wait(browser).until(lambda found: found.find_elements(By.NAME, "user_code"))
        _usable(browser, rules)
        # As people type it.
        browser.find_element(By.NAME, "user_code").send_keys(waiting.code.lower().replace("-", " "))
        browser.find_element(By.CSS_SELECTOR, "main form button").click()
        wait(browser).until(lambda found: found.find_elements(By.CSS_SELECTOR, "button[value=allow]"))
        assert waiting.code in browser.find_element(By.TAG_NAME, "main").text
        _usable(browser, rules)
        browser.save_screenshot(str(tmp_path / "device.png"))
        browser.find_element(By.CSS_SELECTOR, "button[value=allow]").click()
        wait(browser).until(lambda found: "goes on by itself" in found.find_element(By.TAG_NAME, "main").text)
        _usable(browser, rules)
    ended = waiting.end()
    assert ended.code == 0 and "you are Alice, with administrator" in ended.out


def _usable(browser: Chrome, rules: str) -> None:
    assert axe.violations(browser, rules) == []
    check(browser)


@pytest.fixture
def carol(person: Visitor, world: World, modules: Path) -> Iterator[Visitor]:
    """Her browser; she comes from another provider, whose engineers administer applications while this lasts."""
    with certified(world, modules, "corp", "a secret", False) as anchor:
        holders = ("application-administrator", "--group", "engineers", "--provider", "corp")
        world.admin("role", "assign", *holders)
        until(lambda: _choice(world), "there is no choice of a provider")
        person.elsewhere["localhost"] = int(world.admin_json("provider", "show", "corp")["issuer"].rpartition(":")[2])
        person.trust(anchor)
        yield person
        # Others are not asked where they come from.
        world.admin("role", "unassign", *holders)
        until(lambda: not _choice(world), "there still is a choice of a provider")


def _choice(world: World) -> str:
    """The provider that whoever comes to the administration can choose beside the built-in one."""
    page = Visitor(world.port, world.anchor).navigate(world.url("admin", "/device"))
    found = re.search(r'name="provider" value="([0-9a-f]+)"', page.text)
    return found[1] if found else ""


@npm_needed
def test_administrators_of_another_provider(laptop: CommandLine, carol: Visitor, world: World) -> None:
    """Whoever lets it in comes from wherever administrators come from; the command line need know nothing of it."""
    waiting = laptop.login()
    page = carol.submit(carol.navigate(waiting.page), provider=_choice(world))
    assert page.url.startswith("https://localhost:"), page.text
    page = look(carol, carol.submit(carol.submit(page, login="carol", password="any")), waiting)
    assert waiting.code in page.text and "Carol" in page.text, page.text
    assert press(carol, page).status == 200
    ended = waiting.end()
    assert (ended.code, ended.out) == (0, "appproxy.localhost: you are Carol, with application-administrator\n"), ended
    assert laptop.json("whoami")["provider"] == "corp"
    assert "corp" in {one["name"] for one in laptop.json("app", "list")}
    refused = laptop("user", "disable", "alice")
    assert refused.code == 1 and "users.change" in refused.err
    laptop.good("logout")
    assert not [one for one in world.admin_json("session", "list", "--provider", "corp") if "Command line" in one["client"]]


def test_a_connector_joins_and_serves(laptop: CommandLine, person: Visitor, world: World) -> None:
    """Named by where connectors dial; who lets it in chooses the group, whose applications it then serves."""
    world.admin("connector-group", "add", "berlin")
    world.admin("app", "publish", "berlin", "--internal", world.internal, "--external", world.url("berlin"), "--preauth",
                "passthrough", "--group", "berlin")
    state = laptop.home / "rack-7"
    waiting = laptop.begin("connector", "join", world.url("connect", ""), "--ca", str(laptop.anchor), "--state", str(state),
                           "--name", "rack-7")
    rita = Visitor(world.port, world.anchor)
    reader = look(rita, rita.sign_in(waiting.page, "rita"), waiting)
    assert "rita may let none in" in reader.text and "a connector administrator may" in reader.text
    assert 'value="allow"' not in reader.text and not state.exists()
    done = let_in(person, waiting, "alice", group="berlin")
    assert "The connector joins within some seconds" in done.text
    ended = waiting.end()
    assert ended.code == 0 and "Start it:" in ended.out and str(state) in ended.out, ended.err
    world.supervisor.start("rack-7", twistd("appproxy-connector", "--state", str(state)),
                           "appproxy-connector ready and connected", PATIENCE)
    seen = Visitor(world.port, world.anchor)
    until(lambda: seen.get(world.url("berlin")).status == 200, "it serves nothing")
    joined = world.admin_json("audit", "--action", "connector.allowed")[0]
    assert joined["detail"]["caller"] == "Alice" and joined["detail"]["group"] == "berlin"


def test_a_connector_that_is_not_let_in(laptop: CommandLine, person: Visitor, world: World) -> None:
    """Nothing is made, and the reason is said."""
    state = laptop.home / "rack-8"
    waiting = laptop.begin("connector", "join", world.url("admin", ""), "--ca", str(laptop.anchor), "--state", str(state))
    let_in(person, waiting, "alice", "deny")
    ended = waiting.end()
    assert ended.code == 1 and ended.out == "" and "was not let in" in ended.err
    assert not state.exists()


def test_the_service_is_another_one(laptop: CommandLine, world: World, tmp_path: Path) -> None:
    """Without its authority's certificate the command ends before it says anything to the service, with what helps."""
    refused = laptop("login", world.url("admin", ""))
    assert refused.code == 1 and "--ca FILE" in refused.err
    refused = laptop("login", "http://admin.appproxy.localhost")
    assert refused.code == 1 and "https://admin.DOMAIN" in refused.err
