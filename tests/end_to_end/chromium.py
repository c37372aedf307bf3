"""A real browser without a window, as a fixture for whoever needs one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.end_to_end.world import DOMAIN

#: Seconds: a browser on a busy machine.
PATIENCE = 60


@contextmanager
def chromium(
    profile: Path, *more: str, home: Path | None = None, prefs: Mapping[str, object] | None = None, trusts: bool = False,
) -> Iterator[Chrome]:
    """Chromium without a window, a proxy or a home page of its own; `more` arguments. `home`: of its user, where certificates
    are that they have imported; `prefs`: what else is set in its profile. `trusts`: it believes what they have imported, and
    nothing else; only then are requests for several hosts sent on one connection.
    """
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
        "--disable-component-update", "--no-first-run", "--no-proxy-server", "--window-size=1300,1300",
        f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1", f"--user-data-dir={profile}", *more,
        *(() if trusts else ("--ignore-certificate-errors",)),
    ):  # fmt: skip
        options.add_argument(argument)
    if prefs:
        options.add_experimental_option("prefs", dict(prefs))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = None if home is None else {**os.environ, "HOME": str(home)}
    service = ChromeService(shutil.which("chromedriver") or "/usr/bin/chromedriver", env=environment)
    driver = Chrome(options=options, service=service)
    driver.set_page_load_timeout(PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


def wait(browser: Chrome) -> WebDriverWait[Chrome]:
    """Waiting with patience. What was there a moment ago may be gone with its page: the new one is looked at then."""
    return WebDriverWait(browser, PATIENCE, ignored_exceptions=[StaleElementReferenceException])


def sign_in(browser: Chrome, user: str, password: str) -> None:
    """Fill in the form that is on the screen."""
    for name, text in (("username", user), ("password", password)):
        field = browser.find_element(By.NAME, name)
        field.clear()  # the name that was typed before is still there
        field.send_keys(text)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
