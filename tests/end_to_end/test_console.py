"""The pages at `admin.DOMAIN` in a real browser: what an administrator does there, by keyboard, on a phone, by night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end import axe
from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.test_browser import complaints
from tests.end_to_end.test_page_access import check
from tests.end_to_end.world import PASSWORD, World, appproxy, environment, until


class AdminWorld(World):
    """One with the administration over HTTPS; alice is an administrator."""

    def start_service(self) -> None:
        """Start it so."""
        settings = self.state / "service.toml"
        kept = [line for line in settings.read_text().splitlines() if not line.startswith("admin_api")]
        settings.write_text("\n".join(["admin_api = true", *kept]) + "\n")
        self.admin("role", "assign", "administrator", "--user", "alice")
        World.start_service(self)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Of this file's own."""
    directory = tmp_path_factory.mktemp("console")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        made = AdminWorld(directory, supervisor)
        made.build()
        yield made


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe."""
    return axe.fetch(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="module")
def browser(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Alice's, signed in at the administration."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        driver.get(world.url("admin"))
        wait(driver).until(lambda found: found.find_elements(By.NAME, "password"))
        sign_in(driver, "alice", PASSWORD)
        wait(driver).until(lambda found: found.find_elements(By.CSS_SELECTOR, "nav [aria-current=page]"))
        yield driver


@pytest.fixture
def without_scripts(world: World, browser: Chrome) -> Iterator[Chrome]:
    """The same browser, in which pages run none."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def fill(browser: Chrome, **texts: str) -> None:
    """Write into the fields of the form that has them."""
    for name, text in texts.items():
        field = browser.find_element(By.CSS_SELECTOR, f"main [name={name}]")
        field.clear()
        field.send_keys(text)


def press(browser: Chrome, text: str) -> None:
    """The button of the page with these words."""
    browser.find_element(By.XPATH, f"//main//button[starts-with(normalize-space(), '{text}')]").click()


def shown(browser: Chrome, text: str) -> None:
    """Wait until the page says so."""
    wait(browser).until(lambda driver: text in driver.find_element(By.TAG_NAME, "main").text)


PAGES = ["/", "/search?q=a", "/applications", "/applications/new", "/applications/sample?check=yes&user=alice",
         "/applications/sample/settings", "/connectors", "/users", "/users/new", "/users/alice", "/groups", "/sessions",
         "/audit", "/audit/verification", "/policies?check=yes", "/policies/new",
         "/policy-replay", "/certificates", "/nodes", "/limits",
         "/probes",
         "/providers", "/providers/new", "/providers/builtin", "/directories/new", "/second-factors/new", "/service-tokens",
         "/service-tokens/new", "/clients/new", "/role-assignments", "/role-assignments/new", "/roles", "/audit-exports/new",
         "/risk/sign-ins", "/risk/users", "/connector-updates", "/branding", "/configuration", "/applications/sample/parts",
         "/devices", "/device", "/directories", "/second-factors", "/break-glass", "/native-clients", "/native-clients/new",
         "/clients", "/roles/reader", "/role-entitlements", "/role-entitlements/new", "/role-requests", "/role-requests/new",
         "/audit-exports", "/certificates/new", "/device-authorities", "/device-authorities/new", "/locations/new",
         "/strengths/new", "/contexts/new", "/groups/staff", "/nothing"]


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_use_it(browser: Chrome, world: World, rules: str, path: str) -> None:
    """axe finds nothing, nor do our own checks: wide and narrow, by day and by night; the console has no complaint of ours."""
    browser.get(world.url("admin", path))
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "main h1"))
    assert axe.violations(browser, rules) == []
    check(browser)
    assert [text for text in complaints(browser) if "status of 404" not in text] == []


