"""Devices with a real browser: a key of a link, imported as users do, proves the device; then it is revoked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.test_kept_forms import _POST, arrives
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, until

POLICY = """
name = "own devices"
state = "on"
message = "Use the laptop that you were given."
[users]
include = ["all"]
[applications]
include = ["owned"]
[grant]
require = ["device"]
"""


@pytest.fixture(scope="module")
def device(world: World) -> tuple[str, bytes, str]:
    """A device of a user: its id, the file with its key, and that one's password."""
    world.publish("owned", world.internal)
    world.admin("user", "add", "olga", "--password-stdin", stdin=PASSWORD + "\n")
    world.admin("assign", "owned", "--user", "olga")
    world.admin("device", "authority", "add", "--builtin")
    made = world.admin_json("device", "add", "olga", "--name", "olga's laptop")
    visitor = Visitor(world.port, world.anchor)
    file = visitor.submit(visitor.navigate(made["link"]))
    assert file.headers["Content-Type"] == "application/x-pkcs12", file.text
    assert visitor.navigate(made["link"]).status == 400
    return made["id"], file.body, made["password"]


@pytest.fixture(scope="module")
def browser(world: World, device: tuple[str, bytes, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium whose user has imported the file; which certificate to show is chosen as an organisation's policy does it."""
    home = tmp_path_factory.mktemp("home")
    store, file = home / ".pki" / "nssdb", home / "device.p12"
    store.mkdir(parents=True)
    file.write_bytes(device[1])
    for command in (["certutil", "-N", "--empty-password"], ["pk12util", "-i", str(file), "-W", device[2], "-K", ""],
                    ["certutil", "-A", "-n", "service", "-t", "C,,", "-i", str(world.anchor)]):
        subprocess.run([*command, "-d", f"sql:{store}"], check=True, capture_output=True, timeout=60.0)
    chosen = json.dumps({"pattern": f"https://device.{DOMAIN}:{world.port}", "filter": {}})
    with chromium(home / "profile", home=home, prefs={"profile.managed_auto_select_certificate_for_urls": [chosen]},
                  trusts=True) as driver:
        yield driver


@pytest.fixture
def policy(world: World, tmp_path: Path) -> Iterator[Path]:
    """A file whose policy asks for a device; it is not there yet."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    yield file
    for row in world.admin_json("policy", "list"):
        if row["name"] == "own devices":
            world.admin("policy", "remove", "own devices")


@pytest.fixture(autouse=True)
def signed_out(browser: Chrome) -> None:
    """Whatever a test before has left: nobody is signed in."""
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})


def page(browser: Chrome) -> str:
    """What is on the screen."""
    return browser.find_element(By.TAG_NAME, "body").text


def lines(world: World, since: int) -> list[dict[str, Any]]:
    """What the access log says, after so many lines."""
    return [json.loads(line) for line in (world.state / "access.log").read_text().splitlines()[since:]]


def test_no_connection_is_taken_for_another_hosts(world: World, browser: Chrome, policy: Path) -> None:
    """All hosts have one certificate and one address, so that a browser sends requests for `device.` on the connection that it
    has to another one, made without a certificate of its own. It is told to make another one, does, and proves its device.
    """
    url = world.url("owned", "/headers?a=2")
    since = len(lines(world, 0))
    browser.get(url)
    sign_in(browser, "olga", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == url)
    world.admin("policy", "set", str(policy))
    browser.get(url)
    wait(browser).until(lambda driver: driver.current_url == url)
    def all_lines() -> list[dict[str, Any]]:
        """The log is written a moment later."""
        found = lines(world, since)
        shown = [one for one in found if (one["host"], one["path"], one["status"]) == (f"owned.{DOMAIN}", "/headers", 200)]
        return found if len(shown) == 2 else []

    told = [(one["protocol"], one["status"]) for one in until(all_lines, "the log lacks what was shown", 20)
            if one["host"] == f"device.{DOMAIN}"]
    # The first one came on the connection to another host, where nobody had asked for a certificate.
    assert told == [("HTTP/2", 421), ("HTTP/1.1", 303)]


def test_a_key_of_a_link_proves_its_device(
    world: World, browser: Chrome, device: tuple[str, bytes, str], policy: Path
) -> None:
    """Who is signed in sends a form, proves the device on the way, and the form arrives; once it is revoked, nothing does."""
    url = world.url("owned", "/headers?a=1")
    browser.get(url)
    sign_in(browser, "olga", PASSWORD)
    wait(browser).until(lambda driver: driver.current_url == url)
    world.admin("policy", "set", str(policy))
    upload = world.url("owned", "/upload?a=1")
    browser.execute_script(_POST, upload, "application/x-www-form-urlencoded", "x" * 40)
    arrives(browser, upload, b"text=" + b"x" * 40)
    browser.get(url)
    assert browser.current_url == url
    assert [row["state"] for row in world.admin_json("device", "list") if row["id"] == device[0]] == ["good"]
    world.admin("device", "revoke", device[0])
    browser.get(url)
    wait(browser).until(lambda driver: "Use the laptop that you were given." in page(driver))
    assert "is revoked" in page(browser)
