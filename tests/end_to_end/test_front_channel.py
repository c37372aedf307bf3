"""The provider's page ends our session by a frame, in a real browser, which sends none of our cookies with it."""

from __future__ import annotations

from urllib.parse import urlencode

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.end_to_end.chromium import wait
from tests.end_to_end.identity_provider import CLIENT, IdentityProvider
from tests.end_to_end.test_browser import browser
from tests.end_to_end.test_identity_provider import corp, world
from tests.end_to_end.world import World, until

__all__ = ["browser", "corp", "world"]

SID = "session-of-the-provider-1"


def test_a_frame_of_the_provider(browser: Chrome, world: World, corp: IdentityProvider) -> None:
    """It is shown in the provider's page, and the session is over; in a page of somebody else nothing is shown."""
    world.admin("provider", "add", "framing", "--issuer", corp.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                "--ca-bundle", str(corp.anchor), stdin=corp.secret + "\n")
    world.publish("framing", world.internal, "--provider", "framing", "--set", "assignment_required=no")
    corp.claims = {"sid": SID, "name": "Carol"}

    def signed_in() -> bool:
        browser.get(world.url("framing"))
        return bool(browser.find_elements(By.ID, "who"))

    until(signed_in, "no sign-in", 20)
    (row,) = world.admin_json("session", "list", "--provider", "framing", "--json")
    assert row["sid"] == SID
    browser.get(f"{corp.issuer}/leave?{urlencode({'iss': corp.issuer, 'sid': SID})}")
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    wait(browser).until(lambda driver: "signed out" in driver.page_source)
    browser.switch_to.default_content()
    assert world.admin_json("session", "list", "--provider", "framing", "--json") == []
    ours = world.url("signin", "/frontchannel-logout")
    framed = f"{ours}?{urlencode({'iss': corp.issuer, 'sid': SID})}".replace("&", "&amp;")
    browser.get(f"data:text/html,<iframe src='{framed.replace('%', '%25')}'></iframe>")
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    assert "signed out" not in browser.page_source