@pytest.mark.parametrize("path", ["/role-assignments/new", "/limits", "/"])
def test_where_one_is_is_seen(browser: Chrome, world: World, path: str) -> None:
    """The page begins at its top, and the link of it in the navigation is on the screen."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": 1300, "height": 700, "deviceScaleFactor": 1, "mobile": False})
    browser.get(world.url("admin", path))
    top, bottom, scrolled, height = browser.execute_script(
        "const box = document.querySelector('nav [aria-current=page]').getBoundingClientRect();"
        "return [box.top, box.bottom, scrollY, innerHeight]")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert 0 <= top < bottom <= height and scrolled == 0


def test_what_is_hard_to_use_is_noticed(browser: Chrome, world: World, rules: str) -> None:
    """The check itself: on a page that was made worse, axe finds it."""
    browser.get(world.url("admin", "/applications/new"))
    browser.execute_script("document.querySelector('label[for=f-name]').remove(); document.documentElement.lang = ''")
    found = " ".join(axe.violations(browser, rules))
    assert "html-has-lang" in found and "label" in found


def test_publishing_by_keyboard(browser: Chrome, world: World) -> None:
    """From the overview to an application that users open: with the keys alone, and what is checked is seen at once."""
    browser.get(world.url("admin"))
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.accessible_name == "Skip to the page"
    browser.get(world.url("admin", "/applications/new"))
    browser.find_element(By.ID, "f-name").send_keys(
        "handbook", Keys.TAB, world.internal, Keys.TAB, world.url("handbook"), Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, "bob",
        Keys.ENTER)
    shown(browser, "It is published.")
    shown(browser, "Application: it answers through a connector")
    assert [one["user"] for one in world.admin_json("app", "show", "handbook")["assignments"]] == ["bob"]


def test_tasks_without_scripts(without_scripts: Chrome, world: World) -> None:
    """Let somebody in, change a setting, see a mistake at its field, and remove it: each is a form."""
    browser = without_scripts
    world.publish("papers", world.internal)
    browser.get(world.url("admin", "/applications/papers"))
    browser.find_element(By.CSS_SELECTOR, "[name=kind] option[value=user]").click()
    fill(browser, who="bob")
    press(browser, "Let in")
    shown(browser, "They may use it from now on.")
    browser.get(world.url("admin", "/applications/papers/settings"))
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Sign-in')]").click()
    browser.find_element(By.NAME, "set.session_hours").send_keys("soon", Keys.ENTER)
    shown(browser, "session_hours")
    assert browser.find_element(By.NAME, "set.session_hours").get_attribute("value") == "soon"
    browser.get(world.url("admin", "/applications/papers"))
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Publish it no longer')]").click()
    press(browser, "Publish it no longer")
    shown(browser, "It is removed.")


def test_a_connector_joins_by_the_command_of_the_page(browser: Chrome, world: World, rules: str) -> None:
    """What the page says to type works; the new one is seen, approved and revoked there."""
    browser.get(world.url("admin", "/connectors"))
    press(browser, "Ask for approval")
    shown(browser, "wait for approval")
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Let a connector join')]").click()
    press(browser, "Make a token")
    shown(browser, "The token is shown this once.")
    assert axe.violations(browser, rules) == []
    command = browser.find_element(By.CSS_SELECTOR, ".copy code").text.split()
    assert command[:3] == ["appproxy", "connector", "join"]
    joined = appproxy("connector", "join", command[3], "--state", str(world.directory / "second"), "--name", "second")
    assert joined.code == 0, joined.err
    browser.get(world.url("admin", "/connectors"))
    shown(browser, "second has joined group default")
    browser.find_element(By.LINK_TEXT, "second").click()
    shown(browser, "It waits for approval")
    assert axe.violations(browser, rules) == []
    press(browser, "Approve")
    shown(browser, "The connector carries traffic from now on.")
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Revoke')]").click()
    press(browser, "Revoke")
    shown(browser, "The connector is revoked")
    browser.get(world.url("admin", "/connectors"))
    press(browser, "Let them in at once")


def test_a_user_from_invitation_to_removal(without_scripts: Chrome, world: World) -> None:
    """Invited by a link that works, put into a group, disabled, and removed: without a script."""
    browser = without_scripts
    browser.get(world.url("admin", "/users/new"))
    fill(browser, name="iris", display_name="Iris", groups="staff")
    press(browser, "Add")
    shown(browser, "The link is shown this once")
    link = browser.find_element(By.CSS_SELECTOR, ".copy code").text
    assert link.startswith(world.url("signin", "/password?t="))
    browser.get(world.url("admin", "/users/iris"))
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Disable')]").click()
    press(browser, "Disable")
    shown(browser, "The user is disabled")
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Remove')]").click()
    press(browser, "Remove")
    shown(browser, "It is removed.")
    assert "iris" not in world.admin("user", "list")


def test_a_policy_is_written_and_tried(browser: Chrome, world: World, rules: str) -> None:
    """A mistake is shown in its line, and the page with it is as usable as any; put right, it is tried at its side."""
    browser.get(world.url("admin", "/policies/new"))
    editor = browser.find_element(By.ID, "f-document")
    written = str(editor.get_attribute("value"))
    editor.clear()
    editor.send_keys(written.replace('"all"', '"nobody-knows"'))
    fill(browser, name="Codes outside")
    press(browser, "Save")
    shown(browser, "Line ")
    assert axe.violations(browser, rules) == []
    editor = browser.find_element(By.ID, "f-document")
    editor.clear()
    editor.send_keys(written)
    press(browser, "Save")
    shown(browser, "It is saved, and holds within a second.")
    fill(browser, user="alice", application="sample")
    press(browser, "Explain")
    shown(browser, "Gets in:")
    shown(browser, "asks for more")
    assert axe.violations(browser, rules) == []


def test_a_failure_is_explained(browser: Chrome, world: World) -> None:
    """What users met a moment ago is on the application's page, with its reason and the request's id."""
    world.publish("nowhere", "http://127.0.0.1:1/", "--preauth", "passthrough")
    until(lambda: "ORIGIN_REFUSED" in _source(browser, world.url("nowhere", "/reports?month=may")), "it is not published")
    browser.get(world.url("admin", "/applications/nowhere"))
    shown(browser, "The application refused the connection")
    text = browser.find_element(By.CSS_SELECTOR, "[aria-labelledby=failures]").text
    assert "GET /reports" in text and "month" not in text


def _source(browser: Chrome, url: str) -> str:
    browser.get(url)
    return browser.page_source


def test_the_list_of_applications(browser: Chrome, world: World, rules: str) -> None:
    """Tiles with what each is, and which is being maintained; a search by keyboard where there are many."""
    for number in range(13):
        world.admin("app", "publish", f"tool {number:02}", "--internal", world.internal, "--external",
                    world.url(f"tool{number:02}"), "--set", f"description=Number {number}: what it is for, in a line", "--set",
                    "assignment_required=no")
    world.admin("app", "set", "tool 03", "maintenance=yes", "maintenance_text=Back at six.")
    until(lambda: "Back at six." in _source(browser, world.url("apps", "/sign-in/builtin/")), "it is not shown")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".tiles li")) >= 14
    assert axe.violations(browser, rules) == []
    check(browser)
    browser.find_element(By.ID, "q").send_keys("number 7:", Keys.ENTER)
    wait(browser).until(lambda driver: len(driver.find_elements(By.CSS_SELECTOR, ".apps li")) == 1)
    browser.find_element(By.LINK_TEXT, "tool 07").send_keys(Keys.ENTER)
    wait(browser).until(lambda driver: driver.current_url == world.url("tool07"))


def test_numbers_follow_by_themselves(browser: Chrome, world: World) -> None:
    """The overview is fetched again while somebody looks at it, without a reload."""
    browser.get(world.url("admin"))
    browser.execute_script("document.querySelector('[data-live]').before_ = true")
    browser.execute_script("renew()")
    wait(browser).until(lambda driver: driver.execute_script("return !document.querySelector('[data-live]').before_"))
    assert browser.find_elements(By.CSS_SELECTOR, "[data-live] .tiles")


def test_no_page_of_an_application_gets_in(browser: Chrome, world: World, tmp_path: Path) -> None:
    """A published page that posts to the administration, with the administrator's own browser: nothing is changed."""
    browser.get(world.url("open"))
    script = (
        "const done = arguments[1];"
        "fetch(arguments[0], {method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams("
        "{name: 'forged', internal: 'http://10.0.0.1/', external: 'https://forged.appproxy.localhost/'})})"
        ".then((answer) => done(answer.type), (error) => done(String(error)));")
    browser.execute_async_script(script, world.url("admin", "/applications/new"))
    assert "forged" not in world.admin("app", "list")


