"""A sign-out in a real browser ends the session of an application elsewhere by a frame, which is all that it hears."""

from __future__ import annotations

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import wait
from tests.end_to_end.relying_party import prepared
from tests.end_to_end.test_browser import browser
from tests.end_to_end.world import PASSWORD, World, until

__all__ = ["browser"]


def test_a_sign_out(browser: Chrome, world: World) -> None:
    """The browser ends on the page that says so, with no click more than without an application elsewhere."""
    with prepared() as party:
        told = world.admin_json("client", "add", "Framed", "--redirect-uri", party.callback,
                                "--frontchannel-logout-uri", f"{party.callback}?logout=get")
        with party.running(told["issuer"], told["id"], told["secret"], world.anchor, "client_secret_basic"):
            browser.get(party.url + "/")
            wait(browser).until(lambda driver: driver.find_elements(By.NAME, "username"))
            browser.find_element(By.NAME, "username").send_keys("alice")
            browser.find_element(By.NAME, "password").send_keys(PASSWORD)
            browser.find_element(By.CSS_SELECTOR, "form button").click()
            wait(browser).until(lambda driver: "what only users see" in driver.page_source)
            cookies = {one["name"]: one["value"] for one in browser.get_cookies()}
            browser.get(world.url("sample"))
            browser.get(world.url("sample", "/.appproxy/sign-out"))
            browser.find_element(By.CSS_SELECTOR, "form button").click()
            wait(browser).until(lambda driver: "You are signed out" in driver.page_source)
            # Whoever has kept the cookie is out, too: the session itself has ended.
            browser.get(party.url + "/public/")
            for name, value in cookies.items():
                browser.add_cookie({"name": name, "value": value})

            def is_out() -> bool:
                browser.get(party.url + "/")
                return bool(browser.find_elements(By.NAME, "username"))

            until(is_out, "the session elsewhere goes on: " + party.log, 10)