def test_a_token_from_making_to_revoking(without_scripts: Chrome, world: World) -> None:
    """Made by a form of the table of operations, shown once, made again, and revoked: without a script."""
    browser = without_scripts
    browser.get(world.url("admin", "/service-tokens/new"))
    fill(browser, name="nightly", applications="sample", expires="7d")
    press(browser, "Add")
    shown(browser, "it is shown this once")
    first = browser.find_element(By.CSS_SELECTOR, ".copy code").text
    assert first.startswith("apst_")
    browser.get(world.url("admin", "/service-tokens/nightly"))
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Make a new secret')]").click()
    press(browser, "Make a new secret")
    shown(browser, "it is shown this once")
    assert browser.find_element(By.CSS_SELECTOR, ".copy code").text != first
    browser.get(world.url("admin", "/service-tokens/nightly"))
    browser.find_element(By.XPATH, "//summary[starts-with(normalize-space(), 'Revoke')]").click()
    press(browser, "Revoke")
    shown(browser, "It is removed.")
    assert "nightly" not in world.admin("token", "list")


def test_the_configuration_from_a_file(browser: Chrome, world: World, rules: str, tmp_path: Path) -> None:
    """What the command exports is chosen as a file, compared, and a change in it is applied."""
    text = world.admin("export")
    file = tmp_path / "appproxy.yaml"
    file.write_text(text)
    browser.get(world.url("admin", "/configuration"))
    browser.find_element(By.ID, "f-file").send_keys(str(file))
    press(browser, "Compare")
    shown(browser, "the service is what the file says")
    assert axe.violations(browser, rules) == []
    browser.get(world.url("admin", "/configuration"))
    browser.find_element(By.ID, "f-document").send_keys("format: 1\ngroups:\n- name: choir\n")
    press(browser, "Compare")
    shown(browser, "Added")
    assert axe.violations(browser, rules) == []
    press(browser, "Apply")
    shown(browser, "The configuration is applied.")
    assert "choir" in world.admin("group", "list")
